/** The recent purges: when, why, of what, and which instances have confirmed them. */

import type { EpochMs, Seconds } from '../../kit/time.ts';
import { maskTarget } from './mask-target.ts';
import type { Purge, Receipt } from '../../store/purge-log.ts';

/** `instances` is `undefined` when the purge could not be confirmed. */
export type PurgeRecord = {
  readonly at: EpochMs;
  readonly purge: Purge;
  readonly instances: Receipt['instances'] | undefined;
  readonly took: Seconds;
};

/** A purge for people. `what` lists some of its tags and prefixes; `more` is the number not listed. */
export type PurgeView = {
  readonly at: string;
  readonly cause: string;
  readonly what: readonly string[];
  readonly everything: boolean;
  readonly more: number;
  readonly soft: boolean;
  readonly instances: Receipt['instances'] | undefined;
  readonly took_ms: number;
};

const kept = 50;
const named = 4;

/** The last purges, the newest first. */
export class RecentPurges {
  readonly #records: PurgeRecord[] = [];

  record(record: PurgeRecord): void {
    this.#records.unshift(record);
    if (this.#records.length > kept) this.#records.pop();
  }

  longestSince(from: EpochMs): Seconds | undefined {
    const recent = this.#records.filter(({ at }) => at >= from).map(({ took }) => took);
    return recent.length === 0 ? undefined : (Math.max(...recent) as Seconds);
  }

  list(): PurgeView[] {
    return this.#records.map(view);
  }
}

function view({ at, purge, instances, took }: PurgeRecord): PurgeView {
  const { tags, prefixes, everything, cause, soft } = purge;
  const all = [
    ...(everything ? ['everything'] : []),
    ...tags,
    ...prefixes.map(({ host, start }) => `${host ?? ''}${start}*`),
  ];
  const what = all.slice(0, named).map((text) => maskTarget(text).slice(0, 120));
  const more = all.length - what.length;
  const took_ms = Math.round(took * 1e6) / 1000;
  return { at: new Date(at).toISOString(), cause, what, everything, more, soft, instances, took_ms };
}
