/**
 * What would be stored, if answers were: entries without their bodies, in a memory store of their own.
 *
 * Promises: nobody gets anything from here. In place of a body there is its digest and its size; the bodies themselves are
 * kept of a bounded sample, the latest. An entry counts as what it would take, so that as much is evicted as would be; what
 * it takes here is at most a quarter of that. Where keys are left out, each entry counts as the keys that it stands for.
 */

import { hash, randomBytes } from 'node:crypto';
import type { CacheKey } from '../policy/key/cache-key.ts';
import { MemoryStore } from '../store/memory.ts';
import { type Entry, entryBytes, type Store } from '../store/store.ts';
import { mostCompared } from './compare-bodies.ts';
import { unseenBody } from './recorded-answer.ts';

/** `digest` is `undefined` where the origin did not send the body. */
export type BodyMark = { readonly digest: string | undefined; readonly bytes: number };

export type WouldBeStoreOptions = {
  readonly maxBytes: number;
  readonly onEvict: (key: CacheKey) => void;
  /** How many keys an entry's stands for. */
  readonly weightOf: (key: CacheKey) => number;
};

const digestBytes = 16;
const sizeBytes = 6;
/** Begins each mark; no origin knows it, so no body is taken for a mark. */
const seal = randomBytes(16);
const [digestAt, sizeAt] = [seal.length, seal.length + digestBytes];
const markBytes = sizeAt + sizeBytes;
/** For the bodies of the sample. */
const mostSampled = 8 * 1024 * 1024;
const none = Buffer.alloc(digestBytes);

/** The digest of a body. */
export const digestOf = (body: Buffer): string =>
  hash('sha256', body, 'buffer').toString('base64url', 0, digestBytes);

/** A store whose entries have marks for bodies. */
export class WouldBeStore {
  readonly store: Store;
  readonly #memory: MemoryStore;
  readonly #sample = new Map<string, Buffer>();
  #sampledBytes = 0;

  constructor({ maxBytes, onEvict, weightOf }: WouldBeStoreOptions) {
    const memory = new MemoryStore({
      maxBytes,
      bytesOf: (entry) => weightOf(entry.key) * wouldTake(entry),
      onEvict,
    });
    this.#memory = memory;
    this.store = {
      hasSlowTier: false,
      isDown: false,
      peek: (key) => memory.peek(key),
      get: (key) => memory.get(key),
      put: (entry) => {
        this.#put(entry);
      },
      use: (entry) => {
        memory.use(entry);
      },
      uses: (entry) => memory.uses(entry),
      remove: (entry) => {
        memory.remove(entry);
      },
      applyLifetimes: () => undefined,
      entries: () => [],
      subjects: () => [],
      inForce: () => undefined,
      size: () => memory.size(),
    };
  }

  /** The body with this digest, if the sample has it. */
  sampled(digest: string): Buffer | undefined {
    return this.#sample.get(digest);
  }

  size(): { readonly entries: number; readonly bytes: number; readonly sampledBytes: number } {
    return { ...this.#memory.size(), sampledBytes: this.#sampledBytes };
  }

  #put(entry: Entry): void {
    const isMarked = markOf(entry).digest !== undefined;
    // A 304 renews an entry of this store, whose body is a mark already.
    if (isMarked && this.#memory.peek(entry.key).some(({ body }) => body.equals(entry.body))) {
      this.#memory.put(entry);
      return;
    }
    const mark = Buffer.alloc(markBytes);
    seal.copy(mark);
    if (!entry.body.equals(unseenBody)) {
      const digest = digestOf(entry.body);
      mark.write(digest, digestAt, 'base64url');
      this.#keep(digest, entry.body);
      mark.writeUIntBE(entry.body.length, sizeAt, sizeBytes);
    }
    this.#memory.put({ ...entry, body: mark });
  }

  #keep(digest: string, body: Buffer): void {
    if (body.length > mostCompared || this.#sample.has(digest)) return;
    this.#sample.set(digest, Buffer.from(body));
    this.#sampledBytes += body.length;
    for (const [oldest, { length }] of this.#sample) {
      if (this.#sampledBytes <= mostSampled) return;
      this.#sample.delete(oldest);
      this.#sampledBytes -= length;
    }
  }
}

/** The digest of an entry's body, which may be a mark; `undefined`: nobody has seen the body. */
export function digestIn(entry: Pick<Entry, 'body'>): string | undefined {
  const { body } = entry;
  return isMark(body) ? markOf(entry).digest : body.equals(unseenBody) ? undefined : digestOf(body);
}

const isMark = (body: Buffer): boolean =>
  body.length === markBytes && body.subarray(0, digestAt).equals(seal);

/** What stands in an entry of this store for its body. */
export function markOf({ body }: Pick<Entry, 'body'>): BodyMark {
  const digest = body.subarray(digestAt, sizeAt);
  const isKnown = isMark(body) && !digest.equals(none);
  if (!isKnown) return { digest: undefined, bytes: 0 };
  return { digest: digest.toString('base64url'), bytes: body.readUIntBE(sizeAt, sizeBytes) };
}

function wouldTake(entry: Entry): number {
  const own = entryBytes(entry);
  return Math.max(own - entry.body.length + markOf(entry).bytes, 4 * own);
}
