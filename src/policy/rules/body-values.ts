/**
 * Reads values from the body of a write or of its answer, for the conditions of write rules.
 *
 * Promise: pure, never throws. What two programs could read in two ways is not read (`unreadable`) or not sure (`unsure`):
 * repeated names, names that differ only in spelling, another charset, a second Content-Type, text after the end.
 */

import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Literal } from '../../config/schema/condition.ts';
import { codingsOf } from '../../http/content-coding.ts';
import { fieldLines, hasField } from '../../http/fields.ts';
import { parameterName } from '../../http/query.ts';
import type { Fields } from '../../http/message.ts';
import { hasChild } from '../lifetime/json-pointer.ts';

/** A body of more bytes is not read. */
export const longestReadBytes = 64 * 1024;

/** A body and the fields that describe it. `body` is undefined where it is not here to its end, or too long. */
export type Described = { readonly fields: Fields; readonly body: Buffer | undefined };

/** Why a body has no values. */
type Unreadable = 'not-whole' | 'content-coding' | 'media-type' | 'not-utf-8' | 'syntax' | 'repeated-name';

export type Form = ReadonlyMap<string, readonly string[]>;
export type Read<T> =
  { readonly kind: 'read'; readonly value: T } | { readonly kind: 'unreadable'; readonly why: Unreadable };

/** What is at a place. `isAlone`: nothing is beside it; undefined: not sure. */
export type Found =
  | { readonly kind: 'value'; readonly value: unknown; readonly isAlone: boolean | undefined }
  | { readonly kind: 'none' }
  | { readonly kind: 'unsure' };

const unreadable = (why: Unreadable): { readonly kind: 'unreadable'; readonly why: Unreadable } => ({
  kind: 'unreadable',
  why,
});

/** Scripts send JSON as text/plain too: `navigator.sendBeacon` does with a string. */
const jsonTypes = /^(?:application\/(?:[\w.-]+\+)?json|text\/plain)$/;

/** A JSON body. */
export function readJson(described: Described): Read<unknown> {
  const text = textOf(described, jsonTypes);
  if (text.kind === 'unreadable') return text;
  let value: unknown;
  try {
    value = JSON.parse(text.value);
  } catch {
    return unreadable('syntax');
  }
  return repeatsNames(text.value, value) ? unreadable('repeated-name') : { kind: 'read', value };
}

/** A body of `application/x-www-form-urlencoded`. */
export function readForm(described: Described): Read<Form> {
  const text = textOf(described, /^application\/x-www-form-urlencoded$/);
  if (text.kind === 'unreadable') return text;
  // Some parsers take a semicolon for a separator too; no browser sends these unescaped.
  if (/[^\x21-\x3a\x3c-\x7e]/.test(text.value)) return unreadable('syntax');
  const form = new Map<string, string[]>();
  try {
    for (const pair of text.value.split('&')) {
      if (pair === '') continue;
      const [name = '', ...value] = pair
        .split('=')
        .map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
      form.set(name, [...(form.get(name) ?? []), value.join('=')]);
    }
  } catch {
    // URIError: an escape that is none, or bytes that are not UTF-8.
    return unreadable('syntax');
  }
  return form.has('_charset_') ? unreadable('not-utf-8') : { kind: 'read', value: form };
}

function textOf({ fields, body }: Described, types: RegExp): Read<string> {
  const [type, second] = fieldLines(fields, 'content-type');
  const parts = /^[ \t]*([\w.+-]+\/[\w.+-]+)[ \t]*(?:;[ \t]*charset="?([\w-]+)"?[ \t]*)?;?[ \t]*$/i.exec(
    type ?? '',
  );
  if (second !== undefined || !types.test(parts?.[1]?.toLowerCase() ?? '')) return unreadable('media-type');
  if (!/^(?:utf-?8|us-ascii)$/i.test(parts?.[2] ?? 'utf-8')) return unreadable('not-utf-8');
  if (body === undefined || body.length > longestReadBytes) return unreadable('not-whole');
  const plain = hasField(fields, 'content-encoding') ? decoded(fields, body) : body;
  if (plain === undefined) return unreadable('content-coding');
  try {
    return { kind: 'read', value: strictUtf8.decode(plain) };
  } catch {
    return unreadable('not-utf-8');
  }
}

