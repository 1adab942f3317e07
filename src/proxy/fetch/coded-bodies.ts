/**
 * Is a body that the origin has coded (gzip, br, …) there to its last byte?
 *
 * Its framing does not tell: a compressor that breaks off ends such a body like any other. The client that caused it sees
 * for itself; a copy of it would be everybody's until it expires.
 *
 * Promises: nobody waits for the proof of a large body; what is unpacked for it is bounded; a coding that is not known here
 * proves nothing, and forbids nothing.
 */

import { isUtf8 } from 'node:buffer';
import type { Transform } from 'node:stream';
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';
import { codingsOf } from '../../http/content-coding.ts';
import { WorkQueue } from '../../kit/work-queue.ts';
import type { BodyProof, CodedAnswer } from '../exchange/exchange.ts';

type Decoder = {
  readonly now: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
  readonly later: () => Transform;
};

type Job = {
  readonly body: Buffer;
  readonly codings: readonly string[];
  readonly done: (isWhole: boolean) => void;
};

/** So much takes some 2 ms at most, and the next request finds it stored. */
const smallBytes = 96 * 1024;
const smallUnpackedBytes = 512 * 1024;
/** Beyond this nothing is proven. */
const mostUnpackedBytes = 256 * 1024 * 1024;
/** A decoder may keep 16 MB (RFC 7932 §9.1). What does not fit is not proven. */
const atOnce = 2;
const mostWaitingBytes = 6 * 1024 * 1024;

/** Proves coded bodies, a few at a time. */
export class CodedBodies implements BodyProof {
  readonly #queue = new WorkQueue<Job>({
    run: async ({ body, codings, done }) => {
      done(await decodesLater(body, codings));
    },
    concurrency: atOnce,
    maxWeight: mostWaitingBytes,
    onLost: (_, { done }) => {
      done(false);
    },
  });
  #count = 0;

  isWhole({ status, fields, body, part }: CodedAnswer): boolean | Promise<boolean> {
    const codings = part === undefined ? codingsOf(fields) : [];
    if (codings.length === 0) return true;
    // No coding makes nothing of anything, but a redirect that is labelled so lacks nothing.
    if (body.length === 0) return status !== 200;
    const verdict = body.length <= smallBytes ? decodesNow(body, codings) : 'unknown';
    if (verdict !== 'unknown') return verdict === 'whole';
    this.#count += 1;
    return new Promise((done) => {
      this.#queue.add(String(this.#count), Math.min(body.length, mostWaitingBytes), { body, codings, done });
    });
  }
}

function decodesNow(body: Buffer, codings: readonly string[]): 'whole' | 'broken' | 'unknown' {
  let bytes = body;
  for (const coding of codings) {
    const decoder = decoderOf(coding, bytes);
    if (decoder === undefined) break;
    try {
      bytes = decoder.now(bytes, { maxOutputLength: smallUnpackedBytes });
    } catch (error) {
      if (isTooLarge(error)) return 'unknown';
      return isText(bytes) ? 'whole' : 'broken';
    }
  }
  return 'whole';
}

/** A body without its codings, which are in the order to undo them; `undefined`: broken, unknown, or longer than `most`. */
export function decodeWhole(body: Buffer, codings: readonly string[], most: number): Buffer | undefined {
  let bytes = body;
  for (const coding of codings) {
    const decoder = decoderOf(coding, bytes);
    if (decoder === undefined) return undefined;
    try {
      bytes = decoder.now(bytes, { maxOutputLength: most });
    } catch {
      // What is not there to its end is not compared with anything.
      return undefined;
    }
  }
  return bytes;
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';

/** Whatever its label says, text throughout was not coded. */
const isText = (bytes: Buffer): boolean =>
  isUtf8(bytes) && !/[^\P{Cc}\t\n\f\r]/u.test(bytes.toString('utf8'));

/** The outermost coding first; what comes out is kept only where there is another within. */
async function decodesLater(body: Buffer, codings: readonly string[]): Promise<boolean> {
  let bytes = body;
  for (const [at, coding] of codings.entries()) {
    const decoder = decoderOf(coding, bytes);
    if (decoder === undefined) break;
    const unpacked = await unpack(decoder, bytes, at < codings.length - 1);
    if (unpacked === undefined) return isText(bytes);
    bytes = unpacked;
  }
  return true;
}

/** `undefined`: cut short, broken, or without end. */
function unpack({ later }: Decoder, bytes: Buffer, isKept: boolean): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const decoder = later();
  const kept: Buffer[] = [];
  const limit = isKept ? mostWaitingBytes : mostUnpackedBytes;
  let length = 0;
  const end = (result: Buffer | undefined): void => {
    decoder.destroy();
    resolve(result);
  };
  decoder.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > limit) end(undefined);
    else if (isKept) kept.push(chunk);
  });
  decoder.on('end', () => {
    end(Buffer.concat(kept));
  });
  decoder.on('error', () => {
    end(undefined);
  });
  decoder.end(bytes);
  return promise;
}

/** RFC 9110 §8.4.1.2: zlib's form; some send it bare. */
function decoderOf(coding: string, bytes: Buffer): Decoder | undefined {
  if (coding === 'deflate') return hasZlibHead(bytes) ? zlibDecoder : bareDecoder;
  return decoders.get(coding);
}

/** RFC 1950 §2.2: method 8, and the first two bytes a multiple of 31. */
const hasZlibHead = (bytes: Buffer): boolean =>
  bytes.length > 1 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;

const bits = { chunkSize: 64 * 1024 };
const zlibDecoder: Decoder = { now: inflateSync, later: () => createInflate(bits) };
const bareDecoder: Decoder = { now: inflateRawSync, later: () => createInflateRaw(bits) };
const gzipDecoder: Decoder = { now: gunzipSync, later: () => createGunzip(bits) };
const decoders: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', gzipDecoder],
  ['br', { now: brotliDecompressSync, later: () => createBrotliDecompress(bits) }],
  ['zstd', { now: zstdDecompressSync, later: () => createZstdDecompress(bits) }],
]);
