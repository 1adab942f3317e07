/**
 * The two forms of a compressed entry: as stored, for clients that take it; plain for the others and for ranges, which
 * then are ranges of the plain representation (RFC 9110 §14.2).
 *
 * Text is compressed once, off the response path, and takes its own place in the store when it is done.
 */

import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { acceptsGzip, isCompressible, smallestWorth } from '../../http/content-coding.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange } from '../exchange/exchange.ts';

const compress = promisify(gzip);

/** The entry as this client is to get it. */
export function formFor(
  entry: Entry,
  { parts: { prepared }, request: { method, known } }: Pick<CacheExchange, 'parts' | 'request'>,
): Entry {
  if (entry.coding === undefined) return entry;
  const wantsPart = known.range !== undefined && method === 'GET';
  return acceptsGzip(known['accept-encoding']) && !wantsPart ? prepared.gzipOf(entry) : plainForm(entry);
}

/** The entry without coding. */
export function plainForm(entry: Entry): Entry {
  return entry.coding === undefined ? entry : { ...entry, coding: undefined, body: gunzipSync(entry.body) };
}

/** Whether an entry is to be compressed when it is stored. */
export function isWorthCompressing({ fields, body, part, coding }: Entry): boolean {
  return coding === undefined && part === undefined && body.length >= smallestWorth && isCompressible(fields);
}

/** The same entry with its body compressed; `undefined` when that would not make it smaller. */
export async function compressed(entry: Entry): Promise<Entry | undefined> {
  const small = await compress(entry.body);
  if (small.length >= entry.body.length) return undefined;
  // A copy of its exact size: zlib's own buffer is larger than what it holds.
  return { ...entry, coding: 'gzip', body: Buffer.from(small) };
}
