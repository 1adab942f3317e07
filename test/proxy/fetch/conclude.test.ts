import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { after, seconds } from '../../../src/kit/time.ts';
import { applyHead, conclude, concludeRenewal } from '../../../src/proxy/fetch/conclude.ts';
import { termsOf } from '../../../src/proxy/fetch/storage-terms.ts';
import type { Entry } from '../../../src/store/store.ts';
import { storedAt, tagsOf } from '../../store/entry.ts';
import { purgeOf } from '../../store/instance.ts';
import { exchangeBut } from '../exchange-but.ts';
import { fillInputBut, ledBut } from './fill-input-but.ts';
import { headBut } from './terms-but.ts';

/** A fetch that brought an entry while one waits for it. */
async function concluded(change: Partial<Entry> | undefined, purged?: string) {
  const { exchange, storedBut } = exchangeBut('unmatched: standard');
  const { services, plan } = exchange;
  const { input, flight } = ledBut(exchange);
  const entry = change && storedBut(change);
  if (purged !== undefined) await services.purgeLog.append(purgeOf(tagsOf(purged)));
  const waits = flight.wait(seconds(60));
  const told: unknown[] = [];
  await conclude(input, entry, (objection) => told.push(objection));
  const isStored = entry !== undefined && isDeepStrictEqual(services.store.peek(plan.key)[0], entry);
  return {
    told,
    isStored,
    end: (await waits).kind,
    isUncacheable: services.uncacheable.get(plan.key) !== undefined,
  };
}

t.test('a whole answer is stored and given to those who wait, or it is said why not', async (t) => {
  const coded = { fields: ['Content-Encoding', 'gzip'], body: gzipSync('text').subarray(0, -1) };
  const tags = tagsOf('a');
  const stored = { told: [undefined], isStored: true, end: 'done', isUncacheable: false };
  t.strictSame(await concluded({ tags }), stored);
  t.strictSame(await concluded({ tags }, 'b'), stored);
  const part = { first: 0, last: 9, complete: 20 };
  t.strictSame(await concluded({ part }), { ...stored, end: 'give-up' }, 'a part is for nobody else');
  const not = { isStored: false, end: 'give-up', isUncacheable: false };
  t.strictSame(await concluded({ tags }, 'a'), { ...not, told: ['purged-during-fetch'] });
  t.strictSame(await concluded(coded), { ...not, told: ['broken-coding'], isUncacheable: true });
  t.strictSame(await concluded(undefined), { ...not, told: [] });
});

t.test('a 304 renews what is stored, or ends it', async (t) => {
  for (const [kind, purged, reason] of [
    ['renewed', undefined, undefined],
    ['renewed', 'a', 'purged-during-fetch'],
    ['ended', undefined, 'no-store'],
  ] as const) {
    const { exchange, storedBut } = exchangeBut('unmatched: standard');
    const { store, purgeLog } = exchange.services;
    const stored = storedBut({ tags: tagsOf('a') });
    store.put(stored);
    const entry = { ...stored, status: 203 };
    if (purged !== undefined) await purgeLog.append(purgeOf(tagsOf(purged)));
    const renewal = kind === 'renewed' ? { kind, entry } : { kind, reason, entry };
    t.equal(concludeRenewal(fillInputBut(exchange, { stored }), renewal, stored), reason);
    t.strictSame(
      store.peek(stored.key).map(({ status }) => status),
      reason === undefined ? [203] : [],
      `${kind} ${purged ?? ''}`,
    );
  }
});

t.test('RFC 9111 §4.3.5: a HEAD freshens what is stored, or ends it; a GET does neither', async (t) => {
  for (const [method, tag, left] of [
    ['HEAD', '"1"', 60],
    ['HEAD', '"2"', undefined],
    ['GET', '"2"', 3600],
  ] as const) {
    const { exchange, storedBut } = exchangeBut('unmatched: standard', { method });
    const { store } = exchange.services;
    const stored = storedBut();
    store.put(stored);
    const responseTime = after(storedAt, seconds(1));
    const head = headBut(['ETag', tag, 'Cache-Control', 'max-age=60'], { responseTime });
    applyHead(fillInputBut(exchange, { stored, terms: termsOf(exchange) }), head);
    t.equal(store.peek(stored.key)[0]?.policy.lifetime, left, `${method} ${tag}`);
  }
});
