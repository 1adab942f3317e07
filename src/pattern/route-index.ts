/**
 * Finds the first of many patterns, in file order, that matches a path.
 *
 * The index is a tree of whole segments: a pattern belongs to the node of its leading literal and whole `:name`
 * segments. A path descends by its own segment and by "any segment", and tries only the patterns on its way that
 * precede the best match so far. Patterns without groups are looked up as text.
 *
 * Promise: the result is that of trying all patterns in order.
 */

import type { Part } from './pattern-parts.ts';
import { type Params, type Pattern, noParams, onlyPath } from './pattern.ts';
import { endsAtSlash } from './runs-linear.ts';

export type Indexed<T> = { readonly pattern: Pattern; readonly value: T };
export type Found<T> = { readonly value: T; readonly params: Params };
export type RouteIndex<T> = (path: string) => Found<T> | undefined;

/** Indexes patterns given in file order. */
export function createRouteIndex<T>(entries: readonly Indexed<T>[]): RouteIndex<T> {
  const texts = new Map<string, Candidate<T>>();
  const root = createNode<T>();
  entries.forEach(({ pattern, value }, order) => {
    const candidate = { order, pattern, found: Object.freeze({ value, params: noParams }) };
    const only = onlyPath(pattern.parts);
    if (only === undefined) addToTree(root, candidate);
    else if (!texts.has(only)) texts.set(only, candidate);
  });
  return (path) => {
    const text = texts.get(path);
    const search: Search<T> = { path, before: text?.order ?? Infinity, found: text?.found };
    if (root.first < search.before) walk(root, 1, search);
    return search.found;
  };
}

type Candidate<T> = { readonly order: number; readonly pattern: Pattern; readonly found: Found<T> };

type Node<T> = {
  readonly candidates: Candidate<T>[];
  readonly literal: Map<string, Node<T>>;
  any: Node<T> | undefined;
  first: number;
};

type Search<T> = { readonly path: string; before: number; found: Found<T> | undefined };

const createNode = <T>(): Node<T> => ({
  candidates: [],
  literal: new Map(),
  any: undefined,
  first: Infinity,
});

function addToTree<T>(root: Node<T>, candidate: Candidate<T>): void {
  let node = root;
  node.first = Math.min(node.first, candidate.order);
  for (const segment of leadingSegments(candidate.pattern.parts)) {
    node = segment === any ? (node.any ??= createNode()) : childOf(node, segment);
    node.first = Math.min(node.first, candidate.order);
  }
  node.candidates.push(candidate);
}

function childOf<T>(node: Node<T>, segment: string): Node<T> {
  const known = node.literal.get(segment);
  if (known !== undefined) return known;
  const child = createNode<T>();
  node.literal.set(segment, child);
  return child;
}

/** `start` is the index after the `/` before the next segment. */
function walk<T>(node: Node<T>, start: number, search: Search<T>): void {
  tryCandidates(node, search);
  if ((node.any === undefined && node.literal.size === 0) || start > search.path.length) return;
  const slash = search.path.indexOf('/', start);
  const end = slash < 0 ? search.path.length : slash;
  const child = node.literal.get(search.path.slice(start, end));
  if (child !== undefined && child.first < search.before) walk(child, end + 1, search);
  if (node.any !== undefined && node.any.first < search.before) walk(node.any, end + 1, search);
}

function tryCandidates<T>(node: Node<T>, search: Search<T>): void {
  for (const { order, pattern, found } of node.candidates) {
    if (order > search.before) return;
    const params = pattern.match(search.path);
    if (params === undefined) continue;
    search.before = order;
    search.found = { value: found.value, params };
    return;
  }
}

const any = Symbol('any segment');

/** The whole segments that begin every path of the pattern. After each of them only `/` or the end can follow. */
function leadingSegments(parts: readonly Part[]): readonly (string | typeof any)[] {
  const segments: (string | typeof any)[] = [];
  let text = '';
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'text' && part.modifier === '') {
      text = part.text;
      continue;
    }
    const whole = text.split('/').slice(1);
    segments.push(...(endsAtSlash('', parts.slice(index)) ? whole : whole.slice(0, -1)));
    if (!isWholeSegment(part) || !endsAtSlash('', parts.slice(index + 1))) return segments;
    segments.push(any);
    text = '';
  }
  return [...segments, ...text.split('/').slice(1)];
}

const isWholeSegment = (part: Part): boolean =>
  part.kind === 'segment' && part.modifier === '' && part.prefix === '/' && part.suffix === '';
