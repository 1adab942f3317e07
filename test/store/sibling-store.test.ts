/** store/sibling-store.ts: a worker's memory, with the other workers behind it. */
import t from 'tap';
import { epochMs, seconds } from '../../src/kit/time.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { PurgeLog } from '../../src/store/purge-log.ts';
import { SiblingStore, type Siblings, type Wanted } from '../../src/store/sibling-store.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { conforms } from './conformance.ts';
import { entryBut } from './entry.ts';

type Setup = Partial<Siblings> & {
  readonly verdict?: PurgeLog['verdict'];
  readonly isFetching?: () => boolean;
  readonly by?: string;
};

function storeOf({ verdict, isFetching = () => false, by = 'a', ...siblings }: Setup = {}): SiblingStore {
  const memory = new MemoryStore({ maxBytes: 8 * 1024 * 1024 });
  return new SiblingStore({
    ...{ near: memory, store: memory, memory, by, isFetching, clock: new TestClock() },
    purgeLog: { verdict: verdict ?? (() => ({ kind: 'current' })) },
    siblings: {
      want: () => Promise.resolve({ kind: 'fetch' }),
      onFilled: () => undefined,
      onAbandoned: () => undefined,
      onReleased: () => undefined,
      ...siblings,
    },
  });
}

t.test('the contract of stores', (t) =>
  conforms(t, () => ({ store: storeOf(), settle: () => Promise.resolve() })),
);

const received = epochMs(new TestClock().now() - 5000);
const entry = entryBut({ requestTime: received, responseTime: received });

t.test('17.1: what memory has not is asked of the others, once for all who ask', async (t) => {
  const other = storeOf({ by: 'b' });
  other.put(entry);
  let asked = 0;
  const answer = Promise.withResolvers<Wanted>();
  const want: Siblings['want'] = ({ key }) => {
    asked += 1;
    t.equal(key, entry.key);
    return answer.promise;
  };
  const store = storeOf({ want });
  const gets = [store.get(entry.key, 0), store.get(entry.key, 0)];
  // As it comes through a channel.
  answer.resolve({ kind: 'entries', packed: structuredClone(other.pack({ key: entry.key, known: [] })) });
  for (const found of await Promise.all(gets)) t.strictSame(found, [entry]);
  t.equal(asked, 1);
  t.strictSame(store.peek(entry.key), [entry], 'it is in memory');
  await store.get(entry.key, 0);
  t.equal(asked, 1, 'nobody is asked for what memory has');
});

t.test(
  '17.1: who is to fetch looks in the slow tier first, and tells the others what it finds',
  async (t) => {
    const memory = new MemoryStore({ maxBytes: 8 * 1024 * 1024 });
    const told: string[] = [];
    let slow: readonly (typeof entry)[] = [];
    const sinces: (number | undefined)[] = [];
    const near = Object.assign(Object.create(memory) as MemoryStore, {
      hasSlowTier: true,
      peek: (key: typeof entry.key) => memory.peek(key),
      get: (_key: string, sinceMs?: number) => {
        sinces.push(sinceMs);
        return Promise.resolve(slow);
      },
      abandon: () => told.push('lease'),
    });
    const clock = new TestClock();
    const store = new SiblingStore({
      ...{ near, store: memory, memory, by: 'a', isFetching: () => false, clock },
      purgeLog: { verdict: () => ({ kind: 'current' }) },
      siblings: {
        want: () => {
          clock.advance(seconds(5));
          return Promise.resolve({ kind: 'fetch' });
        },
        onFilled: () => told.push('filled'),
        onAbandoned: () => told.push('abandoned'),
        onReleased: () => undefined,
      },
    });
    const startMs = clock.monotonicMs();
    t.strictSame(await store.get(entry.key, startMs), []);
    store.abandon(entry.key, false);
    t.strictSame(told.splice(0), ['lease', 'abandoned']);
    slow = [entry];
    t.strictSame(await store.get(entry.key, startMs), [entry]);
    t.strictSame(told, ['filled']);
    t.strictSame(await store.get(entry.key), [entry], 'who only looks gets what is there');
    t.strictSame(
      sinces,
      [startMs + 5000, startMs + 5000, undefined],
      'waiting for another worker is not waiting for Redis',
    );
  },
);

