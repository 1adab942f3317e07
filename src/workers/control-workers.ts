/** What the control API does, carried out by the workers. */

import type { Logger } from 'pino';
import { joinLists, type Listing, type Shown } from '../control/entries.ts';
import type { Explain } from '../control/explain.ts';
import { notAppended, type PurgeStored } from '../control/purge.ts';
import type { OpenStore } from '../store/opened-store.ts';
import type { OnAppended } from '../store/purge-log.ts';
import type { Worker } from './crew.ts';
import type { PurgeOrder } from './purge-order.ts';

type Workers = () => readonly Worker[];

type PurgingAll = {
  readonly workers: Workers;
  readonly order: Pick<PurgeOrder, 'append'>;
  readonly onAppended: OnAppended;
  readonly hasRedis: boolean;
};

/** Purges what all workers have stored; `matched` counts every copy in memory, and with Redis what only that has. */
export function purgeAll({ workers, order, onAppended, hasRedis }: PurgingAll): PurgeStored {
  let lastId = 0;
  return async (asked) => {
    lastId += 1;
    const id = lastId;
    const all = workers();
    // Sent before the purge, so that each worker counts what it has until then.
    const counting = Promise.all(all.map(({ link }) => link.ask('count', { ...asked, id })));
    const appended = asked.dryRun ? undefined : order.append(asked.purge);
    if (appended !== undefined) onAppended(asked.purge, appended);
    const receipt = (await appended) ?? notAppended;
    const counts = await counting;
    const met = {
      matched: counts.reduce((sum, count) => sum + (count?.matched ?? 0), 0),
      isWhole: counts.every((count) => count !== undefined),
    };
    if (!hasRedis) return { receipt, ...met };
    if (met.matched > 0 && !asked.dryRun) return { receipt, ...met, isWhole: false };
    const known = counts.flatMap((count) => count?.names ?? []);
    const more = await all[0]?.link.ask('count-elsewhere', { id, known });
    return {
      receipt,
      matched: met.matched + (more?.matched ?? 0),
      isWhole: met.isWhole && more?.isWhole === true,
    };
  };
}

/** Lists what all workers have stored, and with Redis what only that has. */
export const listAll =
  (workers: Workers, hasRedis: boolean): Listing['list'] =>
  async (sought) => {
    const all = workers();
    const lists = await Promise.all(all.map(({ link }) => link.ask('entries', sought)));
    const known = lists.flatMap((list) => list?.names ?? []);
    const elsewhere = hasRedis ? [await all[0]?.link.ask('entries-elsewhere', { sought, known })] : [];
    return joinLists([...lists, ...elsewhere].map((list) => list ?? nothingKnown));
  };

const nothingKnown: Shown = { total: 0, complete: false, entries: [] };

/** What the primary keeps in Redis for the instance, by way of a worker. */
export function upkeepOf(workers: Workers, author: string): Required<Pick<OpenStore, 'notes' | 'lease'>> {
  const answered = async <T>(answer: Promise<T | undefined> | undefined): Promise<T> => {
    const given = await answer;
    if (given === undefined) throw new Error('Redis is away');
    return given;
  };
  const one = (): Worker['link'] | undefined => workers()[0]?.link;
  return {
    // As without Redis: once too often is better than never.
    lease: { acquire: async (name, duration) => (await one()?.ask('lease', { name, duration })) ?? true },
    notes: {
      author,
      write: (subject, text, keptFor) => answered(one()?.ask('note', { subject, text, keptFor })),
      read: (subject) => answered(one()?.ask('notes', subject)),
    },
  };
}

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

/** Gives all the configuration of this text, one after the other, so that never all are busy with it. */
export async function reloadAll(workers: readonly Worker[], text: string, log: Logger): Promise<void> {
  for (const { link, number } of workers) {
    const result = await link.ask('reload', text);
    if (result !== 'applied') log.error({ worker: number, result }, 'worker did not take the configuration');
  }
}
