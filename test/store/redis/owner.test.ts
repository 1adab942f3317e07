/** store/redis/owner.ts: what makes instances one installation, and the message for another one. */
import t from 'tap';
import { describeRefusal, ownerOf } from '../../../src/store/redis/owner.ts';
import { configIn } from '../../config/fixture.ts';

const owner = (text: string) => ownerOf(configIn(text));
const base = 'upstream: http://127.0.0.1:5000\nstore: { redis: { url: "redis://a" } }\n';

t.test('reloadable rules, secrets and the order of hosts make no difference', (t) => {
  const one = owner(`${base}listen: { address: "127.0.0.1:1", hosts: [a.example, b.example] }`);
  const more = 'ttl: { default: 7s }\nidentity: { flask_session: { cookie: s, secret: other } }\n';
  const other = owner(`${base}${more}listen: { address: "127.0.0.1:2", hosts: [b.example, a.example] }`);
  t.strictSame(other, one);
  t.equal(one.name, 'http://127.0.0.1:5000');
  t.end();
});

t.test('another upstream, Host setting or list of hosts is another installation', (t) => {
  const one = owner(base).fingerprint;
  t.not(owner(base.replace('5000', '5001')).fingerprint, one);
  t.not(owner(base.replace(/upstream: (\S+)/, 'upstream: { url: $1, host: upstream }')).fingerprint, one);
  t.not(owner(`${base}listen: { address: "127.0.0.1:1", hosts: [a.example] }`).fingerprint, one);
  t.end();
});

t.test('a configured name makes instances one installation, whatever their upstreams', (t) => {
  const named = (port: number) =>
    owner(`upstream: http://127.0.0.1:${port}\nstore: { redis: { url: "redis://a", owner: shop } }`);
  t.strictSame(named(1), named(2));
  t.equal(named(1).name, 'shop');
  t.end();
});

t.test('a refusal names both installations, and says what to do', (t) => {
  const text = describeRefusal(
    { kind: 'refused', by: 'http://10.0.0.1:5000 (ab)', freeInMs: 61_000 },
    { prefix: 'p', owner: { name: 'http://10.0.0.2:5000', fingerprint: 'cd' }, key: 'p:{log}:owner' },
  );
  t.match(text, 'the prefix p belongs to http://10.0.0.1:5000 (ab); this is http://10.0.0.2:5000 (cd)');
  t.match(text, /store\.redis\.prefix.* 61 s later.*DEL p:\{log\}:owner/);
  t.end();
});
