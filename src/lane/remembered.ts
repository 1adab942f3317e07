/**
 * What the lane remembers of the requests it has seen, in bounded maps: field blocks as bytes, since a browser sends the same
 * ones each time, and plans by target.
 *
 * Promise: what is remembered is a function of exactly the bytes it is found by, and of the kind of connection they came over;
 * whoever uses it asks whether its configuration is still in force.
 */

import { scanFields, type ScannedFields } from '../http/request-head.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { digestOf, sampleOf } from './digest.ts';
import { type FieldBlock, readFieldBlock } from './field-block.ts';
import type { Plan, Slow } from './plan.ts';
import type { RequestLine } from './request-line.ts';

/** A field block that has been read, and what its requests were found to be. */
export class KnownBlock {
  readonly bytes: Buffer;
  readonly block: Extract<FieldBlock, { kind: 'plain' }>;
  /** By the target's digest, with HEAD apart: of two with the same one the later is kept. */
  readonly get = new Map<number, Plan | Slow>();
  readonly head = new Map<number, Plan | Slow>();
  /** Whether it is among those that are remembered; otherwise nothing is kept with it. */
  isKept = false;
  /** Whether it was found since it was last about to make room. */
  isUsed = false;
  #scanned: ScannedFields | undefined;

  constructor(bytes: Buffer, block: KnownBlock['block']) {
    this.bytes = bytes;
    this.block = block;
  }

  /** What the pipeline reads of its fields. */
  get scanned(): ScannedFields {
    return (this.#scanned ??= scanFields(this.block.fields));
  }

  /** Whether these are its bytes. */
  isAt(bytes: Buffer, from: number, to: number): boolean {
    const own = this.bytes;
    const last = own.length - blankLineBytes - 1;
    // What differs is mostly a cookie, which comes last.
    if (to - from !== own.length || bytes[from + last] !== own[last]) return false;
    return bytes.compare(own, 0, own.length, from, to) === 0;
  }

  planned(line: RequestLine): Plan | Slow | undefined {
    const plan = (line.method === 'GET' ? this.get : this.head).get(line.targetDigest);
    if (plan === undefined || !line.isFor(plan.sentTarget)) return undefined;
    plan.isUsed = true;
    return plan;
  }
}

/** Where a plan is kept. */
type Kept = {
  readonly plan: Plan | Slow;
  readonly plans: Map<number, Plan | Slow>;
  readonly digest: number;
};

const blankLineBytes = 4;
const mostBlocks = 1024;
const mostPassedOver = 16;
const mostGuesses = 4096;
/** Longer ones are read each time. */
const longestBlock = 4096;
const longestTarget = 512;
/** A plan takes about 3 KB, as a view does: one for each view of the memory tier, up to what the process may take beside the store. */
const fewestPlans = 512;
const mostPlans = 16_384;
const bytesForPlan = 16 * 1024;
/** So many plans without room come before one looks for it. */
const oneLooksOf = 4;

/** How many plans go with a memory tier of so many bytes. */
export const plansFor = (memoryBytes: number): number =>
  Math.min(mostPlans, Math.max(fewestPlans, Math.floor(memoryBytes / bytesForPlan)));

/** The blocks and plans of one kind of connection. */
export class Remembered {
  /** By digest: of two with the same one the later is kept. */
  readonly #blocks = new BoundedMap<number, KnownBlock>(mostBlocks);
  /** The block found last of those with the same sample; all are among the blocks. */
  readonly #guesses = new Array<KnownBlock | undefined>(mostGuesses).fill(undefined);
  readonly #mostPlans: number;
  /** All plans; `place` says where each is. A hand goes round over them, and what it finds unused makes room. */
  readonly #kept: (Kept | undefined)[] = [];
  /** Places without a plan. */
  readonly #free: number[] = [];
  #hand = 0;
  #turnedAway = 0;

  constructor(mostPlans: number) {
    this.#mostPlans = mostPlans;
  }

  /** The block that has been read of the very bytes between two places. */
  find(bytes: Buffer, from: number, to: number): KnownBlock | undefined {
    // Of all that a client has sent ahead no digest is taken with each request.
    if (to - from > longestBlock) return undefined;
    const sample = sampleOf(bytes, from, to) % mostGuesses;
    const guess = this.#guesses[sample];
    if (guess?.isAt(bytes, from, to) === true) {
      guess.isUsed = true;
      return guess;
    }
    const known = this.#blocks.get(digestOf(bytes, from, to));
    if (known?.isAt(bytes, from, to) !== true) return undefined;
    this.#guesses[sample] = known;
    return known;
  }

  /** The block with these bytes; `undefined` if it is not plain. */
  blockOf(bytes: Buffer): KnownBlock | undefined {
    const before = this.find(bytes, 0, bytes.length);
    if (before !== undefined) return before;
    const block = readFieldBlock(bytes.toString('latin1'));
    if (block.kind !== 'plain') return undefined;
    // A copy: the bytes are part of what was read from the connection.
    const known = new KnownBlock(Buffer.from(bytes), block);
    if (bytes.length <= longestBlock) this.#keep(known);
    return known;
  }

  /** One with the same digest makes room, or the oldest. A connection may still have it: there it must not hold what nobody counts. */
  #keep(known: KnownBlock): void {
    const digest = digestOf(known.bytes, 0, known.bytes.length);
    const leaving = this.#blocks.get(digest) ?? this.#oldest();
    if (leaving !== undefined) this.#forget(leaving);
    this.#blocks.set(digest, known);
    known.isKept = true;
  }

  #forget(leaving: KnownBlock): void {
    leaving.isKept = false;
    for (const plans of [leaving.get, leaving.head]) {
      for (const { place } of plans.values()) {
        this.#kept[place] = undefined;
        this.#free.push(place);
      }
      plans.clear();
    }
    const sample = sampleOf(leaving.bytes, 0, leaving.bytes.length) % mostGuesses;
    if (this.#guesses[sample] === leaving) this.#guesses[sample] = undefined;
  }

  /** The one not used for longest, if there is no room for another. */
  #oldest(): KnownBlock | undefined {
    if (this.#blocks.size < mostBlocks) return undefined;
    let passedOver = 0;
    for (const [digest, block] of this.#blocks.entries()) {
      if (!block.isUsed || passedOver === mostPassedOver) return block;
      passedOver += 1;
      block.isUsed = false;
      this.#blocks.set(digest, block);
    }
    return undefined;
  }

  /** Keeps a plan, or not: those that are asked for again and again stay, and others come to stay by and by. */
  remember(known: KnownBlock, line: RequestLine, plan: Plan | Slow): void {
    if (plan.sentTarget.length > longestTarget || !known.isKept) return;
    const plans = line.method === 'GET' ? known.get : known.head;
    const digest = line.targetDigest;
    const place = plans.get(digest)?.place ?? this.#room();
    if (place === undefined) return;
    plan.place = place;
    plans.set(digest, plan);
    this.#kept[place] = { plan, plans, digest };
  }

  /** A place for another plan. When all are taken, few that have none look for one: more would drive out what is in use. */
  #room(): number | undefined {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#kept.length < this.#mostPlans) return this.#kept.length;
    this.#turnedAway += 1;
    if (this.#turnedAway % oneLooksOf !== 0) return undefined;
    const place = this.#hand;
    this.#hand = (place + 1) % this.#mostPlans;
    const kept = this.#kept[place];
    if (kept?.plan.isUsed === true) {
      kept.plan.isUsed = false;
      return undefined;
    }
    kept?.plans.delete(kept.digest);
    return place;
  }
}
