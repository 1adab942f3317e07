/** Without Redis: memory alone. */
import t from 'tap';
import { systemClock } from '../../src/kit/time.ts';
import { openStore } from '../../src/store/open-store.ts';
import { configOf } from '../policy/config-of.ts';
import { entryBut, tagsOf } from './entry.ts';
import { purgeOf } from './instance.ts';

const open = (rules = '') => {
  const evicted: string[] = [];
  const opened = openStore({
    config: configOf(rules).store,
    owner: { name: 'http://127.0.0.1:5000', fingerprint: 'f00d' },
    janitor: undefined,
    clock: systemClock,
    onEvict: (key) => evicted.push(key),
    onEvent: () => undefined,
    onTidied: () => undefined,
  });
  return opened.then((store) => ({ ...store, evicted }));
};

t.test('a store of its own, with a log of its own', async (t) => {
  const [one, other] = [await open(), await open()];
  t.strictSame(one.redis(), { redis: 'none', breaker: 'closed' });
  t.strictSame([one.lease, one.notes, one.store.hasSlowTier], [undefined, undefined, false]);
  t.not(one.purgeLog.position().log, other.purgeLog.position().log);
  const entry = entryBut({ asOf: one.purgeLog.position(), tags: tagsOf('a') });
  one.store.put(entry);
  await one.purgeLog.append(purgeOf(tagsOf('a')));
  t.equal(one.purgeLog.verdict(entry).kind, 'purged');
  t.strictSame(other.store.peek(entry.key), []);
  one.learned.trust('a', entry.policy.lifetime);
  t.strictSame([one.learned.isTrusted('a'), other.learned.isTrusted('a')], [true, false]);
  await Promise.all([one.close(), other.close()]);
});

t.test('it is as large as it was configured, and tells what it drops', async (t) => {
  const { store, evicted } = await open('store: { memory: 1MiB, max_object: 128KiB }');
  for (let at = 0; at < 30; at += 1) store.put(entryBut({ body: Buffer.alloc(60_000) }, `p${at}`));
  t.ok(store.size().bytes <= 1024 * 1024);
  t.equal(evicted.length + store.size().entries, 30);
});
