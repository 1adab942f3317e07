/**
 * Bodies kept as they come, to be stored when they are whole. Beside the store they take a bounded number of bytes
 * (DESIGN §3.10, CONTRACT §5). What finds no room is delivered at its client's pace, and not stored this time.
 */

import { combinedValue } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import type { BodyRoom } from '../exchange/exchange.ts';
import type { Reply } from '../exchange/reply.ts';

/** For all bodies kept at once, and once more for what clients have not taken of those that are whole. */
const mostBytes = 8 * 1024 * 1024;

/** A body to be kept for a store whose entries may be `limit` bytes. */
export function keptBodyFor(room: BodyRoom, { limit, fields }: { limit: number; fields: Fields }): KeptBody {
  const told = Number(combinedValue(fields, 'content-length'));
  return new KeptBody(room, { limit, told: told > 0 && told <= limit ? told : 0 });
}

/** Where the head has told how many bytes there will be, they go where they are to stay. */
export class KeptBody {
  readonly #room: BodyRoom;
  readonly #limit: number;
  readonly #place: Buffer;
  #placed = 0;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(room: BodyRoom, { limit, told }: { readonly limit: number; readonly told: number }) {
    this.#room = room;
    this.#limit = limit;
    // One of its own: slices of a pool would keep the pool alive as long as the entry.
    this.#place = Buffer.allocUnsafeSlow(told);
  }

  /**
   * Adds a piece, and says whether it may be kept on; if not, the pieces so far are still there. `isTaken`: the client has
   * taken what came so far. `isForOne`: nobody else waits.
   */
  add(
    chunk: Buffer,
    { isTaken, isForOne }: { readonly isTaken: boolean; readonly isForOne: boolean },
  ): 'kept' | 'too-large' | 'no-room' {
    if (this.#bytes + chunk.length <= this.#place.length)
      this.#placed += chunk.copy(this.#place, this.#bytes);
    else this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    this.#room.kept += chunk.length;
    if (this.#bytes > this.#limit) return 'too-large';
    const { kept, unsent } = this.#room;
    const most = Math.max(mostBytes, 2 * this.#limit);
    const hasRoom = kept <= most && (isTaken || unsent <= most);
    // For others it is kept all the same: each of them would fetch for itself.
    return hasRoom || !isForOne ? 'kept' : 'no-room';
  }

  get chunks(): readonly Buffer[] {
    return [this.#place.subarray(0, this.#placed), ...this.#pieces];
  }

  whole(): Buffer {
    if (this.#placed === this.#bytes && this.#placed === this.#place.length) return this.#place;
    const body = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const chunk of this.chunks) at += chunk.copy(body, at);
    return body;
  }

  /** To be called once. What its client has not taken yet stays in memory until it has. */
  free(client: Pick<Reply, 'unsentBytes' | 'onOver'>): void {
    this.#room.kept -= this.#bytes;
    this.#pieces = [];
    const unsent = client.unsentBytes;
    if (unsent === 0) return;
    this.#room.unsent += unsent;
    client.onOver(() => {
      this.#room.unsent -= unsent;
    });
  }
}
