/**
 * Where evidence waits until nobody does: it is taken up between requests, in order, one body at a turn of the event loop.
 *
 * Promises: what a client waits for costs a place in the queue and no more. However many answers are stored, a bounded number of
 * them is looked at each second. Where there are more, whole pages are left out, by a digest of their paths, so that what is kept
 * shows all looks at a page and all its queries, fields and people.
 */

import { hash } from 'node:crypto';

export type EvidenceQueueOptions = {
  readonly monotonicMs: () => number;
  /** What was to be learned from a piece is lost. */
  readonly onFault: (error: unknown) => void;
};

type Piece = { readonly bytes: number; readonly run: () => void };

/** What may wait. */
const room = { pieces: 1000, bytes: 4 * 1024 * 1024 };
/** What is looked at in a second. */
const budget = { pieces: 100, bytes: 4 * 1024 * 1024 };
const deepest = 12;

/** The queue. */
export class EvidenceQueue {
  readonly #options: EvidenceQueueOptions;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #isTurnDue = false;
  /** One page of 2^depth is looked at. */
  #depth = 0;
  #second = -1;
  #offered = { pieces: 0, bytes: 0 };

  constructor(options: EvidenceQueueOptions) {
    this.#options = options;
  }

  /** The share of pages that is looked at. */
  get share(): number {
    return 1 / 2 ** this.#depth;
  }

  /** Takes in evidence of a page, or leaves it out. `bytes`: how much there is to read. */
  ofPage(path: string, bytes: number, run: () => void): void {
    this.#turnTo(Math.floor(this.#options.monotonicMs() / 1000));
    if (!this.#isSampled(path)) return;
    this.#offered.pieces += 1;
    this.#offered.bytes += bytes;
    if (this.#offered.pieces <= budget.pieces && this.#offered.bytes <= budget.bytes) this.add(bytes, run);
  }

  /** Takes in evidence that is quickly taken up if it has no bytes to read. */
  add(bytes: number, run: () => void): void {
    if (this.#waiting.length >= room.pieces || this.#waitingBytes + bytes > room.bytes) return;
    this.#waiting.push({ bytes, run });
    this.#waitingBytes += bytes;
    this.#plan();
  }

  /** Takes up all that waits: somebody wants to know. */
  finish(): void {
    while (this.#waiting.length > 0) this.#takeUp();
  }

  #plan(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.#takeUp();
      while (this.#waiting[0]?.bytes === 0) this.#takeUp();
      if (this.#waiting.length > 0) this.#plan();
    });
  }

  #takeUp(): void {
    const piece = this.#waiting.shift();
    if (piece === undefined) return;
    this.#waitingBytes -= piece.bytes;
    try {
      piece.run();
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #isSampled(path: string): boolean {
    if (this.#depth === 0) return true;
    const digest = hash('sha256', path, 'buffer').readUInt32BE(0);
    return digest % 2 ** this.#depth === 0;
  }

  /** Fewer pages where there was too much, more where a quarter of the room was used. */
  #turnTo(second: number): void {
    if (second === this.#second) return;
    const { pieces, bytes } = this.#offered;
    const used = Math.max(pieces / budget.pieces, bytes / budget.bytes);
    if (used > 1) this.#depth = Math.min(deepest, this.#depth + Math.ceil(Math.log2(used)));
    else if (used < 0.25 && this.#depth > 0) this.#depth -= 1;
    this.#second = second;
    this.#offered = { pieces: 0, bytes: 0 };
  }
}
