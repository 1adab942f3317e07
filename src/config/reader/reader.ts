/**
 * Reads sections of the schema from tables of keys, each with its reader and its default.
 *
 * Promises: a reader reports each problem once, with its place, and goes on; it never throws. The tables that read a file
 * also describe it in JSON Schema, for editors and to check the documentation against.
 */

import { type Node, type Pair, type YAMLMap, isMap, isScalar, isSeq } from 'yaml';
import { placeOf } from './document.ts';
import { type Environment, showReferences } from './environment.ts';
import { type JsonSchema, schemasOf, sectionSchema } from './json-schema.ts';
import type { Place, ProblemCode, WarningCode } from './problem.ts';
import { suggest } from './suggest.ts';

export type Reading = {
  readonly environment: Environment;
  readonly follow: (node: Node) => Node;
  readonly report: (code: ProblemCode, message: string, place: Place) => void;
  readonly warn: (code: WarningCode, message: string, place: Place) => void;
};

/** The value could not be read, and the problem has been reported. */
export const failed = Symbol('failed');
export type Failed = typeof failed;

export type Reader<T> = {
  /** What it accepts, as far as JSON Schema can say it. */
  readonly schema: JsonSchema;
  readonly read: (node: Node, at: Reading) => T | Failed;
};

/** A key of a section: its reader and its default. */
export type Key<T> = { readonly reader: Reader<T>; readonly absent: { readonly value: T } | undefined };

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;
export type Keys = Readonly<Record<string, Key<unknown>>>;

/** The result of a table of keys, in camel case. */
export type Shape<K extends Keys> = {
  readonly [Name in keyof K & string as Camel<Name>]: K[Name] extends Key<infer T> ? T : never;
};

/** A key that must be present. */
export const required = <T>(reader: Reader<T>): Key<T> => ({ reader, absent: undefined });
/** A key that may be absent, and is then `undefined`. */
export const optional = <T>(reader: Reader<T>): Key<T | undefined> => ({
  reader,
  absent: { value: undefined },
});
/** A key with a default. */
export const or = <const T>(reader: Reader<T>, value: NoInfer<T>): Key<T> => ({ reader, absent: { value } });

/** What a section without any of these keys is read as; none may be required. */
export const absent = <K extends Keys>(keys: K): Shape<K> =>
  Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [camel(name), key.absent?.value]),
  ) as unknown as Shape<K>;

/** Checks between the keys of one section. An unreadable key is missing from `read`. */
export type Also<K extends Keys> = (read: Partial<Shape<K>>, at: Reading, node: YAMLMap) => void;

/** Reads a mapping with these keys and no others. Fails only when a required key is missing or unreadable. */
export function section<K extends Keys>(keys: K, also?: Also<K>): Reader<Shape<K>> {
  return {
    schema: sectionSchema(keys),
    read(node, at) {
      if (!isMap(node)) return refuseType(node, 'a mapping of keys to values', at);
      const given = takeKeys(node, keys, at);
      const sure: Record<string, unknown> = {};
      const whole: Record<string, unknown> = {};
      let complete = true;
      for (const [name, key] of Object.entries(keys)) {
        const value = readKey(name, { key, pair: given.get(name), node }, at);
        if (value !== failed) sure[camel(name)] = value;
        if (value === failed && key.absent === undefined) complete = false;
        whole[camel(name)] = value === failed ? key.absent?.value : value;
      }
      also?.(sure as Partial<Shape<K>>, at, node);
      return complete ? (whole as Shape<K>) : failed;
    },
  };
}

function readKey(
  name: string,
  of: { key: Key<unknown>; pair: Pair<Node, Node | null> | undefined; node: Node },
  at: Reading,
): unknown {
  if (of.pair !== undefined) return readValue(of.pair, of.key.reader, at);
  if (of.key.absent !== undefined) return of.key.absent.value;
  const [start] = placeOf(of.node);
  at.report('missing-key', `missing key \`${name}\``, [start, start + 1]);
  return failed;
}

/** Reads a mapping whose keys the operator chooses. Unreadable values are left out. */
export function mapOf<T>(
  reader: Reader<T>,
  checkName?: (name: string, place: Place, at: Reading) => void,
  special?: Readonly<Record<string, Reader<T>>>,
): Reader<ReadonlyMap<string, Placed<T>>> {
  const readerFor = (name: string): Reader<T> =>
    special !== undefined && Object.hasOwn(special, name) ? (special[name] ?? reader) : reader;
  return {
    schema: {
      type: 'object',
      properties: schemasOf(special ?? {}),
      additionalProperties: reader.schema,
    },
    read(node, at) {
      if (!isMap(node)) return refuseType(node, 'a mapping of names to values', at);
      const result = new Map<string, Placed<T>>();
      for (const pair of pairsOf(node)) {
        const place = placeOf(pair.key);
        const name = keyText(pair.key);
        checkName?.(name, place, at);
        const value = readValue(pair, readerFor(name), at);
        if (value !== failed && !result.has(name)) result.set(name, { value, place });
      }
      return result;
    },
  };
}

/** The readable items of a list, and whether these are all. */
export type ListRead<T> = { readonly items: readonly T[]; readonly place: Place; readonly isWhole: boolean };

