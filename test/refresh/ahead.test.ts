import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import { isDue } from '../../src/refresh/ahead.ts';

const life = seconds(300);

/** The share of requests at this moment that would renew. */
function share(ttl: number, cost: number): number {
  let due = 0;
  for (let dice = 0.0005; dice < 1; dice += 0.001)
    if (isDue({ ttl: seconds(ttl), life, cost: seconds(cost) }, dice)) due += 1;
  return due / 1000;
}

t.test('nothing is renewed before the last tenth of its life', async (t) => {
  t.equal(share(30.1, 10), 0);
  t.ok(share(29.9, 0.01) > 0);
});

t.test('the closer the end and the costlier the fetch, the likelier the renewal', async (t) => {
  const shares = [29, 20, 10, 1].map((ttl) => share(ttl, 0.05));
  t.strictSame(
    shares.toSorted((one, other) => one - other),
    shares,
  );
  t.ok((shares[0] ?? 1) < 0.1, 'seldom at the beginning of the tenth');
  t.ok((shares[3] ?? 0) > 0.85, 'nearly always at its end');
  t.ok(share(20, 30) > share(20, 0.05));
});

t.test('random values of 0 and almost 1 are valid', async (t) => {
  t.ok(isDue({ ttl: seconds(29), life, cost: seconds(0) }, 0));
  t.notOk(isDue({ ttl: seconds(29), life, cost: seconds(0) }, 1));
});
