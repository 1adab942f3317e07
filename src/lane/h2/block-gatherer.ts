/** Puts field blocks together from HEADERS and CONTINUATION frames (RFC 9113 §6.2, §6.10; pure). */

import { codes, type ErrorCode, flags, headBytes, numberAt, streamAt } from './frames.ts';

/** A whole block. */
export type Block = {
  readonly stream: number;
  readonly endsStream: boolean;
  /** RFC 9113 §5.3.2: the five bytes of a priority, as they were sent; mostly none. */
  readonly priority: Buffer | undefined;
  readonly bytes: Buffer;
};

/** More of a block is not taken: it would mean far more than a head may hold. */
const mostBytes = 64 * 1024;
/** As nghttp2 has it (CVE-2024-27983). */
const mostContinuations = 8;
const priorityBytes = 5;

type Begun = Omit<Block, 'bytes'> & { readonly parts: Buffer[]; size: number };

/** The blocks of one connection. */
export class BlockGatherer {
  #begun: Begun | undefined;

  /** A block has begun: nothing but its continuations may follow. */
  get isWithin(): boolean {
    return this.#begun !== undefined;
  }

  /** Takes a HEADERS frame; `undefined`: its block is not whole. */
  headers(bytes: Buffer, at: number, end: number): Block | ErrorCode | undefined {
    const flagged = bytes[at + 4] ?? 0;
    let from = at + headBytes;
    let to = end;
    if ((flagged & flags.padded) !== 0) {
      to -= bytes[from] ?? 0;
      from += 1;
    }
    const hasPriority = (flagged & flags.priority) !== 0;
    const priority = hasPriority ? Buffer.from(bytes.subarray(from, from + priorityBytes)) : undefined;
    if (hasPriority) from += priorityBytes;
    if (from > to) return codes.protocol;
    const stream = streamAt(bytes, at);
    // RFC 9113 §5.3.1 of its predecessor: a stream that depends on itself.
    if (priority !== undefined && numberAt(priority, 0) === stream) return codes.protocol;
    const head = { stream, endsStream: (flagged & flags.endStream) !== 0, priority };
    if ((flagged & flags.endHeaders) !== 0) return { ...head, bytes: bytes.subarray(from, to) };
    this.#begun = { ...head, parts: [Buffer.from(bytes.subarray(from, to))], size: to - from };
    return undefined;
  }

  /** Takes a CONTINUATION frame. */
  continuation(bytes: Buffer, at: number, end: number): Block | ErrorCode | undefined {
    const begun = this.#begun;
    if (begun?.stream !== streamAt(bytes, at)) return codes.protocol;
    const part = bytes.subarray(at + headBytes, end);
    begun.size += part.length;
    if (begun.size > mostBytes || begun.parts.length > mostContinuations) return codes.calm;
    begun.parts.push(Buffer.from(part));
    if (((bytes[at + 4] ?? 0) & flags.endHeaders) === 0) return undefined;
    this.#begun = undefined;
    const { stream, endsStream, priority, parts } = begun;
    return { stream, endsStream, priority, bytes: Buffer.concat(parts) };
  }
}
