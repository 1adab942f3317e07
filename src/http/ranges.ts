/** Decides which bytes of a representation a request gets (RFC 9110 §14). An excessive `Range` is ignored. */
import { combinedValue, withoutFields } from './fields.ts';
import { etagText, parseEntityTag, stronglyEqual } from './entity-tags.ts';
import { parseHttpDate } from './http-date.ts';
import { epochMs } from '../kit/time.ts';
import type { Fields } from './message.ts';

type RawRange =
  | { readonly kind: 'from'; readonly first: number; readonly last: number | undefined }
  | { readonly kind: 'suffix'; readonly length: number };

/** Within a representation, both ends included: `first <= last < length`. */
export type SatisfiableRange = { readonly first: number; readonly last: number };

type RangePlan =
  | { readonly kind: 'whole' }
  | { readonly kind: 'single'; readonly range: SatisfiableRange }
  | { readonly kind: 'several'; readonly ranges: readonly SatisfiableRange[] }
  | { readonly kind: 'unsatisfiable' };

type ContentRange =
  | { readonly kind: 'part'; readonly range: SatisfiableRange; readonly length: number | undefined }
  | { readonly kind: 'unsatisfied'; readonly length: number };

/** With more ranges a Range is ignored; with more than `mostParts` joined parts the whole is sent. */
export const mostRanges = 64;
export const mostParts = 16;

/** The ranges of a `Range` value; undefined if it is ignored. */
export function parseRange(value: string): readonly RawRange[] | undefined {
  const [, list] = bytesUnit.exec(value) ?? [];
  if (list === undefined || value.length > longestRangeValue) return undefined;
  const specs = list.split(',').map((spec) => spec.trim());
  const ranges = specs.filter((spec) => spec !== '').map(parseSpec);
  if (ranges.length === 0 || ranges.length > mostRanges) return undefined;
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
}

/** The satisfiable ranges for `length` bytes, clipped to it, in the order requested. */
export const satisfiableRanges = (ranges: readonly RawRange[], length: number): SatisfiableRange[] =>
  ranges.flatMap((range) => {
    const first = range.kind === 'from' ? range.first : Math.max(0, length - range.length);
    const last = range.kind === 'from' ? Math.min(range.last ?? Infinity, length - 1) : length - 1;
    return first <= last ? [{ first, last }] : [];
  });

/** The ranges in order, joined where they are closer than a part's overhead (RFC 9110 §15.3.7.2). */
export function coalesce(ranges: readonly SatisfiableRange[], gap = partOverhead): SatisfiableRange[] {
  const joined: SatisfiableRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = joined.at(-1);
    if (previous === undefined || range.first > previous.last + 1 + gap) joined.push(range);
    else joined[joined.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) };
  }
  return joined;
}

type RangeInput = {
  readonly method: string;
  readonly requestFields: Fields;
  /** Of the representation sent: with a content coding, `length` and `ETag` are those of the coded form. */
  readonly storedStatus: number;
  readonly storedFields: Fields;
  readonly length: number;
};

/** What to send of a complete stored response for the request's `Range` and `If-Range`. */
export function planRanges(input: RangeInput): RangePlan {
  const value = combinedValue(input.requestFields, 'range');
  // RFC 9110 §14.2; and only a 200 has parts.
  if (value === undefined || input.method !== 'GET' || input.storedStatus !== 200) return { kind: 'whole' };
  const ifRange = combinedValue(input.requestFields, 'if-range');
  // RFC 9110 §13.1.5: when the condition is false, Range is ignored.
  if (ifRange !== undefined && !ifRangeMatches(ifRange, input.storedFields)) return { kind: 'whole' };
  const raw = parseRange(value);
  return raw === undefined ? { kind: 'whole' } : planFor(raw, input.length);
}

/**
 * Whether an `If-Range` value names the stored representation, by strong comparison (RFC 9110 §13.1.5). A date is strong
 * when it is exactly `Last-Modified` and a second before `Date` (§8.8.2.2).
 */
export function ifRangeMatches(ifRange: string, storedFields: Fields): boolean {
  const since = parseHttpDate(ifRange, epochMs(0));
  if (since === undefined) {
    const tag = etagText(storedFields);
    return tag !== undefined && stronglyEqual(parseEntityTag(ifRange), parseEntityTag(tag));
  }
  const lastModified = parseHttpDate(combinedValue(storedFields, 'last-modified') ?? '', epochMs(0));
  const date = parseHttpDate(combinedValue(storedFields, 'date') ?? '', epochMs(0));
  return since === lastModified && date !== undefined && date - lastModified >= 1000;
}

