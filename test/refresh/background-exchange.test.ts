import t from 'tap';
import { backgroundExchange, type BackgroundRequest } from '../../src/refresh/background-exchange.ts';
import { simulatedSite } from './simulated-site.ts';

const rules = `
identity: { credentials: [session] }
content_types:
  page: { ttl: 60s, scope: public }
  mine: { ttl: 60s, scope: user }
routes:
  - { match: GET /p, type: page }
  - { match: GET /mine, type: mine }
  - { match: GET /pass, type: pass }
writes: [{ match: GET /logout, invalidate: ["user:{user}"] }]
listen: { hosts: [www.example.org] }
`;

const asked = (target: string, more: Partial<BackgroundRequest> = {}): BackgroundRequest => ({
  scheme: 'http',
  host: 'www.example.org',
  target,
  fields: [],
  isPersonal: false,
  ...more,
});

t.test('what has no client is keyed as a client’s request is, and says whose it is', async (t) => {
  const { services, ask, timers, outcomes } = simulatedSite(rules);
  ask('/p');
  await timers.advance(0.05);
  const made = await backgroundExchange(services, asked('/p'));
  if (made.kind !== 'exchange') throw new Error(made.reason);
  t.equal(made.exchange.plan.key, outcomes[0]?.entry?.key);
  t.equal(made.exchange.request.forwardedFor, '192.0.0.8');
});

t.test('what no background fetch may ask for is refused, with the reason', async (t) => {
  const { services } = simulatedSite(rules);
  const session = { fields: ['Cookie', 'session=a'], isPersonal: true };
  const cases: readonly (readonly [BackgroundRequest, string])[] = [
    [asked('/mine'), 'personal'],
    [asked('/p', session), 'personal'],
    [asked('/other', { fields: ['Cookie', 'session=a'] }), 'personal'],
    [asked('/mine', { ...session, fields: ['Cookie', 'session=a; session=b'] }), 'identity'],
    [asked('/pass'), 'rule'],
    [asked('/logout'), 'write-rule'],
    [asked('/p', { host: 'elsewhere.example' }), 'bad-request'],
    [asked('/%zz'), 'bad-request'],
  ];
  for (const [request, reason] of cases)
    t.strictSame(await backgroundExchange(services, request), { kind: 'refused', reason }, request.target);
  t.match(await backgroundExchange(services, asked('/mine', session)), { kind: 'exchange' });
  t.match(await backgroundExchange(services, asked('/other')), { kind: 'exchange' });
});
