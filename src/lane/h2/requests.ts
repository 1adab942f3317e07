/**
 * The requests of one connection: field blocks, read, and as the lane knows requests. The last ones are remembered, since a
 * browser's next request for the same is the same block.
 *
 * Promise: a block is found again only while the dynamic table is what it was when the block was read, and did not change it.
 */

import type { KnownBlock, Remembered } from '../remembered.ts';
import { RequestLine } from '../request-line.ts';
import { HpackReader, type ReadFields } from './hpack-reader.ts';
import { plainHeadOf } from './plain-head.ts';

/** A request that the lane may answer: its line, within `text`, and the fields. */
export type PlainHead = { readonly text: Buffer; readonly known: KnownBlock };

export type ReadBlock = ReadFields & {
  /** Absent: node:http2's. */
  readonly head: PlainHead | undefined;
  /** The block as node:http2 is given it, once it was. */
  forNode: Buffer | undefined;
};

type Seen = { readonly block: Buffer; readonly version: number; readonly read: ReadBlock };

const mostSeen = 8;
/** Longer blocks are read each time, and those that mean more. */
const longestSeen = 512;
const mostSeenBytes = 2048;
const line = new RequestLine();

/** The requests. */
export class Requests {
  readonly #reader = new HpackReader();
  readonly #remembered: Remembered;
  readonly #isEncrypted: boolean;
  /** A ring. */
  readonly #seen: Seen[] = [];
  #next = 0;

  constructor(remembered: Remembered, isEncrypted: boolean) {
    this.#remembered = remembered;
    this.#isEncrypted = isEncrypted;
  }

  /** Reads a block; `undefined`: it breaks the rules of its coding. */
  read(block: Buffer): ReadBlock | undefined {
    const before = this.#find(block);
    if (before !== undefined) return before;
    const { version } = this.#reader;
    const fields = this.#reader.read(block);
    if (fields === undefined) return undefined;
    const read = { ...fields, head: this.#headOf(fields), forNode: undefined };
    const isSmall = block.length <= longestSeen && fields.bytes <= mostSeenBytes;
    if (isSmall && version === this.#reader.version) this.#keep(block, read);
    return read;
  }

  #find(block: Buffer): ReadBlock | undefined {
    const { version } = this.#reader;
    for (const seen of this.#seen) {
      if (seen.version !== version || seen.block.length !== block.length) continue;
      // A head that is no longer remembered holds no plan.
      if (seen.block.equals(block)) return seen.read.head?.known.isKept === false ? undefined : seen.read;
    }
    return undefined;
  }

  #keep(block: Buffer, read: ReadBlock): void {
    this.#seen[this.#next] = { block: copyOf(block), version: this.#reader.version, read };
    this.#next = (this.#next + 1) % mostSeen;
  }

  #headOf(fields: ReadFields): PlainHead | undefined {
    const written = plainHeadOf(fields, this.#isEncrypted);
    if (written === undefined) return undefined;
    const text = Buffer.from(written, 'latin1');
    if (line.scan(text, 0) !== 'line') return undefined;
    const known = this.#remembered.blockOf(text.subarray(line.end));
    return known && { text: copyOf(text.subarray(0, line.end)), known };
  }
}

/** A copy by itself: one from Node's pool would keep all that lies beside it. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