/** A parsed `Content-Range`; undefined when malformed or of another unit (RFC 9110 §14.4). */
export function parseContentRange(value: string): ContentRange | undefined {
  const [, first = '', last = '', complete = '', unsatisfied] = contentRange.exec(value) ?? [];
  if (unsatisfied !== undefined) return { kind: 'unsatisfied', length: Number(unsatisfied) };
  if (first === '') return undefined;
  const range = { first: Number(first), last: Number(last) };
  const length = complete === '*' ? undefined : Number(complete);
  const isValid = range.first <= range.last && (length === undefined || range.last < length);
  return isValid ? { kind: 'part', range, length } : undefined;
}

const contentRangeValue = ({ first, last }: SatisfiableRange, length: number): string =>
  `bytes ${first}-${last}/${length}`;

/** `Content-Range` of a 416: `bytes * /1000` without the space (RFC 9110 §15.5.17). */
export const unsatisfiedRangeValue = (length: number): string => `bytes */${length}`;

/** Fields about one message's content: those of a whole are untrue of a part, and vice versa. */
export const contentOnly: ReadonlySet<string> = new Set([
  'content-length',
  'content-range',
  'content-md5',
  // RFC 9530 §2: a digest of the message's content; Repr-Digest is of the whole representation.
  'content-digest',
]);

/** The stored fields for a 206 with one part (RFC 9110 §15.3.7.1). */
export const singlePartFields = (storedFields: Fields, range: SatisfiableRange, length: number): string[] => [
  ...withoutFields(storedFields, contentOnly),
  'Content-Range',
  contentRangeValue(range, length),
  'Content-Length',
  String(range.last - range.first + 1),
];

type Multipart = {
  readonly fields: string[];
  readonly contentLength: number;
  readonly pieces: readonly (
    { readonly kind: 'text'; readonly text: string } | ({ readonly kind: 'slice' } & SatisfiableRange)
  )[];
};

/** The head and body of a 206 with several parts (RFC 9110 §14.6, §15.3.7.2). `boundary` must not occur in the content. */
export function multipart(
  storedFields: Fields,
  { ranges, length, boundary }: { ranges: readonly SatisfiableRange[]; length: number; boundary: string },
): Multipart {
  const type = combinedValue(storedFields, 'content-type');
  const typeLine = type === undefined ? '' : `Content-Type: ${type}\r\n`;
  const pieces = ranges.flatMap((range, at) => {
    const head = `${at === 0 ? '' : '\r\n'}--${boundary}\r\n${typeLine}Content-Range: ${contentRangeValue(range, length)}\r\n\r\n`;
    return [
      { kind: 'text' as const, text: head },
      { kind: 'slice' as const, ...range },
    ];
  });
  const all = [...pieces, { kind: 'text' as const, text: `\r\n--${boundary}--\r\n` }];
  const sizes = all.map((piece) =>
    piece.kind === 'text' ? piece.text.length : piece.last - piece.first + 1,
  );
  const contentLength = sizes.reduce((sum, size) => sum + size, 0);
  const fields = [
    ...withoutFields(storedFields, new Set([...contentOnly, 'content-type'])),
    'Content-Type',
    `multipart/byteranges; boundary=${boundary}`,
    'Content-Length',
    String(contentLength),
  ];
  return { fields, contentLength, pieces: all };
}

const partOverhead = 80;
const longestRangeValue = 2048;
const bytesUnit = /^bytes=(.*)$/is;
const contentRange = /^bytes (?:(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)|\*\/(\d{1,15}))$/i;

function parseSpec(spec: string): RawRange | undefined {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
  if (first === '') return last === '' ? undefined : { kind: 'suffix', length: Number(last) };
  if (last === '') return { kind: 'from', first: Number(first), last: undefined };
  // RFC 9110 §14.1.1.
  return Number(last) < Number(first)
    ? undefined
    : { kind: 'from', first: Number(first), last: Number(last) };
}

function planFor(raw: readonly RawRange[], length: number): RangePlan {
  // RFC 9110 §14.1.2: a suffix of at least one byte is satisfiable even for empty content, which has no part.
  if (length === 0 && raw.some((range) => range.kind === 'suffix' && range.length > 0))
    return { kind: 'whole' };
  const ranges = satisfiableRanges(raw, length);
  if (ranges.length === 0) return { kind: 'unsatisfiable' };
  const [first, ...others] = coalesce(ranges);
  if (first === undefined || others.length >= mostParts) return { kind: 'whole' };
  return others.length === 0
    ? { kind: 'single', range: first }
    : { kind: 'several', ranges: [first, ...others] };
}
