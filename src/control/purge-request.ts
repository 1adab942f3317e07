/**
 * Reads the body of `POST /purge` strictly: a misspelt field or an empty selector must never purge more or less than was
 * meant (CONTRACT §3).
 */

import { type Bad, bad, type JsonObject, readObject } from './json-body.ts';

/** What to purge. At least one selector is given. */
export type PurgeRequest = {
  readonly urls: readonly string[];
  readonly tags: readonly string[];
  readonly users: readonly string[];
  readonly types: readonly string[];
  readonly prefixes: readonly string[];
  readonly everything: boolean;
  readonly soft: boolean;
  readonly dryRun: boolean;
};

export type ReadPurge = { readonly kind: 'ok'; readonly request: PurgeRequest } | Bad;

const lists = ['urls', 'tags', 'users', 'types', 'prefixes'] as const;
const flags = ['everything', 'soft', 'dry_run'] as const;

/** Reads the body and its content type. */
export function readPurge(body: unknown, contentType: string | undefined): ReadPurge {
  const read = readObject(body, contentType, [...lists, ...flags]);
  if (read.kind === 'bad') return read;
  const { fields } = read;
  const problem = lists.map((name) => listProblem(name, fields[name])).find((found) => found !== undefined);
  if (problem !== undefined) return bad(problem);
  const wrongFlag = flags.find((name) => fields[name] !== undefined && typeof fields[name] !== 'boolean');
  if (wrongFlag !== undefined) return bad(`${wrongFlag} must be true or false`);
  const request = requestOf(fields);
  const selects = request.everything || lists.some((name) => request[name].length > 0);
  return selects
    ? { kind: 'ok', request }
    : bad(`nothing selected: give one of ${lists.join(', ')}, or everything: true`);
}

function listProblem(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return `${name} must be a list of strings`;
  if (!value.every((item) => typeof item === 'string')) return `${name} must hold strings only`;
  return value.some((item) => item.trim() === '') ? `${name} holds an empty string` : undefined;
}

function requestOf(fields: JsonObject): PurgeRequest {
  const list = (name: (typeof lists)[number]): readonly string[] => (fields[name] ?? []) as readonly string[];
  return {
    urls: list('urls'),
    tags: list('tags'),
    users: list('users'),
    types: list('types'),
    prefixes: list('prefixes'),
    everything: fields['everything'] === true,
    soft: fields['soft'] === true,
    dryRun: fields['dry_run'] === true,
  };
}

/** Nothing selected yet. */
export const noPurge: PurgeRequest = requestOf({});

/** The tags that a text may list: by commas and by blanks, since apps name theirs by either. */
export const namesOf = (text: string): readonly string[] =>
  [
    ...new Set([
      ...text.split(',').map((name) => name.trim()),
      ...text.split(/[ \t]+/),
      ...text.split(/[ \t,]+/),
    ]),
  ].filter((name) => name !== '');
