/** What every store must do (store/store.ts). Each store's test runs this. */
import type { Test } from 'tap';
import { maxVariants, type Store } from '../../src/store/store.ts';
import { entryBut, keyOf, tagsOf } from './entry.ts';
import { seconds } from '../../src/kit/time.ts';

/** A store under test; `settle` resolves when what was put may be expected wherever the store puts things. */
export type StoreUnderTest = { readonly store: Store; readonly settle: () => Promise<void> };

type Cases = Readonly<Record<string, (t: Test, under: StoreUnderTest) => Promise<void>>>;

const cases: Cases = {
  'what was put comes back byte for byte': async (t, { store, settle }) => {
    const body = Buffer.from(Array.from({ length: 512 }, (_, at) => at % 256));
    const entry = entryBut({
      body,
      fields: ['X-Name', 'caf\xe9', 'x-name', ''],
      tags: tagsOf('שלום', 'a b'),
      part: { first: 0, last: 511, complete: 9000 },
      originSeconds: seconds(0.25),
    });
    store.put(entry);
    await settle();
    t.strictSame(await store.get(entry.key), [entry]);
  },
  'an empty body is a body': async (t, { store, settle }) => {
    const entry = entryBut({ body: Buffer.alloc(0), status: 204 });
    store.put(entry);
    await settle();
    t.strictSame(await store.get(entry.key), [entry]);
  },
  'a key nothing was put under has nothing': async (t, { store }) => {
    store.put(entryBut());
    t.strictSame(await store.get(keyOf('other')), []);
    t.strictSame(store.peek(keyOf('other')), []);
  },
  'variants of a key live side by side, the one stored last first': async (t, { store, settle }) => {
    const at = (milliseconds: number) => {
      const entry = entryBut();
      const responseTime = (entry.responseTime + milliseconds) as typeof entry.responseTime;
      return { responseTime, policy: { ...entry.policy, responseTime } };
    };
    store.put(entryBut({ variant: 'a', body: Buffer.from('old'), ...at(0) }));
    store.put(entryBut({ variant: 'b', ...at(1) }));
    store.put(entryBut({ variant: 'a', body: Buffer.from('new'), ...at(2) }));
    await settle();
    const variants = await store.get(keyOf('page'));
    t.strictSame(
      variants.map(({ variant, body }) => [variant, body.toString()]),
      [
        ['a', 'new'],
        ['b', '<p>page</p>'],
      ],
    );
  },
  'one variant is removed, the others stay': async (t, { store, settle }) => {
    for (const variant of ['a', 'b']) store.put(entryBut({ variant }));
    await settle();
    store.remove(entryBut({ variant: 'a' }));
    store.remove(entryBut({ variant: 'unknown' }));
    store.remove(entryBut({}, 'unknown'));
    await settle();
    t.strictSame(
      (await store.get(keyOf('page'))).map(({ variant }) => variant),
      ['b'],
    );
    store.remove(entryBut({ variant: 'b' }));
    await settle();
    t.strictSame(await store.get(keyOf('page')), []);
  },
  'variants of one key are bounded': async (t, { store, settle }) => {
    for (let count = 0; count < maxVariants + 5; count += 1) {
      store.put(entryBut({ variant: `v${count}` }));
      await settle();
    }
    const variants = await store.get(keyOf('page'));
    t.equal(variants.length, maxVariants);
    t.ok(
      variants.some(({ variant }) => variant === `v${maxVariants + 4}`),
      'the last is kept',
    );
  },
  'entries at hand are listed and counted': async (t, { store, settle }) => {
    store.put(entryBut({}, 'one'));
    store.put(entryBut({}, 'two'));
    await settle();
    t.strictSame([...store.entries()].map(({ target }) => target).sort(), ['/one', '/two']);
    t.equal(store.size().entries, 2);
    t.ok(store.size().bytes > 0);
  },
};

/** Runs the contract against stores that `open` makes, a fresh one a case. */
export async function conforms(
  t: Test,
  open: (t: Test) => Promise<StoreUnderTest> | StoreUnderTest,
): Promise<void> {
  for (const [behaviour, check] of Object.entries(cases)) {
    await t.test(behaviour, async (t) => {
      await check(t, await open(t));
    });
  }
}
