/**
 * Changes single places of a YAML file. Everything else stays as it is, byte for byte: comments, layout, quotes.
 *
 * Promise: the text that is returned says what the old one said and the change, nothing else; it is compared value by value.
 * What cannot be changed in this way (a value shared by aliases, a place that is not what the change expects) is refused.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { hideReferences } from './environment.ts';

export type EditPath = readonly (string | number)[];

/**
 * `set`: the value of a key, which is added with the sections around it where it is missing. `add`: an item at the end of a list,
 * likewise. `remove`: an item of a list, by its number.
 */
export type Edit = Placing | { readonly op: 'remove'; readonly path: EditPath; readonly at: number };
type Placing = { readonly op: 'set' | 'add'; readonly path: EditPath; readonly value: unknown };

export type EditResult =
  { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'refused'; readonly place: string };

/** Makes the changes, one after the other: all, or none. */
export function editYaml(text: string, edits: readonly Edit[]): EditResult {
  let after = text;
  for (const edit of edits) {
    const { path } = edit;
    const before = parsed(after);
    const next = spliced(after, spliceFor(after, before.contents, edit));
    const wanted = next === undefined ? undefined : changed(before.toJS() as unknown, edit);
    if (next === undefined || !isSaid(next, wanted)) return { kind: 'refused', place: path.join('.') };
    after = next;
  }
  return { kind: 'ok', text: after };
}

/** The number of the first item of a list that passes; -1: there is none. */
export function findItem(text: string, path: EditPath, isIt: (item: unknown) => boolean): number {
  const list = (parsed(text).toJS() as unknown) ?? {};
  const found = path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key],
    list,
  );
  return Array.isArray(found) ? found.findIndex(isIt) : -1;
}

/** A value as it is written within a line. */
export const flowText = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trimEnd();

const parsed = (text: string) => parseDocument(hideReferences(text), { version: '1.2', schema: 'core' });

function isSaid(text: string, wanted: unknown): boolean {
  const document = parsed(text);
  return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), wanted);
}

/** The same change of the value. */
function changed(value: unknown, edit: Edit): unknown {
  const [first, ...rest] = edit.path;
  if (first !== undefined) {
    const inner = { ...edit, path: rest };
    if (Array.isArray(value))
      return value.map((item: unknown, at) => (at === first ? changed(item, inner) : item));
    const section = { ...(value as Readonly<Record<string, unknown>> | null) };
    return { ...section, [first]: changed(section[String(first)], inner) };
  }
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  if (edit.op === 'remove') return list.filter((_, at) => at !== edit.at);
  return edit.op === 'add' ? [...list, edit.value] : edit.value;
}

type Splice = { readonly from: number; readonly to: number; readonly text: string };

const spliced = (text: string, splice: Splice | undefined): string | undefined =>
  splice && text.slice(0, splice.from) + splice.text + text.slice(splice.to);

function spliceFor(text: string, root: Node | null, edit: Edit): Splice | undefined {
  if (root === null) return { from: text.length, to: text.length, text: `${blockOf(edit)}\n` };
  let node: Node = root;
  for (let depth = 0; depth < edit.path.length; depth += 1) {
    const key = edit.path[depth] ?? '';
    const child = childOf(node, key);
    if (child === undefined) {
      if (!isMap(node)) return undefined;
      const value = edit.op === 'remove' ? undefined : missing(edit, depth + 1);
      return value === undefined ? undefined : insertedPair(text, node, `${key}: ${flowText(value)}`);
    }
    // A key without a value: what is missing follows it.
    if (isScalar(child) && child.source === '' && edit.op !== 'remove') {
      const at = afterColon(text, node, key);
      return { from: at, to: at, text: ` ${flowText(missing(edit, depth + 1))}` };
    }
    node = child;
  }
  return atPlace(text, node, edit);
}

