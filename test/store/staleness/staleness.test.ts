/**
 * Read after acknowledged write, no going back, no future, isolation, integrity, convergence: checked over what clients saw,
 * with one proxy and two, with and without failures. The check itself is tested on proxies broken on purpose.
 */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import type { RunningServer } from '../../../src/server.ts';
import {
  type Bounds,
  type BrokenPromise,
  brokenPromises,
  type Operation,
  type Outage,
  type PromiseName,
} from './history.ts';
import { lagMs, openWorld, type World, type WorldOptions } from './world.ts';

/** What a busy machine adds before a purge is read. */
const slackMs = 500;
const fallbackMs = 500;
/** A queued purge waits for the next probe, which is at most 2 s away. */
const replayMs = 2500;

const users = ['ann', 'bob', 'cem'];

/** What must meet, once, through every instance. */
async function meetAll({ proxies, meet }: World): Promise<void> {
  for (const user of users) {
    for (const instance of proxies.keys()) await meet(user, instance);
  }
}

/** Clients at work until `during` is over and enough was read. */
async function run(world: World, during: () => Promise<void>): Promise<void> {
  let isOver = false;
  const { proxies, history } = world;
  const clients = users.flatMap((user) =>
    // Two for each, so that fetches and writes of one page cross.
    [...proxies.keys(), ...proxies.keys()].map((instance) =>
      world.client({ user, instance, isOver: () => isOver }),
    ),
  );
  const enough = history.length + 400;
  await during();
  await eventually('enough was seen', () => history.length > enough);
  isOver = true;
  await Promise.all(clients);
}

async function check(
  world: World,
  elsewhereMs: number,
  outages: readonly Outage[] = [],
): Promise<readonly BrokenPromise[]> {
  const over = performance.now();
  await eventually('quiet', () => performance.now() > over + elsewhereMs);
  for (const user of users) {
    for (const instance of world.proxies.keys()) await world.read(user, instance);
  }
  return brokenPromises(world.history, { elsewhereMs, quietFrom: over + elsewhereMs, outages });
}

const summary = (broken: readonly BrokenPromise[]) => broken.slice(0, 5);

const goodDays: readonly (readonly [WorldOptions, elsewhereMs: number])[] = [
  [{ instances: 1, coherence: 'bounded' }, lagMs],
  [{ instances: 2, coherence: 'bounded' }, lagMs + slackMs],
  [{ instances: 2, coherence: 'strict' }, 0],
];

for (const [options, elsewhereMs] of goodDays) {
  t.test(`${options.instances} ${options.coherence}, without failures`, async (t) => {
    const world = await openWorld(t, options);
    await meetAll(world);
    await run(world, async () => undefined);
    t.strictSame(summary(await check(world, elsewhereMs)), []);
    t.ok(world.history.some(({ kind }) => kind === 'write'));
  });
}

t.test('2 bounded, Redis killed, started again, frozen, flushed', async (t) => {
  const world = await openWorld(t, { instances: 2, coherence: 'bounded' });
  const { redis, history } = world;
  const seen = (more: number) => {
    const enough = history.length + more;
    return eventually('more was seen', () => history.length > enough);
  };
  const outages: Outage[] = [];
  const outage = async (begin: () => unknown, end: () => unknown): Promise<void> => {
    const from = performance.now();
    await begin();
    await seen(400);
    await end();
    outages.push({ from, until: performance.now() + replayMs });
  };
  await run(world, async () => {
    await seen(200);
    await outage(
      () => redis.kill(),
      () => redis.start(),
    );
    await seen(400);
    await outage(
      () => redis.freeze(),
      () => redis.thaw(),
    );
    await seen(200);
    await redis.client.flushall();
  });
  await eventually('Redis is used again', async () => {
    const states = world.proxies.map(async ({ controlUrl }) =>
      (await fetch(`${String(controlUrl)}/readyz`)).text(),
    );
    return (await Promise.all(states)).every((state) => state.includes('"redis":"up"'));
  });
  t.strictSame(summary(await check(world, lagMs + fallbackMs + slackMs, outages)), []);
});

type Mutation = {
  readonly mutate: (proxy: RunningServer) => void;
  readonly breaks: readonly PromiseName[];
};

