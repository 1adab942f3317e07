/**
 * Asks for each of many pages once, over some connections: as fast as answers come, or at a given rate.
 *
 * At a rate, a request that is due while every connection waits for its answer waits as well, and that counts: a server
 * that falls behind shows it.
 */
import { Asker, isHit } from './asker.ts';
import { browserFields, requestText } from './browser.ts';
import { percentile } from './percentile.ts';
import { serveTasks } from './worker.ts';

/** Pages `prefix`0, `prefix`1, …; `perSecond` absent: no pause. */
export type Walk = {
  readonly url: string;
  readonly prefix: string;
  readonly count: number;
  readonly connections: number;
  readonly perSecond?: number;
};

export type Walked = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that say they came from the store, and answers other than 200. */
  readonly hits: number;
  readonly wrong: number;
  /** Bytes of all bodies. */
  readonly bytes: number;
};

serveTasks(async ({ url, prefix, count, connections, perSecond }: Walk): Promise<Walked> => {
  const askers = await Promise.all(Array.from({ length: connections }, () => Asker.open(url)));
  const fields = browserFields('www.example.org');
  const requests = Array.from({ length: count }, (_, at) =>
    Buffer.from(requestText({ method: 'GET', target: `${prefix}${at}`, fields }), 'latin1'),
  );
  const times = new Float64Array(count);
  const result = { hits: 0, wrong: 0, bytes: 0 };
  const ask = async (asker: Asker, at: number, dueMs: number): Promise<void> => {
    const answer = await asker.ask(requests[at] ?? '');
    times[at] = performance.now() - dueMs;
    if (isHit(answer)) result.hits += 1;
    if (!answer.head.startsWith('HTTP/1.1 200')) result.wrong += 1;
    result.bytes += answer.bodyBytes;
  };
  const started = performance.now();
  await (perSecond === undefined ? eachAtOnce(askers, count, ask) : paced(askers, { count, perSecond, ask }));
  const elapsedMs = performance.now() - started;
  for (const asker of askers) asker.close();
  return {
    perSecond: (count / elapsedMs) * 1000,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    ...result,
  };
});

type Ask = (asker: Asker, at: number, dueMs: number) => Promise<void>;

async function eachAtOnce(askers: readonly Asker[], count: number, ask: Ask): Promise<void> {
  let next = 0;
  const keepAsking = async (asker: Asker): Promise<void> => {
    while (next < count) await ask(asker, next++, performance.now());
  };
  await Promise.all(askers.map(keepAsking));
}

type Pace = { readonly count: number; readonly perSecond: number; readonly ask: Ask };

/** A timer is a millisecond exact at best: what became due since the last is asked for together. */
async function paced(askers: readonly Asker[], { count, perSecond, ask }: Pace): Promise<void> {
  const idle = [...askers];
  const due: { readonly at: number; readonly dueMs: number }[] = [];
  const asked: Promise<void>[] = [];
  const startSome = (): void => {
    while (due.length > 0 && idle.length > 0) {
      const asker = idle.pop();
      const next = due.shift();
      if (asker === undefined || next === undefined) return;
      const done = ask(asker, next.at, next.dueMs).then(() => {
        idle.push(asker);
        startSome();
      });
      asked.push(done);
    }
  };
  const startedMs = performance.now();
  for (let at = 0; at < count;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const nowMs = performance.now();
    const owed = Math.min(count, Math.floor(((nowMs - startedMs) / 1000) * perSecond));
    while (at < owed) due.push({ at: at++, dueMs: nowMs });
    startSome();
  }
  while (asked.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  await Promise.all(asked);
}