/** Reads a list; unreadable entries are left out. `also` checks between those that remain. */
export function listOf<T>(
  reader: Reader<T>,
  also?: (read: ListRead<T>, at: Reading) => void,
): Reader<readonly T[]> {
  return {
    schema: { type: 'array', items: reader.schema },
    read(node, at) {
      if (!isSeq(node)) return refuseType(node, 'a list', at);
      const read: readonly (T | Failed)[] = node.items.map((item) =>
        reader.read(at.follow(item as Node), at),
      );
      const items = read.filter((item): item is T => item !== failed);
      also?.({ items, place: placeOf(node), isWhole: items.length === read.length }, at);
      return items;
    },
  };
}

/** Uses `instead` for an unreadable value, so that references to it are not refused too. */
export function recover<T>(reader: Reader<T>, instead: T): Reader<T> {
  return {
    schema: reader.schema,
    read(node, at) {
      const value = reader.read(node, at);
      return value === failed ? instead : value;
    },
  };
}

/** A key that exists elsewhere and is refused here, with the reason. */
export function refused(why: string): Reader<undefined> {
  return {
    schema: { not: {} },
    read(node, at) {
      at.report('conflicting-keys', why, placeOf(node));
      return failed;
    },
  };
}

/** Refuses an empty list or mapping. One whose entries were all refused is not reported again. */
export function notEmpty<T>(reader: Reader<T>): Reader<T> {
  return {
    schema: { ...reader.schema, [reader.schema.type === 'array' ? 'minItems' : 'minProperties']: 1 },
    read(node, at) {
      if (!(isMap(node) || isSeq(node)) || node.items.length > 0) return reader.read(node, at);
      at.report('empty-value', 'must have at least one entry', placeOf(node));
      return failed;
    },
  };
}

/** Accepts a single value in place of a list. The result is empty only after a problem. */
export function oneOrMore<T>(reader: Reader<T>): Reader<readonly T[]> {
  const list = notEmpty(listOf(reader));
  return {
    schema: { anyOf: [list.schema, reader.schema] },
    read(node, at) {
      if (isSeq(node)) return list.read(node, at);
      const value = reader.read(node, at);
      return value === failed ? failed : [value];
    },
  };
}

/** Accepts a single value in place of a section. */
export function orShort<T>(short: Reader<T>, full: Reader<T>): Reader<T> {
  return {
    schema: { anyOf: [full.schema, short.schema] },
    read: (node, at) => (isScalar(node) ? short : full).read(node, at),
  };
}

/** Reads a value, then converts or refuses it. */
export function then<T, U>(
  reader: Reader<T>,
  turn: (value: T, place: Place, at: Reading) => U | Failed,
): Reader<U> {
  return {
    schema: reader.schema,
    read(node, at) {
      const value = reader.read(node, at);
      return value === failed ? failed : turn(value, placeOf(node), at);
    },
  };
}

export type Placed<T> = { readonly value: T; readonly place: Place };

/** Keeps the place with the value, for checks across sections. */
export const placed = <T>(reader: Reader<T>): Reader<Placed<T>> =>
  then(reader, (value, place) => ({ value, place }));

/** The place of a key's value, or of the whole mapping when the key is absent. */
export function placeOfKey(node: YAMLMap, name: string): Place {
  const pair = pairsOf(node).find(({ key }) => keyText(key) === name);
  return pair === undefined ? placeOf(node) : placeOf(pair.value ?? pair.key);
}

/** The place of a section of the file; its beginning if there is none. */
export function placeOfSection(root: Node, name: string): Place {
  const [start, end] = isMap(root) ? placeOfKey(root, name) : [0, 1];
  return isMap(root) && root.has(name) ? [start, end] : [start, start + 1];
}

/** Reports that a value is of the wrong kind. */
export function refuseType(node: Node, expected: string, at: Reading): Failed {
  const empty = isScalar(node) && node.value === null;
  if (empty)
    at.report(
      'empty-value',
      `expected ${expected}, found nothing; give a value or remove the key`,
      placeOf(node),
    );
  else at.report('wrong-type', `expected ${expected}, found ${kindOf(node)}`, firstLine(placeOf(node), node));
  return failed;
}

function kindOf(node: Node): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? 'true or false' : 'text';
}

const firstLine = (place: Place, node: Node): Place => (isScalar(node) ? place : [place[0], place[0] + 1]);

function takeKeys(node: YAMLMap, keys: Keys, at: Reading): Map<string, Pair<Node, Node | null>> {
  const given = new Map<string, Pair<Node, Node | null>>();
  for (const pair of pairsOf(node)) {
    const name = keyText(pair.key);
    if (!Object.hasOwn(keys, name)) refuseKey(name, { pair, known: Object.keys(keys) }, at);
    else if (!given.has(name)) given.set(name, pair);
  }
  return given;
}

function refuseKey(
  name: string,
  of: { pair: Pair<Node, Node | null>; known: readonly string[] },
  at: Reading,
): void {
  const hint = name === '<<' ? '; YAML 1.2 has no merge keys' : suggest(name, of.known);
  at.report('unknown-key', `unknown key \`${name}\`${hint}`, placeOf(of.pair.key));
}

const pairsOf = (node: YAMLMap): readonly Pair<Node, Node | null>[] =>
  node.items as Pair<Node, Node | null>[];
const keyText = (key: Node): string => (isScalar(key) ? showReferences(String(key.value)) : '');

function readValue<T>(pair: Pair<Node, Node | null>, reader: Reader<T>, at: Reading): T | Failed {
  if (pair.value !== null) return reader.read(at.follow(pair.value), at);
  at.report(
    'empty-value',
    `\`${keyText(pair.key)}\` has no value; give one or remove the key`,
    placeOf(pair.key),
  );
  return failed;
}

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
