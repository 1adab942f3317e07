import t from 'tap';
import { noRequestDirectives, parseRequestDirectives } from '../../../src/http/cache-control.ts';
import { after, seconds } from '../../../src/kit/time.ts';
import { standInFor, type Trouble } from '../../../src/proxy/hit/stand-in.ts';
import type { Entry } from '../../../src/store/store.ts';
import { entryBut, storedAt } from '../../store/entry.ts';

const { policy } = entryBut();
const windows = { staleIfError: seconds(60), staleIfDisconnected: seconds(600) };
const storedWith = (change: Partial<Entry['policy']>) =>
  entryBut({ policy: { ...policy, ...windows, ...change } });

/** How a response that has been stale for so many seconds stands in. */
const detailOf = (trouble: Trouble, staleFor: number, change: Partial<Entry['policy']> = {}, ask = '') => {
  const now = after(storedAt, seconds(3600 + staleFor));
  const directives = ask === '' ? noRequestDirectives : parseRequestDirectives(['Cache-Control', ask]);
  return standInFor(storedWith(change), directives, { now, trouble });
};

t.test('each trouble has its window', async (t) => {
  for (const [trouble, last, detail] of [
    ['slow', 60, 'stale-after'],
    ['error', 60, 'stale-if-error'],
    ['disconnected', 600, 'disconnected'],
  ] as const) {
    const age = 3600 + last;
    t.strictSame(detailOf(trouble, last), { age, ttl: -last, detail }, trouble);
    t.equal(detailOf(trouble, last + 1)?.detail, undefined, trouble);
  }
  t.ok(detailOf('slow', 90, { staleWhileRevalidate: seconds(90) }), 'the longer of the two');
});

t.test(
  'for a slow origin nothing stands in that must be validated, or that the client does not want',
  async (t) => {
    t.ok(detailOf('slow', 1));
    t.equal(detailOf('slow', 1, { noCache: true }), undefined);
    t.equal(detailOf('slow', 1, { mustRevalidate: true }), undefined);
    for (const ask of ['no-cache', 'max-age=0', 'min-fresh=1'])
      t.equal(detailOf('slow', 1, {}, ask), undefined, ask);
  },
);
