/** The forms of a compressed entry: as stored, and plain for other clients and for ranges (RFC 9110 §14.2). */

import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip } from 'node:zlib';
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
const decode = promisify(gunzip);

type Asked = Pick<CacheExchange, 'services' | 'request'>;

/** The entry as this client is to get it. */
export function formFor(entry: Entry, asked: Asked): Entry {
  const { prepared } = asked.services;
  switch (decoderOf(entry, asked)) {
    case 'ours':
      return prepared.plainOf(entry, plainForm);
    case 'of-the-origin':
      return prepared.plainOf(entry, decoded);
    default:
      return entry.coding === undefined ? entry : prepared.gzipOf(entry);
  }
}

/**
 * The same where a body is to be decoded that takes long: it is done beside the event loop. `undefined`: `formFor` has it, or
 * makes it in a moment.
 */
export function formToDecode(entry: Entry, asked: Asked): Promise<Entry> | undefined {
  if (!takesLong(entry, asked)) return undefined;
  const { prepared } = asked.services;
  return prepared.plainToCome(entry, entry.coding === undefined ? decodedToCome : plainFormToCome);
}

/** Whether this client gets a body that takes long to decode. */
export const takesLong = (entry: Entry, asked: Pick<Asked, 'request'>): boolean =>
  entry.body.length > mostBytesAtOnce && decoderOf(entry, asked) !== undefined;

/** Who coded what this client is to get decoded. */
function decoderOf(entry: Entry, { request }: Pick<Asked, 'request'>): 'ours' | 'of-the-origin' | undefined {
  const { method, known } = request;
  const accepted = known['accept-encoding'];
  if (entry.coding === undefined) return isToDecode(entry, accepted) ? 'of-the-origin' : undefined;
  const wantsPart = known.range !== undefined && method === 'GET';
  return acceptsGzip(accepted) && !wantsPart ? undefined : 'ours';
}

/** More coded bytes than these are decoded beside the event loop: they would hold up everybody for 0.1 ms or more. */
const mostBytesAtOnce = 16 * 1024;
const mostDecodedBytes = 8 * 1024 * 1024;

/** What the origin coded without saying that it varies. */
const isToDecode = ({ part, body, fields }: Entry, acceptEncoding: string | undefined): boolean =>
  part === undefined && body.length > 0 && mustDecode(fields, acceptEncoding);

const bounds = { maxOutputLength: mostDecodedBytes };

const decodedAs = (entry: Entry, body: Buffer): Entry => ({
  ...entry,
  body,
  fields: decodedFields(entry.fields),
});

/** As it is when it is too large, or coded otherwise than it says. */
function decoded(entry: Entry): Entry {
  try {
    return decodedAs(entry, gunzipSync(entry.body, bounds));
  } catch {
    return entry;
  }
}

const decodedToCome = (entry: Entry): Promise<Entry> =>
  decode(entry.body, bounds).then(
    (body) => decodedAs(entry, body),
    () => entry,
  );

/** The entry without coding. */
export function plainForm(entry: Entry): Entry {
  return entry.coding === undefined ? entry : { ...entry, coding: undefined, body: gunzipSync(entry.body) };
}

const plainFormToCome = async (entry: Entry): Promise<Entry> => ({
  ...entry,
  coding: undefined,
  body: await decode(entry.body),
});

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
