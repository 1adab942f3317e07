/**
 * What the lane remembers of the requests it has seen, in bounded maps: field blocks as bytes, since a browser sends the same
 * ones each time, and plans by target.
 *
 * Promise: what is remembered is a function of exactly the bytes it is found by, and of the kind of connection they came over;
 * whoever uses it asks whether its configuration is still in force.
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import { type FieldBlock, readFieldBlock } from './field-block.ts';
import type { Plan, Slow } from './plan.ts';

/** A field block that has been read, and what its requests were found to be. */
export class KnownBlock {
  readonly bytes: Buffer;
  readonly block: Extract<FieldBlock, { kind: 'plain' }>;
  /** By target, with HEAD apart. */
  readonly get = new Map<string, Plan | Slow>();
  readonly head = new Map<string, Plan | Slow>();
  /** Whether it is among those that are remembered; otherwise nothing is kept with it. */
  isKept = false;

  constructor(bytes: Buffer, block: KnownBlock['block']) {
    this.bytes = bytes;
    this.block = block;
  }

  planned(method: string, target: string): Plan | Slow | undefined {
    return (method === 'GET' ? this.get : this.head).get(target);
  }

  /** Drops its plans; gives how many there were. */
  clear(): number {
    const plans = this.get.size + this.head.size;
    this.get.clear();
    this.head.clear();
    return plans;
  }
}

const mostBlocks = 1024;
/** Longer ones are read each time. */
const longestBlock = 4096;
const longestTarget = 512;
/** A plan takes about 3 KB: what the process may take beside the store is for more than these. */
const fewestPlans = 512;
const mostPlans = 16_384;
const bytesForPlan = 32 * 1024;

/** How many plans go with a memory tier of so many bytes. */
export const plansFor = (memoryBytes: number): number =>
  Math.min(mostPlans, Math.max(fewestPlans, Math.floor(memoryBytes / bytesForPlan)));

/** The blocks and plans of one kind of connection. */
export class Remembered {
  readonly #blocks = new BoundedMap<string, KnownBlock>(mostBlocks);
  readonly #mostPlans: number;
  #plans = 0;

  constructor(mostPlans: number) {
    this.#mostPlans = mostPlans;
  }

  /** The block with these bytes; `undefined` if it is not plain. */
  blockOf(bytes: Buffer): KnownBlock | undefined {
    const text = bytes.toString('latin1');
    const before = this.#blocks.get(text);
    if (before !== undefined) return before;
    const block = readFieldBlock(text);
    if (block.kind !== 'plain') return undefined;
    // A copy: the bytes are part of what was read from the connection.
    const known = new KnownBlock(Buffer.from(bytes), block);
    if (text.length <= longestBlock) this.#keep(text, known);
    return known;
  }

  /** The oldest makes room. A connection may still have it: there it must not hold what nobody counts. */
  #keep(text: string, known: KnownBlock): void {
    const [oldest] = this.#blocks.entries();
    if (oldest !== undefined && this.#blocks.size >= mostBlocks) {
      oldest[1].isKept = false;
      this.#plans -= oldest[1].clear();
    }
    this.#blocks.set(text, known);
    known.isKept = true;
  }

  /** Keeps a plan. When there are too many, all are made anew as they are needed. */
  remember(
    known: KnownBlock,
    { method, target }: { method: string; target: string },
    plan: Plan | Slow,
  ): void {
    if (target.length > longestTarget || !known.isKept) return;
    if (this.#plans >= this.#mostPlans) {
      for (const [, block] of this.#blocks.entries()) block.clear();
      this.#plans = 0;
    }
    const plans = method === 'GET' ? known.get : known.head;
    if (!plans.has(target)) this.#plans += 1;
    plans.set(target, plan);
  }
}
