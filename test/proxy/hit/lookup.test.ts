import t from 'tap';
import { after, seconds } from '../../../src/kit/time.ts';
import { chooseVariant } from '../../../src/proxy/hit/lookup.ts';
import type { Entry } from '../../../src/store/store.ts';
import { purgeOf } from '../../store/instance.ts';
import { tagsOf } from '../../store/entry.ts';
import { exchangeBut } from '../exchange-but.ts';

const { exchange, storedBut } = exchangeBut('unmatched: standard', { fields: ['Accept-Language', 'he'] });
const { request, plan, directives, now, services } = exchange;
const { purgeLog } = services;
const input = { request, plan, directives, now, purgeLog };
const variant = (language: string, change: Partial<Entry> = {}): Entry =>
  storedBut({
    variant: language,
    selection: {
      names: ['accept-language'],
      values: [language],
      contentEncoding: null,
      contentLanguage: null,
    },
    ...change,
  });

t.test('the first variant that the request selects is used', async (t) => {
  t.match(chooseVariant([], input), { kind: 'none', cause: 'cold' });
  t.match(chooseVariant([variant('en')], input), { kind: 'none', cause: 'vary' });
  const wanted = variant('he');
  const found = chooseVariant([variant('en'), wanted, storedBut()], input);
  t.equal(found.kind === 'entry' ? found.entry : undefined, wanted);
  t.match(found, { reuse: { kind: 'fresh' }, purgedBy: undefined });
  t.match(chooseVariant([wanted], { ...input, now: after(now, seconds(3600)) }), {
    reuse: { kind: 'validate' },
  });
});

t.test('of a part only what it holds is given', async (t) => {
  const part = storedBut({ part: { first: 0, last: 4, complete: 10 } });
  const asking = (range: string) => exchangeBut('unmatched: standard', { fields: ['Range', range] }).exchange;
  t.match(chooseVariant([part], input), { kind: 'none', cause: 'partial', part: { key: part.key } });
  for (const [range, kind] of [
    ['bytes=1-4', 'entry'],
    ['bytes=1-5', 'none'],
  ] as const) {
    t.equal(chooseVariant([part], { ...input, request: asking(range).request }).kind, kind, range);
  }
  const late = { ...input, now: after(now, seconds(3600)) };
  t.strictSame(
    chooseVariant([part], late),
    { kind: 'none', cause: 'vary', purgedBy: undefined },
    'not when stale',
  );
});

t.test(
  'a purged entry is not used; after a soft purge it is validated, or given while renewed',
  async (t) => {
    const tags = tagsOf('a');
    const [hard, soft] = [storedBut({ tags }), storedBut({ tags: tagsOf('b') })];
    const { policy } = soft;
    const serving = { ...soft, policy: { ...policy, staleWhileRevalidate: seconds(60) } };
    await purgeLog.append(purgeOf(tags));
    await purgeLog.append(purgeOf(tagsOf('b'), { soft: true, cause: 'group' }));
    t.strictSame(chooseVariant([hard], input), { kind: 'none', cause: 'purged', purgedBy: 'write' });
    t.match(chooseVariant([soft], input), {
      reuse: { kind: 'validate', reason: 'stale' },
      purgedBy: 'group',
    });
    t.match(chooseVariant([serving], input), { reuse: { kind: 'stale', why: 'stale-while-revalidate' } });
  },
);
