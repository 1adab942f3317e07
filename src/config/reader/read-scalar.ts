/**
 * Reads single values: text, numbers, switches, words from a list, durations, sizes, times of day.
 *
 * Promise: messages repeat what the operator wrote, never the value of a variable.
 */

import { type Node, type Scalar, isScalar } from 'yaml';
import type { Seconds } from '../../kit/time.ts';
import type { Literal } from '../config.ts';
import { placeOf } from './document.ts';
import { showReferences, substitute } from './environment.ts';
import type { Place, ProblemCode } from './problem.ts';
import { type Failed, type Reader, type Reading, failed, refuseType, then } from './reader.ts';
import { type JsonSchema, orReference, textLike } from './json-schema.ts';
import {
  durationText,
  parseBytes,
  parseDuration,
  parseShare,
  parseTimeOfDay,
  shareText,
  sizeText,
  timeText,
} from './scalar.ts';
import { suggest } from './suggest.ts';

type Text = {
  readonly text: string;
  readonly written: string;
  /** Without quotes, so YAML may read it as something other than text. */
  readonly plain: boolean;
  readonly substituted: boolean;
};

/** The text of a scalar. Anything else, and an empty value, is refused as not `expected`. */
function readText(node: Node, expected: string, at: Reading): Text | Failed {
  if (!isScalar(node) || node.value === null) return refuseType(node, expected, at);
  const source = node.source ?? '';
  const result = substitute(source, at.environment);
  switch (result.kind) {
    case 'ok':
      return {
        text: result.text,
        written: showReferences(source),
        plain: node.type === 'PLAIN',
        substituted: result.substituted,
      };
    case 'missing':
      at.report(
        'missing-variable',
        `the environment variable ${result.name} is not set; set it, or write \${${result.name}:-default}`,
        referencePlace(node, result.written),
      );
      return failed;
    case 'malformed':
      at.report(
        'bad-environment',
        'not a valid reference; write ${NAME} or ${NAME:-default}, or $${ for a plain ${',
        placeOf(node),
      );
      return failed;
  }
}

function referencePlace(node: Scalar, written: string): Place {
  const [start, end] = placeOf(node);
  const before = showReferences(node.source ?? '').indexOf(written);
  const quote = node.type === 'PLAIN' ? 0 : 1;
  const at = start + Math.max(0, before) + quote;
  // With escapes or folded lines the two differ; then the place is the whole value.
  return at + written.length <= end && !showReferences(node.source ?? '').includes('\n')
    ? [at, at + written.length]
    : [start, end];
}

type Described = { readonly expected: string; readonly schema: JsonSchema };

/** Reads a scalar; `take` gives its value, or reports why it has none. */
const scalar = <T>(
  { expected, schema }: Described,
  take: (read: Text, node: Node, at: Reading) => T | Failed,
): Reader<T> => ({
  schema,
  read(node, at) {
    const read = readText(node, expected, at);
    return read === failed ? failed : take(read, node, at);
  },
});

type Parsed<T> = {
  readonly expected: string;
  readonly code: ProblemCode;
  readonly parse: (text: string) => T | undefined;
};

/** Reads text and parses it; `parse` returns `undefined` for text that is not valid. */
const parsed = <T>({ expected, schema, code, parse }: Parsed<T> & Described): Reader<T> =>
  scalar({ expected, schema }, (read, node, at) => {
    const value = parse(read.text);
    if (value !== undefined) return value;
    at.report(code, `\`${read.written}\` is not ${expected}`, placeOf(node));
    return failed;
  });

const someText: JsonSchema = { type: 'string', minLength: 1 };

/** Text that is not empty. What YAML reads as a number or a switch must be quoted. */
export const text: Reader<string> = scalar({ expected: 'text', schema: someText }, (read, node, at) => {
  if (read.plain && !read.substituted && isScalar(node) && typeof node.value !== 'string') {
    at.report('wrong-type', 'expected text; put the value in quotes', placeOf(node));
    return failed;
  }
  if (read.text !== '') return read.text;
  at.report('empty-value', 'must not be empty; give a value or remove the key', placeOf(node));
  return failed;
});

/** Text, or a number or switch as written: compared with a header field or a parameter. */
export const wireText: Reader<string> = scalar(
  { expected: 'text', schema: { type: ['string', 'number', 'boolean'] } },
  (read) => read.text,
);

/** A value to compare with a claim or a JSON value, as YAML reads it. */
export const literal: Reader<Literal> = {
  schema: { type: ['string', 'number', 'boolean', 'null'] },
  read(node, at) {
    if (isScalar(node) && node.value === null) return null;
    const read = readText(node, 'text, a number, true, false or null', at);
    if (read === failed) return failed;
    const value: unknown = isScalar(node) ? node.value : undefined;
    return !read.substituted && (typeof value === 'number' || typeof value === 'boolean') ? value : read.text;
  },
};

/** `above` is exclusive; the others are inclusive. */
export type Bounds = { readonly max: number; readonly whole?: boolean } & (
  { readonly min: number; readonly above?: undefined } | { readonly above: number; readonly min?: undefined }
);

/** A number within bounds. */
export function number(bounds: Bounds): Reader<number> {
  const expected = bounds.whole === true ? 'a whole number' : 'a number';
  return scalar({ expected, schema: orReference(schemaOfNumber(bounds)) }, (read, node, at) => {
    const value = numberOf(node, read);
    if (value === undefined) return refuseType(node, expected, at);
    if (isWithin(value, bounds)) return value;
    at.report('out-of-range', `must be ${expected} ${showBounds(bounds)}`, placeOf(node));
    return failed;
  });
}