function atPlace(text: string, node: Node, edit: Edit): Splice | undefined {
  if (edit.op === 'set') {
    const [from, to] = node.range ?? [0, 0];
    return isScalar(node) && from < to ? { from, to, text: flowText(edit.value) } : undefined;
  }
  if (!isSeq(node)) return undefined;
  if (edit.op === 'remove') return removedItem(text, node, edit.at);
  return insertedItem(text, node, flowText(edit.value));
}

const blockOf = (edit: Edit): string =>
  edit.op === 'remove' ? '' : `${edit.path[0] ?? ''}: ${flowText(missing(edit, 1))}`;

/** The value with the sections around it that are missing below `depth`. */
function missing(edit: Placing, depth: number): unknown {
  const value = edit.op === 'add' ? [edit.value] : edit.value;
  return edit.path.slice(depth).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function childOf(node: Node, key: string | number): Node | undefined {
  const child = isCollection(node) ? node.get(key, true) : undefined;
  return isNode(child) && !isAlias(child) ? child : undefined;
}

function afterColon(text: string, map: Node, wanted: string | number): number {
  const pair = isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === wanted) : undefined;
  return text.indexOf(':', endOf(pair?.key)) + 1;
}

function insertedPair(text: string, map: YAMLMap, pair: string): Splice | undefined {
  const last = map.items.at(-1);
  if (map.flow === true) return inBrackets(map, last, pair);
  const first = map.items[0]?.key;
  if (last === undefined || !isNode(first)) return undefined;
  return onNewLine(text, endOf(last), columnOf(text, first.range?.[0] ?? 0) + pair);
}

function insertedItem(text: string, seq: YAMLSeq, item: string): Splice | undefined {
  const last = seq.items.at(-1);
  if (seq.flow === true) return inBrackets(seq, last, item);
  const first = seq.items[0];
  if (last === undefined || !isNode(first)) return undefined;
  const dash = text.lastIndexOf('-', startOf(first) - 1);
  return onNewLine(text, endOf(last), `${columnOf(text, dash)}- ${item}`);
}

function inBrackets({ range }: YAMLMap | YAMLSeq, last: unknown, inner: string): Splice | undefined {
  if (!range) return undefined;
  const at = last === undefined ? range[0] + 1 : endOf(last);
  return { from: at, to: at, text: last === undefined ? ` ${inner} ` : `, ${inner}` };
}

function removedItem(text: string, seq: YAMLSeq, at: number): Splice | undefined {
  const item = seq.items[at];
  if (item === undefined) return undefined;
  const [before, after] = [seq.items[at - 1], seq.items[at + 1]];
  if (seq.flow === true) {
    if (before !== undefined) return { from: endOf(before), to: endOf(item), text: '' };
    return { from: startOf(item), to: after === undefined ? endOf(item) : startOf(after), text: '' };
  }
  const from = text.lastIndexOf('\n', startOf(item)) + 1;
  return { from, to: lineEnd(text, endOf(item)) + 1, text: '' };
}

/** The blanks before a place, so that what comes below it stands in the same column. */
const columnOf = (text: string, at: number): string => ' '.repeat(at - (text.lastIndexOf('\n', at - 1) + 1));

/** After the line of `at`, a comment at its end included. */
function onNewLine(text: string, at: number, line: string): Splice {
  const newLine = text.includes('\r\n') ? '\r\n' : '\n';
  const from = text[at - 1] === '\n' ? at : lineEnd(text, at);
  // A text of several lines (`|`) ends behind its line break.
  if (text[from - 1] === '\n') return { from, to: from, text: line + newLine };
  const end = text[from - 1] === '\r' ? from - 1 : from;
  return { from: end, to: end, text: newLine + line };
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0);

/** Where the text of a node ends; that of a block is the end of its last value. */
function endOf(node: unknown): number {
  if (isPair(node)) return endOfPair(node);
  if (!isNode(node)) return 0;
  if (isCollection(node) && node.flow !== true) return endOf(node.items.at(-1));
  return node.range?.[1] ?? 0;
}

const endOfPair = ({ key, value }: Pair): number => Math.max(endOf(key), endOf(value));
