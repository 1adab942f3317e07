/** policy/lifetime/stored-lifetime.ts: an entry stored by another rule lives no longer than a new one would. */
import t from 'tap';
import { storedPolicy } from '../../../src/http/reuse.ts';
import { noResponseDirectives } from '../../../src/http/cache-control.ts';
import { epochMs, seconds } from '../../../src/kit/time.ts';
import { type Facts, heldConditions } from '../../../src/policy/lifetime/conditions.ts';
import { lifetimeDigests, originBound, policyByRule } from '../../../src/policy/lifetime/stored-lifetime.ts';
import { ruleLifetime } from '../../../src/policy/lifetime/ttl.ts';
import { configOf, typeOf } from '../config-of.ts';

const responseTime = epochMs(Date.parse('2026-01-10T10:00:00Z'));
const base = '{ name: base, factor: 0.9, when: { status: 404 } }';
const when: Readonly<Record<string, string>> = {
  response_header: '{ response_header: { x-tier: free } }',
  'response_header that is not stored': '{ response_header: { set-cookie: a=b } }',
  request_header: '{ request_header: { x-plan: paid } }',
  query: '{ query: { page: "1" } }',
  access: '{ access: high }',
  claim: '{ claim: { premium: true } }',
  json: '{ json: { /ok: true } }',
  status: '{ status: 200 }',
  larger_than: '{ larger_than: 5 }',
  modified_within: '{ modified_within: 1h }',
};
const factors = Object.values(when).flatMap((condition, at) =>
  [0.5, 1.7].map(
    (factor) => `{ name: f${at}${factor > 1 ? 'long' : ''}, factor: ${factor}, when: ${condition} }`,
  ),
);
const hours =
  'hours: [{ name: a, from: "09:00", to: "12:00", factor: 0.3 }, { name: b, from: "12:00", to: "09:00", factor: 2 }]';
const configs = [
  'ttl: { default: 600s }',
  'ttl: { default: 60s, min: 1s, jitter: 0.2 }',
  `ttl: { default: 60s, min: 1s, time_zone: Asia/Tokyo, ${hours} }`,
  ...factors.map((factor) => `ttl: { jitter: 0, factors: [${base}, ${factor}] }`),
  `ttl: { factors: [${factors.filter((_, at) => at % 3 === 0).join(', ')}] }`,
].map((text) => configOf(`${text}\ncontent_types: { page: { stale_if_error: 9s } }`));

const body = Buffer.from('{"ok":true}');
const fields = ['X-Tier', 'free', 'Last-Modified', 'Sat, 10 Jan 2026 09:30:00 GMT'];
const sides: readonly Partial<Facts>[] = [
  {},
  { requestFields: ['x-plan', 'paid'], query: 'page=1', access: 'high', claims: { premium: true } },
  { responseFields: [...fields, 'Set-Cookie', 'a=b'], originBound: seconds(200) },
];
const factsOf = (side: Partial<Facts>): Facts => ({
  requestFields: [],
  query: undefined,
  status: 200,
  responseFields: fields,
  bodyBytes: body.length,
  body: () => body,
  access: 'low',
  modifiedAt: epochMs(Date.parse('2026-01-10T09:30:00Z')),
  ...side,
});

type Config = (typeof configs)[number];

const freshLifetime = ({ ttl, ...config }: Config, facts: Facts) =>
  ruleLifetime({
    ttl,
    contentType: typeOf({ ...config, ttl }, 'page'),
    now: responseTime,
    jitterKey: 'key',
    facts,
  });

/** As it is stored by a configuration: three seconds old when it came. */
function storedBy(config: Config, facts: Facts) {
  const { lifetime: ttl, steps } = freshLifetime(config, facts);
  const times = { requestTime: epochMs(responseTime - 3000), responseTime };
  const lifetime = seconds(facts.originBound === undefined ? 0 : facts.originBound + 3);
  const policy = storedPolicy({ fields: [], directives: noResponseDirectives, lifetime, ttl, ...times });
  const checked = steps.flatMap((step) => (step.kind === 'factor' ? step.conditions : []));
  const rule = lifetimeDigests(config).get('page') ?? '';
  const basis = {
    rule,
    lifetime,
    isExplicit: facts.originBound !== undefined,
    windows: {},
    held: heldConditions(checked, fields),
  };
  return { key: 'key', status: 200, fields, policy, basis, bodyBytes: body.length, body: () => body };
}

t.test(
  '13.8: with the same rule the lifetime is the same; with another, at most that of a new entry',
  async (t) => {
    for (const side of sides) {
      const facts = factsOf(side);
      for (const before of configs) {
        const stored = storedBy(before, facts);
        const again = policyByRule(stored, { ttl: before.ttl, contentType: typeOf(before, 'page') });
        if (again.lifetime !== stored.policy.lifetime) t.fail(`not the same: ${JSON.stringify(before.ttl)}`);
        for (const after of configs) {
          const policy = policyByRule(stored, { ttl: after.ttl, contentType: typeOf(after, 'page') });
          const most = freshLifetime(after, facts).lifetime + stored.policy.initialAge;
          if (policy.lifetime > most) t.fail(`${policy.lifetime} > ${most}: ${JSON.stringify(after.ttl)}`);
          if (policy.staleIfError !== 9) t.fail('the stale window is the new one');
        }
      }
    }
    t.pass('each by each');
  },
);

t.test('what the stored response shows is evaluated again', async (t) => {
  const [plain] = configs;
  if (plain === undefined) throw new Error('no configuration');
  const facts = factsOf({});
  for (const name of ['response_header', 'json', 'status', 'larger_than', 'modified_within']) {
    const after = configOf(
      `ttl: { factors: [{ name: f, factor: 1.7, when: ${when[name] ?? ''} }] }\ncontent_types: { page: {} }`,
    );
    const policy = policyByRule(storedBy(plain, facts), {
      ttl: after.ttl,
      contentType: typeOf(after, 'page'),
    });
    t.equal(policy.lifetime, freshLifetime(after, facts).lifetime + 3, name);
  }
});

t.test('the Age a response came with counts against the origin’s limit', async (t) => {
  const age = { lifetime: seconds(100), initialAge: seconds(130) };
  t.equal(originBound({ ...age, isExplicit: true }), 0);
  t.equal(originBound({ ...age, isExplicit: false }), undefined);
});
