/**
 * Which worker fetches what none has, and which has what another wants. The primary keeps it.
 *
 * Promises: one worker at a time fetches a key; those who wait are told when it has stored it, has found that it is not for
 * others, starts no fetch, or has ended. Nobody waits longer than `longestMs` for one. A key that was waited for in vain,
 * because its answer is not for others, is not waited for for a while. Memory is bounded.
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { SoughtKey, Wanted } from '../store/sibling-store.ts';

export type FillBoardOptions = {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Asks a worker for what it has; `undefined`: it is gone. */
  readonly give: (worker: string, sought: SoughtKey) => Promise<readonly Uint8Array[] | undefined>;
  readonly later: (delayMs: number, action: () => void) => () => void;
};

type Fill = { readonly by: string; readonly sinceMs: number; readonly waiting: (() => void)[] };

const fetchIt: Wanted = { kind: 'fetch' };
const longestMs = 10_000;
const hopelessMs = 30_000;
const most = { known: 50_000, hopeless: 20_000, fills: 10_000 };
/** The first that fetches, and one more if that brings nothing. */
const rounds = 2;

/** The fills of all workers. */
export class FillBoard {
  readonly #options: FillBoardOptions;
  readonly #fills = new Map<CacheKey, Fill>();
  /** Who has stored a key, the last one first. */
  readonly #holders = new BoundedMap<CacheKey, readonly string[]>(most.known);
  readonly #hopeless = new BoundedMap<CacheKey, number>(most.hopeless);

  constructor(options: FillBoardOptions) {
    this.#options = options;
  }

  async want(worker: string, sought: SoughtKey): Promise<Wanted> {
    const { key } = sought;
    for (let round = 0; round < rounds; round += 1) {
      const given = await this.#fromHolders(worker, sought);
      if (given !== undefined) return given;
      const nowMs = this.#options.clock.monotonicMs();
      if ((this.#hopeless.get(key) ?? 0) > nowMs) return fetchIt;
      const fill = this.#fills.get(key);
      const isFree = fill === undefined || fill.by === worker || nowMs - fill.sinceMs >= longestMs;
      if (isFree) {
        this.#lead(key, { by: worker, sinceMs: nowMs, waiting: fill?.waiting ?? [] });
        return fetchIt;
      }
      await this.#endOf(fill, longestMs - (nowMs - fill.sinceMs));
    }
    return (await this.#fromHolders(worker, sought)) ?? fetchIt;
  }

  onFilled(worker: string, key: CacheKey): void {
    this.#holders.set(key, [worker, ...this.#holdersBut(worker, key)]);
    this.#hopeless.delete(key);
    this.#end(key, worker);
  }

  onAbandoned(worker: string, key: CacheKey): void {
    const fill = this.#fills.get(key);
    if (fill?.by !== worker) return;
    if (fill.waiting.length > 0) this.#hopeless.set(key, this.#options.clock.monotonicMs() + hopelessMs);
    this.#end(key, worker);
  }

  onReleased(worker: string, key: CacheKey): void {
    this.#end(key, worker);
  }

  leave(worker: string): void {
    for (const [key, holders] of this.#holders.entries())
      if (holders.includes(worker)) this.#holders.set(key, this.#holdersBut(worker, key));
    for (const [key, { by }] of this.#fills) if (by === worker) this.#end(key, worker);
  }

  #lead(key: CacheKey, fill: Fill): void {
    if (this.#fills.has(key) || this.#fills.size < most.fills) this.#fills.set(key, fill);
  }

  async #fromHolders(worker: string, sought: SoughtKey): Promise<Wanted | undefined> {
    const others = this.#holdersBut(worker, sought.key);
    if (others.length === 0) return undefined;
    const given = await Promise.all(others.map((holder) => this.#options.give(holder, sought)));
    const packed = given.flatMap((one) => one ?? []);
    return packed.length > 0 ? { kind: 'entries', packed } : undefined;
  }

  #holdersBut(worker: string, key: CacheKey): readonly string[] {
    return (this.#holders.get(key) ?? []).filter((holder) => holder !== worker);
  }

  #end(key: CacheKey, worker: string): void {
    const fill = this.#fills.get(key);
    if (fill?.by !== worker) return;
    this.#fills.delete(key);
    for (const tell of fill.waiting) tell();
  }

  #endOf({ waiting }: Fill, limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.later(limitMs, resolve);
      waiting.push(() => {
        cancel();
        resolve();
      });
    });
  }
}
