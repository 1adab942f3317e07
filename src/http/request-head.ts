/** Reads a request's head in one pass. A repeated singleton is in `repeated`, and never joined (RFC 9110 §5.3). */

import { foldFieldName } from './field-name.ts';
import type { Fields } from './message.ts';

const slotNames = [
  'host',
  'cookie',
  'authorization',
  'accept',
  'accept-encoding',
  'cache-control',
  'pragma',
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'content-length',
  'transfer-encoding',
  'connection',
  'expect',
  'upgrade',
  'max-forwards',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
  'shelflife-debug',
] as const;

export type KnownField = (typeof slotNames)[number];

const singletons: ReadonlySet<KnownField> = new Set<KnownField>([
  'host',
  'cookie',
  'authorization',
  'content-length',
  'range',
  'if-range',
  'if-modified-since',
  'if-unmodified-since',
  'x-request-id',
]);

/** Fields that browsers send with any request; they decide nothing here and identify nobody. */
const ordinaryNames = [
  'accept-language',
  'dnt',
  'origin',
  'priority',
  'referer',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-user',
  'sec-gpc',
  'te',
  'upgrade-insecure-requests',
  'user-agent',
] as const;

type Slot = { readonly lower: string; readonly title: string; readonly known: KnownField | undefined };

/** A name's slot. A Map would have to hash each name: they are new strings in every request. */
const placeOf = (name: string): number =>
  (name.length << 10) | ((name.charCodeAt(0) & 31) << 5) | (name.charCodeAt(name.length - 1) & 31);

const longestName = Math.max(...[...slotNames, ...ordinaryNames].map(({ length }) => length));
const slots = Array.from({ length: (longestName + 1) << 10 }, (): Slot[] | undefined => undefined);
for (const lower of slotNames) addSlot(lower, lower);
for (const lower of ordinaryNames) addSlot(lower, undefined);

function addSlot(lower: string, known: KnownField | undefined): void {
  const title = lower.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
  (slots[placeOf(lower)] ??= []).push({ lower, title, known });
}

/** List-valued lines are joined with `, `. */
export type KnownFields = { readonly [Name in KnownField]?: string };

/** `unusual`: the only fields that could be a credential or a claim, neither known nor ordinary; rare from browsers. */
export type ScannedFields = {
  readonly known: KnownFields;
  readonly repeated: readonly KnownField[];
  readonly unusual: Fields;
  /** The fields that are passed on of such a head; absent: it has not been passed. */
  passed?: Fields;
};

const none: readonly KnownField[] = [];
const noFields: Fields = [];

/** Finds the known fields in one pass; for the usual spellings it allocates only the result. */
export function scanFields(fields: Fields): ScannedFields {
  const known: { [Name in KnownField]?: string } = {};
  let repeated: KnownField[] | undefined;
  let unusual: string[] | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    const found = slotOf(name);
    if (found === undefined) (unusual ??= []).push(name, value);
    const slot = found?.known;
    if (slot === undefined) continue;
    const before = known[slot];
    if (before === undefined) known[slot] = value;
    else if (singletons.has(slot)) (repeated ??= []).push(slot);
    else known[slot] = `${before}, ${value}`;
  }
  return { known, repeated: repeated ?? none, unusual: unusual ?? noFields };
}

/** Whether CGI would read the field as a known one in another spelling: `Accept_Language`. */
export function isDisguised(name: string): boolean {
  const folded = foldFieldName(name);
  return folded !== name.toLowerCase() && slotOf(folded) !== undefined;
}

function slotOf(name: string): Slot | undefined {
  const candidates = slots[placeOf(name)];
  if (candidates === undefined) return undefined;
  for (const slot of candidates) if (name === slot.lower || name === slot.title) return slot;
  const lower = name.toLowerCase();
  return candidates.find((slot) => slot.lower === lower);
}
