import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import type { Wanted } from '../../src/refresh/demand.ts';
import { siteAddresses } from '../../src/refresh/site-addresses.ts';
import { configOf } from '../policy/config-of.ts';

const wanted = (scheme: 'http' | 'https', host: string, weight: number): Wanted => ({
  name: `${host}${weight}`,
  key: 'k' as CacheKey,
  variant: 'v',
  form: { scheme, host, target: '/', fields: [] },
  cost: seconds(0.1),
  weight,
});

const of = (rules: string, used: readonly Wanted[] = []): string[] =>
  siteAddresses(configOf(rules), 'app:5000', used).map(({ scheme, host }) => `${scheme}://${host}`);

t.test(
  'the names of a site are those in listen.hosts, else those people use, else its listener',
  async (t) => {
    const used = [
      wanted('https', 'a.test', 50),
      wanted('https', 'b.test', 40),
      wanted('https', 'rare.test', 1),
    ];
    t.strictSame(of('listen: { hosts: [www.example.org, "*.example.org"] }'), ['http://www.example.org']);
    t.strictSame(
      of('listen: { hosts: [www.example.org] }', [wanted('https', 'www.example.org', 2), ...used]),
      ['https://www.example.org'],
      'a name is known with its scheme once somebody has used it',
    );
    t.strictSame(of('', used), ['https://a.test', 'https://b.test']);
    t.strictSame(of('listen: 127.0.0.1:8080'), ['http://127.0.0.1:8080']);
    t.strictSame(of('listen: 0.0.0.0:80'), ['http://localhost']);
    t.strictSame(of('listen: "[::1]:8080"'), ['http://[::1]:8080']);
  },
);

t.test('if the origin gets its own name, that is the only one', async (t) => {
  const config = configOf('');
  const own = { ...config, upstream: { ...config.upstream, host: 'upstream' } } as const;
  t.strictSame(siteAddresses(own, 'app:5000', [wanted('https', 'a.test', 5)]), [
    { scheme: 'https', host: 'app:5000' },
  ]);
});