const mutations: Readonly<Record<string, Mutation>> = {
  'purges late': {
    mutate: ({ services: { purgeLog } }) => {
      const append = purgeLog.append.bind(purgeLog);
      // Each with the next one.
      let late = (): unknown => undefined;
      purgeLog.append = (purge) => {
        late();
        late = () => append(purge);
        return Promise.resolve({ instances: { known: 1, acknowledged: 1 } });
      };
    },
    breaks: ['read-after-own-instance-write'],
  },
  'takes no position before it asks': {
    mutate: ({ services: { store, purgeLog } }) => {
      const position = purgeLog.position.bind(purgeLog);
      // Whoever asks when does not matter: it is always now.
      purgeLog.position = () => ({
        get log() {
          return position().log;
        },
        get seq() {
          return position().seq;
        },
      });
      const put = store.put.bind(store);
      store.put = (entry) => put({ ...entry, asOf: position() });
    },
    breaks: ['read-after-own-instance-write'],
  },
  'ignores tags': {
    mutate: ({ services: { purgeLog } }) => {
      purgeLog.verdict = () => ({ kind: 'current' });
    },
    breaks: ['read-after-own-instance-write'],
  },
  'swaps users': {
    mutate: ({ services: { store } }) => {
      const peek = store.peek.bind(store);
      store.peek = (key) => {
        const [first] = store.entries();
        return peek(key).length > 0 && first !== undefined ? [first] : [];
      };
    },
    breaks: ['isolation'],
  },
  truncates: {
    mutate: ({ services: { store } }) => {
      const put = store.put.bind(store);
      store.put = (entry) => put({ ...entry, body: entry.body.subarray(0, -1) });
    },
    breaks: ['integrity'],
  },
};

for (const [name, { mutate, breaks }] of Object.entries(mutations)) {
  t.test(`the check detects a proxy that ${name}`, async (t) => {
    const world = await openWorld(t, { instances: 1, coherence: 'bounded' });
    for (const proxy of world.proxies) mutate(proxy);
    // Left to chance, on a busy machine, few requests meet the fault.
    await meetAll(world);
    const found = new Set((await check(world, lagMs)).map(({ promise }) => promise));
    for (const promise of breaks) t.ok(found.has(promise), `${promise} of ${[...found].join(', ')}`);
  });
}

t.test('for each promise, a history that breaks it is detected', async (t) => {
  const base = { user: 'ann', key: 'k', owner: 'ann', isWhole: true, instance: 0, process: '0' } as const;
  const write = (start: number, version: number, instance = 0): Operation => ({
    ...base,
    kind: 'write',
    instance,
    start,
    end: start + 1,
    version,
  });
  const found = (history: readonly Operation[], within: Bounds) =>
    brokenPromises(history, within).some(({ promise }) => promise === 'no-going-back');
  const read = (start: number, version: number, change: Partial<Operation> = {}): Operation => ({
    ...base,
    kind: 'read',
    start,
    end: start + 1,
    version,
    ...change,
  });
  const cases: Readonly<Record<PromiseName, readonly Operation[]>> = {
    'read-after-own-instance-write': [write(0, 1), read(2, 0)],
    'read-after-write-elsewhere': [write(0, 1), read(13, 0, { instance: 1 })],
    'no-going-back': [write(0, 1, 1), read(1, 1), read(3, 0)],
    'no-future': [read(0, 1), write(5, 1)],
    isolation: [read(0, 0, { owner: 'bob' })],
    integrity: [read(0, 0, { isWhole: false })],
    convergence: [write(0, 1), read(101, 0, { instance: 1 })],
  };
  const bounds = { elsewhereMs: 10, quietFrom: 100 };
  for (const [promise, history] of Object.entries(cases)) {
    t.ok(
      brokenPromises(history, bounds).some((broken) => broken.promise === promise),
      promise,
    );
  }
  const back = [write(0, 1, 1), write(4, 2, 1), read(2, 2), read(4, 2), read(8, 1)];
  const outages = [{ from: 3, until: 6 }];
  t.ok(found(back, bounds), 'nobody goes back on a good day');
  t.notOk(found(back, { ...bounds, outages }), 'but to before a write elsewhere that could not be told');
  t.ok(found([...back, read(9, 0)], { ...bounds, outages }), 'not to before one that could');
  const own = back.map((operation) => ({ ...operation, instance: 0 }));
  t.ok(found(own, { ...bounds, outages }), "nor to before its own instance's");
  const workers = (second: string | undefined): readonly Operation[] => [
    write(0, 1, 1),
    read(1, 1, { process: 'a' }),
    read(3, 0, { process: second }),
  ];
  t.ok(found(workers('a'), bounds), 'nor does one worker');
  for (const second of ['b', undefined]) t.notOk(found(workers(second), bounds), 'two may differ within lag');
  const fine = [write(0, 1), read(1, 0), read(2, 1), read(8, 1, { instance: 1 }), read(9, 1)];
  t.strictSame(brokenPromises(fine, bounds), []);
});
