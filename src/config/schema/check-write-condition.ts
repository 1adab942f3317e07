/**
 * Reads the `when` of a write rule: conditions on the request's head, on its writer, on its body and on its answer.
 */

import type { YAMLMap } from 'yaml';
import type { Literal, RequestCondition } from './condition.ts';
import { either, fields, parameters, requestConditions, tokensOf, isPointer } from './check-condition.ts';
import type { ExchangeCondition, Expected } from './write-rule.ts';
import { headerName, parameterName } from '../reader/read-address.ts';
import { literal, number, textAs, wireText, word } from '../reader/read-scalar.ts';
import type { Place } from '../reader/problem.ts';
import {
  type Reader,
  type Reading,
  mapOf,
  notEmpty,
  oneOrMore,
  optional,
  placeOfKey,
  section,
  then,
} from '../reader/reader.ts';

const words: ReadonlySet<Literal> = new Set(['present', 'absent', 'only']);

const expectedOf = (value: Literal): Expected =>
  words.has(value) ? { kind: value as 'present' } : { kind: 'equal', value };

type Pointed = { readonly pointer: readonly string[]; readonly expected: Expected };

const pointerText: Reader<readonly string[]> = textAs({
  expected: 'a JSON Pointer such as /theme or /user/tier (~0 for ~, ~1 for /)',
  code: 'bad-pointer',
  parse: (written) => (isPointer(written) ? tokensOf(written) : undefined),
});

const pointed: Reader<readonly Pointed[]> = then(
  notEmpty(mapOf(literal, checkPointer)),
  (found, place, at) => {
    const read = [...found].map(([pointer, { value }]) => ({
      pointer: tokensOf(pointer),
      expected: expectedOf(value),
    }));
    refuseContradictions(read, place, at);
    return read;
  },
);

function checkPointer(pointer: string, place: Place, at: Reading): void {
  if (!isPointer(pointer))
    at.report(
      'bad-pointer',
      'not a valid JSON Pointer; write /theme or /user/tier (~0 for ~, ~1 for /)',
      place,
    );
}

/** Conditions of one rule that no body fulfils together. */
function refuseContradictions(read: readonly Pointed[], place: Place, at: Reading): void {
  for (const { pointer, expected } of read) {
    const other = read.find((one) => contradicts({ pointer, expected }, one));
    if (other !== undefined) {
      const named = `\`${textOf(pointer)}\` and \`${textOf(other.pointer)}\``;
      at.report('conflicting-keys', `never matches: no body fulfils both ${named}`, place);
      return;
    }
    if (expected.kind === 'only' && pointer.length === 0)
      at.report('bad-value', 'the whole body has nothing beside it; `only` is for a member', place);
  }
}

function contradicts(one: Pointed, other: Pointed): boolean {
  if (other.expected.kind === 'absent') return false;
  const [parent, sibling] = [one.pointer.slice(0, -1), other.pointer.slice(0, one.pointer.length - 1)];
  const isBelow = startsWith(other.pointer, one.pointer) && other.pointer.length > one.pointer.length;
  switch (one.expected.kind) {
    case 'absent':
    case 'equal':
      return isBelow;
    case 'only':
      return (
        other.pointer.length >= one.pointer.length &&
        startsWith(sibling, parent) &&
        !startsWith(other.pointer, one.pointer)
      );
    case 'present':
      return false;
  }
}

const startsWith = (tokens: readonly string[], start: readonly string[]): boolean =>
  start.every((token, index) => tokens[index] === token);

const textOf = (pointer: readonly string[]): string =>
  pointer.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

const formFields = then(notEmpty(mapOf(wireText)), (found) =>
  [...found].map(([name, { value }]) => ({ name, expected: expectedOf(value) })),
);

const responseSection = section({
  status: optional(oneOrMore(number({ min: 200, max: 399, whole: true }))),
  json: optional(either(pointed, pointerText)),
  header: optional(either(fields, headerName)),
});

const writeSection = section(
  {
    query: optional(either(parameters, parameterName)),
    request_header: optional(either(fields, headerName)),
    identity: optional(word(['known', 'anonymous'])),
    json: optional(either(pointed, pointerText)),
    form: optional(either(formFields, parameterName)),
    response: optional(notEmpty(responseSection)),
  },
  ({ json, form }, at, node: YAMLMap) => {
    if (json !== undefined && form !== undefined)
      at.report(
        'conflicting-keys',
        'never matches: no body is both JSON and a form',
        placeOfKey(node, 'form'),
      );
  },
);

export type WriteWhen = {
  readonly request: readonly RequestCondition[];
  readonly exchange: readonly ExchangeCondition[];
};

/** `when` of a write rule: all must hold. */
export const writeWhen: Reader<WriteWhen> = then(notEmpty(writeSection), (read) => ({
  request: [
    ...requestConditions('query', read.query),
    ...requestConditions('request_header', read.requestHeader),
  ],
  exchange: [
    ...(read.identity === undefined ? [] : [{ kind: 'identity', is: read.identity } as const]),
    ...jsonConditions('json', read.json),
    ...formConditions(read.form),
    ...(read.response?.status === undefined
      ? []
      : [{ kind: 'response_status', statuses: read.response.status } as const]),
    ...jsonConditions('response_json', read.response?.json),
    ...headerConditions(read.response?.header),
  ],
}));

type Either<T, Name> = readonly T[] | { readonly anyOf: readonly Name[] } | undefined;

function jsonConditions(
  kind: 'json' | 'response_json',
  read: Either<Pointed, readonly string[]>,
): readonly ExchangeCondition[] {
  if (read === undefined) return [];
  if ('anyOf' in read) return [{ kind: `any_${kind}`, pointers: read.anyOf }];
  return read.map((one) => ({ kind, ...one }));
}

function formConditions(
  read: Either<{ readonly name: string; readonly expected: Expected }, string>,
): readonly ExchangeCondition[] {
  if (read === undefined) return [];
  if ('anyOf' in read) return [{ kind: 'any_form', names: read.anyOf }];
  return read.map((one) => ({ kind: 'form', ...one }));
}

function headerConditions(
  read: Either<{ readonly name: string; readonly value: string }, string>,
): readonly ExchangeCondition[] {
  if (read === undefined) return [];
  if ('anyOf' in read) return [{ kind: 'any_response_header', names: read.anyOf }];
  return read.map((pair) => ({ kind: 'response_header', ...pair }));
}
