/** Workers with Redis: what one appends holds at the others at once, whether Redis answers or not. */

import t, { type Test } from 'tap';
import { ToldWorkers } from '../../../src/store/log/told-workers.ts';
import type { PlacedPurge } from '../../../src/store/log/worker-purge-log.ts';
import { everythingPurge } from '../../../src/store/log/log-record.ts';
import type { Position, Receipt } from '../../../src/store/purge-log.ts';
import { LearnedSessionMap } from '../../../src/store/learned-sessions.ts';
import type { Joined, ToPrimary, ToPrimaryLink } from '../../../src/workers/messages.ts';
import { PurgeOrder } from '../../../src/workers/purge-order.ts';
import { createWorkerLogs } from '../../../src/workers/worker-logs.ts';
import { eventually } from '../../helpers/eventually.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { entryBut, tagsOf } from '../entry.ts';
import { type Instance, isUp, openInstance, purgeOf } from '../instance.ts';

/** A primary that has the workers given record its own purges. */
function primaryOf() {
  const recording: { record: (placed: PlacedPurge) => Promise<Receipt | undefined> }[] = [];
  const order: PurgeOrder = new PurgeOrder(async (placed) => {
    for (const worker of recording) {
      const receipt = await worker.record(placed);
      if (receipt !== undefined) return receipt.instances;
    }
    throw new Error('no worker');
  });
  return { order, recording };
}

type Primary = ReturnType<typeof primaryOf>;
type Worker = Instance & { readonly isCurrent: (asOf: Position, tag: string) => boolean };

/** A worker whose channel has no delay, as it joins. */
async function workerOf(t: Test, { order, recording }: Primary, name: string, url: string): Promise<Worker> {
  const hear = (message: ToPrimary): void => {
    if (message.kind === 'purges') order.place(name, message.purges);
    if (message.kind === 'recorded' && 'own' in message.which) order.onRecorded(name, message.which.own);
    if (message.kind === 'recorded' && 'seq' in message.which) order.onPlacedRecorded(message.which.seq);
  };
  const link = { send: (message: ToPrimary) => setImmediate(hear, message) };
  const log = order.join({
    name,
    onPlaced: (purges) => {
      logs.take({ kind: 'placed', purges });
      setImmediate(() => {
        order.acknowledge(name, purges.at(-1)?.seq ?? 0);
      });
    },
    onSettled: (own, workers) => {
      logs.take({ kind: 'settled', own, workers });
    },
    onRecorded: (recorded) => {
      logs.take({ kind: 'recorded', recorded });
    },
  });
  const joined: Joined = {
    kind: 'joined',
    log,
    decided: { quarantined: [], rollouts: new Map() },
    learned: [],
  };
  const logs = createWorkerLogs(
    { name, joined, onForeign: () => undefined },
    link as unknown as ToPrimaryLink,
  );
  const near = new LearnedSessionMap();
  const shared = { reader: `${order.id}/${name}`, instance: order.id, isFirst: false, near };
  const opened = await openInstance(t, {
    url,
    shared: { ...shared, ...logs, learned: (known) => known },
  });
  recording.push(logs);
  return {
    ...opened,
    isCurrent: (asOf, tag) =>
      opened.purgeLog.verdict(entryBut({ asOf, tags: tagsOf(tag) })).kind === 'current',
  };
}

const both = { known: 2, acknowledged: 2 };

t.test(
  '17.1: a purge holds at all workers when its append resolves, and others see one instance',
  async (t) => {
    const redis = await redisServer(t);
    const primary = primaryOf();
    const [a, b] = [await workerOf(t, primary, 'a', redis.url), await workerOf(t, primary, 'b', redis.url)];
    const other = await openInstance(t, { url: redis.url });
    for (const one of [a, b, other]) await isUp(one);
    const before = b.purgeLog.position();
    await eventually('the other is known', async () => (await a.purge('w')).instances.known === 2);
    t.match(await a.purgeLog.append(purgeOf(tagsOf('x'), { cause: 'api' })), {
      instances: both,
      workers: both,
    });
    t.notOk(b.isCurrent(before, 'x'));
    await eventually('nothing is held any more', () => b.purgeLog.position().own === undefined);
    t.notOk(b.isCurrent(before, 'x'), 'it is in the log');
    t.strictSame((await other.purge('y')).instances.known, 2, 'two workers are one instance');
    t.match(await primary.order.append(purgeOf(tagsOf('z'))), { workers: both });
    await eventually('the other reads what the primary has one record', () => {
      return other.purgeLog.verdict(entryBut({ asOf: before, tags: tagsOf('z') })).kind === 'purged';
    });
  },
);

t.test(
  '17.1: while Redis is away purges hold at all workers, also at one that joins, and none is lost',
  async (t) => {
    const redis = await redisServer(t);
    const primary = primaryOf();
    const [a, b] = [await workerOf(t, primary, 'a', redis.url), await workerOf(t, primary, 'b', redis.url)];
    const other = await openInstance(t, { url: redis.url });
    for (const one of [a, b, other]) await isUp(one);
    const before = b.purgeLog.position();
    redis.freeze();
    t.match(await a.purge('x'), { workers: both });
    t.notOk(b.isCurrent(before, 'x'));
    t.ok(b.isCurrent(before, 'y'));
    const c = await workerOf(t, primary, 'c', redis.url);
    const unread = { log: c.purgeLog.position().log, seq: 0 };
    t.strictSame([c.isCurrent(unread, 'x'), c.isCurrent(unread, 'y')], [false, true]);
    // The worker that has the purge ends: the primary purges everything in its place.
    primary.order.leave('a');
    primary.recording.shift();
    void primary.order.append(everythingPurge);
    await a.close();
    await eventually('it holds', () => !b.isCurrent(before, 'y'));
    redis.thaw();
    await eventually('nothing is held any more', () => b.purgeLog.position().own === undefined);
    await eventually('the same at the one that joined', () => c.purgeLog.position().own === undefined);
    t.notOk(b.isCurrent(before, 'y'), 'it is in the log');
    await eventually('the other instance reads it', () => {
      return other.purgeLog.verdict(entryBut({ asOf: before, tags: tagsOf('y') })).kind === 'purged';
    });
  },
);

t.test('17.1: each purge is settled and recorded by its own number', async (t) => {
  const sent: number[] = [];
  const recorded: number[] = [];
  const told = new ToldWorkers({
    send: (purges) => sent.push(...purges.map(({ own }) => own)),
    onRecorded: (own) => recorded.push(own),
  });
  const first = told.tell(everythingPurge, { nonce: 'a', recorded: new Promise(() => undefined) });
  const second = told.tell(everythingPurge, { nonce: 'b', recorded: Promise.resolve() });
  told.onSettled(2, both);
  t.strictSame(await second, both);
  told.onSettled(1, both);
  await first;
  t.strictSame([sent, recorded], [[1, 2], [2]]);
});
