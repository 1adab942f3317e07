/** The forms of a compressed entry: as stored, and plain for other clients and for ranges (RFC 9110 §14.2). */

import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import {
  acceptsGzip,
  decodedFields,
  mustDecode,
  isCompressible,
  smallestWorth,
} from '../../http/content-coding.ts';
import { ownBytes } from '../../kit/own-bytes.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange } from '../exchange/exchange.ts';

const compress = promisify(gzip);

/** The entry as this client is to get it. */
export function formFor(
  entry: Entry,
  { services: { prepared }, request: { method, known } }: Pick<CacheExchange, 'services' | 'request'>,
): Entry {
  const accepted = known['accept-encoding'];
  if (entry.coding === undefined)
    return isToDecode(entry, accepted) ? prepared.plainOf(entry, decoded) : entry;
  const wantsPart = known.range !== undefined && method === 'GET';
  return acceptsGzip(accepted) && !wantsPart ? prepared.gzipOf(entry) : prepared.plainOf(entry, plainForm);
}

/** It is done while the client waits, and so does everybody. */
const mostDecodedBytes = 8 * 1024 * 1024;

/** What the origin coded without saying that it varies. */
const isToDecode = ({ part, body, fields }: Entry, acceptEncoding: string | undefined): boolean =>
  part === undefined && body.length > 0 && mustDecode(fields, acceptEncoding);

function decoded(entry: Entry): Entry {
  try {
    const body = gunzipSync(entry.body, { maxOutputLength: mostDecodedBytes });
    return { ...entry, body, fields: decodedFields(entry.fields) };
  } catch {
    // Too large, or coded otherwise than it says.
    return entry;
  }
}

/** The entry without coding. */
export function plainForm(entry: Entry): Entry {
  return entry.coding === undefined ? entry : { ...entry, coding: undefined, body: gunzipSync(entry.body) };
}

/** Whether an entry is to be compressed when it is stored. */
export function isWorthCompressing({ fields, body, part, coding }: Entry): boolean {
  return coding === undefined && part === undefined && body.length >= smallestWorth && isCompressible(fields);
}

/** `undefined` when compression would not make it smaller. */
export async function compressed(entry: Entry): Promise<Entry | undefined> {
  const small = await compress(entry.body);
  if (small.length >= entry.body.length) return undefined;
  // zlib's own buffer may be larger than what it holds.
  return { ...entry, coding: 'gzip', body: ownBytes(small) };
}