const schemaOfNumber = ({ whole, above, min, max }: Bounds): JsonSchema => ({
  type: whole === true ? 'integer' : 'number',
  ...(above === undefined ? { minimum: min } : { exclusiveMinimum: above }),
  maximum: max,
});

const coreNumber = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;

function numberOf(node: Node, read: Text): number | undefined {
  if (!read.plain) return undefined;
  if (read.substituted) return coreNumber.test(read.text) ? Number(read.text) : undefined;
  return isScalar(node) && typeof node.value === 'number' ? node.value : undefined;
}

function isWithin(value: number, bounds: Bounds): boolean {
  if (!Number.isFinite(value) || (bounds.whole === true && !Number.isSafeInteger(value))) return false;
  if (bounds.above !== undefined && value <= bounds.above) return false;
  return value >= (bounds.min ?? -Infinity) && value <= bounds.max;
}

function showBounds(bounds: Bounds): string {
  if (bounds.above === undefined) return `from ${bounds.min} to ${bounds.max}`;
  return `above ${bounds.above}, at most ${bounds.max}`;
}

export const bool: Reader<boolean> = scalar(
  { expected: 'true or false', schema: orReference({ type: 'boolean' }) },
  (read, node, at) => {
    if (read.plain && /^(true|True|TRUE)$/.test(read.text)) return true;
    if (read.plain && /^(false|False|FALSE)$/.test(read.text)) return false;
    return refuseType(node, 'true or false', at);
  },
);

/** A word such as `1.2` is a number where it has no quotes. */
const oneOf = (words: readonly string[]): JsonSchema => ({
  enum: [...words, ...words.filter((one) => coreNumber.test(one)).map(Number)],
});

/** One of these words. */
export const word = <const W extends string>(words: readonly W[]): Reader<W> =>
  scalar({ expected: `one of ${words.join(', ')}`, schema: orReference(oneOf(words)) }, (read, node, at) => {
    const found = words.find((candidate) => candidate === read.text);
    if (found !== undefined) return found;
    const why = `\`${read.written}\` is not a valid value${suggest(read.written, words)}`;
    at.report('bad-value', why, placeOf(node));
    return failed;
  });

/** A word, or a number within bounds. */
export function wordOrNumber<const W extends string>(only: W, bounds: Bounds): Reader<W | number> {
  const numbers = number(bounds);
  const schema: JsonSchema = { anyOf: [{ enum: [only] }, numbers.schema] };
  return scalar<W | number>({ expected: `a number or ${only}`, schema }, (read, node, at) => {
    if (read.text === only) return only;
    if (numberOf(node, read) !== undefined) return numbers.read(node, at);
    at.report('bad-value', `expected a number or \`${only}\``, placeOf(node));
    return failed;
  });
}

const durationSchema = (least: JsonSchema): JsonSchema => ({
  anyOf: [{ type: 'integer', ...least }, textLike(durationText)],
});

/** A duration, 0 included. */
export const duration: Reader<Seconds> = parsed({
  expected: 'a duration such as 90 (seconds), 500ms, 30s, 5m, 2h or 31d',
  schema: durationSchema({ minimum: 0 }),
  code: 'bad-duration',
  parse: parseDuration,
});

/** A duration above 0. */
export const positive: Reader<Seconds> = {
  ...then(duration, (value, place, at) => {
    if (value > 0) return value;
    at.report('out-of-range', 'must be a duration above 0', place);
    return failed;
  }),
  schema: durationSchema({ exclusiveMinimum: 0 }),
};

/** A share, as a number from 0 to 1 or in percent. */
export const percentage: Reader<number> = parsed({
  expected: 'a share such as 0.1% or 0.001',
  schema: { anyOf: [{ type: 'number', minimum: 0, maximum: 1 }, textLike(shareText)] },
  code: 'bad-value',
  parse: parseShare,
});

/** A size of at least `min` bytes. */
export const size = (min: number): Reader<number> =>
  then(
    parsed({
      expected: 'a size such as 512KiB, 64MiB or 500MB',
      schema: { anyOf: [{ type: 'integer', minimum: min }, textLike(sizeText)] },
      code: 'bad-size',
      parse: parseBytes,
    }),
    (value, place, at) => {
      if (value >= min) return value;
      at.report('out-of-range', `must be at least ${min} bytes; is the unit missing?`, place);
      return failed;
    },
  );

export const timeOfDay: Reader<number> = parsed({
  expected: 'a time of day such as "09:00"',
  schema: textLike(timeText),
  code: 'bad-time',
  parse: parseTimeOfDay,
});

/** Reads text with `parse`; `expected` says in messages what it should have been. */
export const textAs = <T>(of: Parsed<T> & { secret?: boolean }): Reader<T> => ({
  schema: someText,
  read(node, at) {
    const read = text.read(node, at);
    if (read === failed) return failed;
    const value = of.parse(read);
    if (value !== undefined) return value;
    const written =
      isScalar(node) && of.secret !== true ? `\`${showReferences(node.source ?? '')}\`` : 'this';
    at.report(of.code, `${written} is not ${of.expected}`, placeOf(node));
    return failed;
  },
});