t.test('17.1: nobody is asked by who only looks, nor while it is fetched here', async (t) => {
  const want = (): never => t.fail('asked') as never;
  t.strictSame(await storeOf({ want }).get(entry.key), []);
  t.strictSame(await storeOf({ want, isFetching: () => true }).get(entry.key, 0), []);
});

t.test('17.1: the others are let go where no fetch has begun, as for only-if-cached', async (t) => {
  const released: string[] = [];
  const onReleased = (key: string): number => released.push(key);
  let isFetched = false;
  const store = storeOf({ onReleased, isFetching: () => isFetched });
  const asking = store.get(entry.key, 0);
  void asking.then(() => (isFetched = true));
  await asking;
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(released, [], 'its answer begins a fetch');
  isFetched = false;
  await store.get(entry.key, 0);
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(released, [entry.key]);
});

t.test('17.1: what is not current, damaged, of another key or older is not taken', async (t) => {
  const other = storeOf({ by: 'b' });
  other.put(entry);
  const [packed = Buffer.alloc(0)] = other.pack({ key: entry.key, known: [] });
  const giving = (bytes: Uint8Array, setup: Setup = {}): SiblingStore =>
    storeOf({ want: () => Promise.resolve({ kind: 'entries', packed: [bytes] }), ...setup });
  const purged = giving(packed, { verdict: () => ({ kind: 'purged', cause: 'write' }) });
  t.strictSame(await purged.get(entry.key, 0), []);
  const damaged = Buffer.from(packed);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  t.strictSame(await giving(damaged).get(entry.key, 0), []);
  t.strictSame(await giving(packed).get(entryBut({ key: 'f'.repeat(64) as never }).key, 0), []);
  t.strictSame(await storeOf({ want: () => Promise.resolve(undefined) }).get(entry.key, 0), []);
});

t.test(
  '17.1: only what is current and not too large is given, and the others hear how a fetch ends',
  async (t) => {
    const told: string[] = [];
    const store = storeOf({
      onFilled: (key) => told.push(`filled ${key}`),
      onAbandoned: (key) => told.push(`abandoned ${key}`),
    });
    store.put(entryBut({ body: Buffer.alloc(1024 * 1024 + 1) }));
    store.abandon(entry.key, false);
    t.strictSame(told, [`filled ${entry.key}`, `abandoned ${entry.key}`]);
    t.strictSame(store.pack({ key: entry.key, known: [] }), []);
    const purged = storeOf({ verdict: () => ({ kind: 'stale', cause: 'write' }) });
    purged.put(entry);
    t.strictSame(purged.pack({ key: entry.key, known: [] }), []);
  },
);

t.test('17.1: a further variant, and what has expired, is asked of the others as well', async (t) => {
  const other = storeOf({ by: 'b' });
  const renewed = entryBut({ requestTime: epochMs(received + 5000), responseTime: epochMs(received + 5000) });
  const variant = { ...renewed, variant: 'other' };
  other.put(variant);
  const asked: unknown[] = [];
  const want: Siblings['want'] = (sought) => {
    asked.push(sought.known.map((known) => known.variant).toSorted());
    const packed = other.pack(sought);
    return Promise.resolve(packed.length > 0 ? { kind: 'entries', packed } : { kind: 'fetch' });
  };
  const store = storeOf({ want });
  store.put(entry);
  t.strictSame(await store.get(entry.key, 0), [entry], 'what is current does, unless more is asked for');
  const has = (sought: typeof entry) => (found: readonly (typeof entry)[]) =>
    found.some(
      ({ variant, requestTime }) => variant === sought.variant && requestTime === sought.requestTime,
    );
  t.strictSame(await store.get(entry.key, 0, has(variant)), [variant, entry]);
  t.strictSame(asked.splice(0), [[entry.variant]]);
  t.strictSame(await store.get(entry.key, 0, has(renewed)), [variant, entry], 'nobody has it: it is fetched');
  t.strictSame(asked.splice(0), [['other', entry.variant].toSorted()], 'nothing is given twice');
  other.put(renewed);
  t.strictSame(await store.get(entry.key, 0, has(renewed)), [renewed, variant]);
});
