/**
 * Finds what splits stored responses needlessly: query parameters, cookies and header fields whose values differ while the
 * bodies are the same.
 *
 * It looks at the store when asked and keeps nothing. Promise: clients choose the URLs, so the work is bounded in every
 * respect, because nothing else is answered meanwhile.
 */

import { hash } from 'node:crypto';
import { parametersOf } from '../../http/query.ts';
import type { Entry } from '../../store/store.ts';

/** `suggest` is the line for the content type's rule. */
export type QuerySplit = {
  readonly type: string;
  readonly path: string;
  readonly parameter: string;
  /** Stored responses that differ only in this parameter, and how many different bodies they have. */
  readonly entries: number;
  readonly bodies: number;
  readonly suggest: string;
};

export type VariantSplit = {
  readonly type: string;
  readonly path: string;
  readonly by: string;
  readonly entries: number;
  readonly bodies: number;
};

export type Splits = { readonly query: readonly QuerySplit[]; readonly variants: readonly VariantSplit[] };

/** Bounds on: entries, bytes of bodies, parameters of a URL, characters of it, things to compare. */
const most = { entries: 5000, bodyBytes: 64 * 1024 ** 2, parameters: 20, characters: 1000, groups: 20_000 };
const listed = 20;

type Group = {
  readonly entry: Entry;
  readonly name: string;
  readonly values: Set<string>;
  readonly bodies: Set<string>;
  entries: number;
};

/** Finds splits among the entries; `variesOf` names what the rule of a content type varies by. */
export function findSplits(
  entries: Iterable<Entry>,
  variesOf: (contentType: string) => readonly string[],
): Splits {
  const queries = new Map<string, Group>();
  const variants = new Map<string, Group>();
  let seen = 0;
  let bodyBytes = 0;
  for (const entry of entries) {
    seen += 1;
    bodyBytes += entry.body.length;
    if (seen > most.entries || bodyBytes > most.bodyBytes) break;
    if (entry.status !== 200 || entry.part !== undefined) continue;
    const body = hash('sha256', entry.body, 'hex');
    for (const { name, value, rest } of parametersOf(entry.target, most)) {
      note(queries, { entry, name, value, body, key: [entry.partition, entry.host, rest, name] });
    }
    const by = [...variesOf(entry.contentType), ...entry.selection.names].join(', ');
    const value = entry.key + entry.variant;
    if (by !== '')
      note(variants, { entry, name: by, value, body, key: [entry.partition, entry.host, entry.target] });
  }
  return { query: querySplits(queries), variants: variantSplits(variants) };
}

type Noted = {
  readonly entry: Entry;
  readonly name: string;
  readonly value: string;
  readonly body: string;
  readonly key: readonly string[];
};

function note(groups: Map<string, Group>, { entry, name, value, body, key }: Noted): void {
  // The key holds most of the URL, once for each parameter, so it is hashed.
  const id = hash('sha256', JSON.stringify([entry.contentType, ...key]), 'base64');
  const known = groups.get(id);
  if (known === undefined && groups.size >= most.groups) return;
  const group = known ?? { entry, name, values: new Set(), bodies: new Set(), entries: 0 };
  group.values.add(value);
  group.bodies.add(body);
  group.entries += 1;
  groups.set(id, group);
}

const pathOf = ({ target }: Entry): string => target.replace(/\?.*/s, '');

/** For each type, path and parameter, only if no difference in its value ever changed the body. */
function querySplits(groups: ReadonlyMap<string, Group>): QuerySplit[] {
  const found = new Map<string, { split: QuerySplit; isIdle: boolean }>();
  for (const { entry, name, values, bodies } of groups.values()) {
    if (values.size < 2) continue;
    const type = entry.contentType;
    const path = pathOf(entry);
    const id = JSON.stringify([type, path, name]);
    const before = found.get(id);
    const split: QuerySplit = {
      type,
      path,
      parameter: name,
      entries: (before?.split.entries ?? 0) + values.size,
      bodies: (before?.split.bodies ?? 0) + bodies.size,
      suggest: `query: { ignore: [${name}] }`,
    };
    found.set(id, { split, isIdle: bodies.size === 1 && (before?.isIdle ?? true) });
  }
  const idle = [...found.values()].filter(({ isIdle }) => isIdle).map(({ split }) => split);
  return idle.sort((a, b) => b.entries - a.entries).slice(0, listed);
}

function variantSplits(groups: ReadonlyMap<string, Group>): VariantSplit[] {
  const several = [...groups.values()].filter(({ values }) => values.size > 1);
  return several
    .map(({ entry, name, values, bodies }) => ({
      type: entry.contentType,
      path: pathOf(entry),
      by: name,
      entries: values.size,
      bodies: bodies.size,
    }))
    .sort((a, b) => b.entries - a.entries)
    .slice(0, listed);
}