// A byte order mark stays, and is no JSON: RFC 8259 §8.1 lets parsers ignore it or fail.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decoders: Readonly<Record<string, (body: Buffer, limits: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** The body without its one coding. */
function decoded(fields: Fields, body: Buffer): Buffer | undefined {
  const [coding = '', ...others] = codingsOf(fields);
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (decode === undefined || others.length > 0) return undefined;
  try {
    return decode(body, { maxOutputLength: longestReadBytes });
  } catch {
    // Broken, or longer than what is read.
    return undefined;
  }
}

/** RFC 8259 §4: with names that are not unique, what an object means is not to be foreseen. */
export const repeatsNames = (json: string, value: unknown): boolean => membersIn(json) !== membersOf(value);

/** How many members the text writes: a colon outside of strings each. */
const membersIn = (json: string): number =>
  json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').replaceAll(/[^:]/g, '').length;

/** How many members a value has, without recursion: a body may be nested as deep as it is long. */
function membersOf(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inner: readonly unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += inner.length;
    for (const one of inner) open.push(one);
  }
  return count;
}

/** What a JSON Pointer's reference tokens lead to (RFC 6901 §4). */
export function atPointer(document: unknown, tokens: readonly string[]): Found {
  let value = document;
  let isAlone = true;
  for (const token of tokens) {
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (!Array.isArray(value) && isSpeltOtherwise(names, token)) return { kind: 'unsure' };
    if (!hasChild(value, token)) return { kind: 'none' };
    isAlone = names.length === 1;
    value = value[token];
  }
  return { kind: 'value', value, isAlone };
}

/** What is in a field of a form. `theme[]` and `theme[a]` are `theme` to some. */
export function inField(form: Form, name: string): Found {
  const names = [...form.keys()];
  if (
    isSpeltOtherwise(
      names.map((one) => one.replace(/(?<=.)\[.*/s, '[')),
      name,
    )
  )
    return { kind: 'unsure' };
  const values = form.get(name);
  if (values === undefined) return { kind: 'none' };
  // Applications disagree on which of two counts.
  if (new Set(values).size > 1) return { kind: 'unsure' };
  return { kind: 'value', value: values[0], isAlone: names.length === 1 };
}

/**
 * The same where the request has a query too: Flask's `values`, Rails' `params` and Laravel's `input` read a name from either.
 */
export function besideQuery(found: Found, name: string, query: string | undefined): Found {
  const names = (query ?? '')
    .split('&')
    .filter((piece) => piece !== '')
    .map(parameterName);
  if (names.length === 0) return found;
  const bare = names.map((one) => one.replace(/(?<=.)\[.*/s, ''));
  if (bare.includes(name) || isSpeltOtherwise(bare, name)) return { kind: 'unsure' };
  return found.kind === 'value' && found.isAlone === true ? { ...found, isAlone: undefined } : found;
}

/** Whether one of the names is another that some frameworks take for this one: `workState`, `Work_State`, `work_state[`. */
function isSpeltOtherwise(names: readonly string[], name: string): boolean {
  const wanted = loosely(name);
  return names.some((one) => one !== name && loosely(one) === wanted);
}

/** PHP ends a name at its first NUL. */
const loosely = (name: string): string =>
  (name.split('\0', 1)[0] ?? '').toLowerCase().replaceAll(/[\s._\-[]/g, '');

/** Whether a value equals a literal; undefined where a program may have rounded it, or taken it for the same (`"true"`, `1`). */
export function equals(value: unknown, literal: Literal): boolean | undefined {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return undefined;
  if (value === literal) return true;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wanted = meaningOf(literal);
  return values.some((one) => meaningOf(one) === wanted) ? undefined : false;
}

/** The value as programs that convert it may read it: one text for each way to write it. */
function meaningOf(value: unknown): string | undefined {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!isPlain && value !== null) return undefined;
  const text = String(value ?? '')
    .trim()
    .toLowerCase();
  if (yes.has(text)) return 'yes';
  if (no.has(text)) return 'no';
  const number = Number(text);
  return Number.isNaN(number) ? text : String(number);
}

const yes: ReadonlySet<string> = new Set(['true', '1', 'on', 'yes']);
const no: ReadonlySet<string> = new Set(['false', '0', 'off', 'no', 'null', '']);
