/** What the control API does, carried out by the workers. */

import { joinLists, type Listing } from '../control/entries.ts';
import type { Explain } from '../control/explain.ts';
import { notAppended, type PurgeStored } from '../control/purge.ts';
import type { OnAppended } from '../store/purge-log.ts';
import type { Worker } from './crew.ts';
import type { PurgeOrder } from './purge-order.ts';

type Workers = () => readonly Worker[];

/** Purges what all workers have stored; `matched` counts every copy. */
export const purgeAll =
  (workers: Workers, order: PurgeOrder, onAppended: OnAppended): PurgeStored =>
  async (asked) => {
    // Sent before the purge, so that each worker counts what it has until then.
    const counting = Promise.all(workers().map(({ link }) => link.ask('count', asked)));
    const appended = asked.dryRun ? undefined : order.append(asked.purge);
    if (appended !== undefined) onAppended(asked.purge, appended);
    const receipt = (await appended) ?? notAppended;
    const counts = await counting;
    return {
      receipt,
      matched: counts.reduce((sum, met) => sum + (met?.matched ?? 0), 0),
      isWhole: counts.every((met) => met?.isWhole === true),
    };
  };

/** Lists what all workers have stored. */
export const listAll =
  (workers: Workers): Listing['list'] =>
  async (sought) => {
    const lists = await Promise.all(workers().map(({ link }) => link.ask('entries', sought)));
    return joinLists(lists.map((list) => list ?? { total: 0, complete: false, entries: [] }));
  };

/** Explains as a worker would answer now: one that has something stored for the request, if any has. */
export const explainByOne =
  (workers: Workers): Explain =>
  async (question) => {
    const all = await Promise.all(workers().map(({ link }) => link.ask('explain', question)));
    const explained = all.filter((result) => result !== undefined);
    const isHit = (result: (typeof explained)[number]): boolean =>
      result.kind === 'explained' && result.explanation.verdict.kind === 'hit';
    const result = explained.find(isHit) ?? explained[0];
    if (result === undefined) throw new Error('no worker is ready');
    return result;
  };
