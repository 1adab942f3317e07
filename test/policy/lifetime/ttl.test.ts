import fc from 'fast-check';
import t from 'tap';
import type { Condition } from '../../../src/config/schema/condition.ts';
import type { Facts } from '../../../src/policy/lifetime/conditions.ts';
import { type EpochMs, epochMs, seconds } from '../../../src/kit/time.ts';
import { asksPopularity, describeStep, mayNeedBody, ruleLifetime } from '../../../src/policy/lifetime/ttl.ts';
import { configOf, typeOf } from '../config-of.ts';

const config = configOf(`
ttl:
  jitter: 0
  time_zone: Asia/Jerusalem
  hours:
    - { name: peak, from: "09:00", to: "18:00", factor: 0.7 }
    - { name: evening, from: "18:00", to: "23:00", factor: 1.0 }
    - { name: night, from: "23:00", to: "09:00", factor: 1.5 }
  factors:
    - { name: favorite, factor: 1.5, when: { response_header: { x-is-favorite: "true" } } }
    - { name: recently-modified, factor: 0.5, when: { modified_within: 1h } }
    - { name: popular, factor: 2, when: { access: high } }
    - { name: premium, factor: 0.7, when: { response_header: { x-user-tier: premium } } }
content_types:
  user_stats: { }
  file_content: { }
  file_list: { }
  markdown_render: { }
  search_results: { }
  public_stats: { }
  bookmarks: { }
  tags: { }
  settings: { }
  anything: { }
  ninety: { ttl: 90s }
  hurried: { ttl: 1s, min: 1s, max: 5s }
  override: { ttl: 60s, cache_control: override }
  patient: { ttl: 10h, max: 31d }
  careful: { ttl: 5m, statuses: { 200: 5m, 404: 45s }, unless: { json: { /ok: false } } }
`);

const peak = epochMs(Date.parse('2024-01-10T10:00:00Z'));
const evening = epochMs(Date.parse('2024-01-10T17:00:00Z'));
const night = epochMs(Date.parse('2024-01-10T23:00:00Z'));

const base: Facts = {
  requestFields: [],
  query: undefined,
  status: 200,
  responseFields: ['Content-Type', 'text/html'],
  bodyBytes: 100,
  body: () => undefined,
  access: 'low',
};
const but = (change: Partial<Facts>): Facts => ({ ...base, ...change });

const lifetimeOf = (type: string, now: EpochMs, facts: Facts = base, jitter = 0) => {
  const contentType = typeOf(config, type);
  const statusTtl = contentType.statuses.get(facts.status);
  return ruleLifetime({ ttl: { ...config.ttl, jitter }, contentType, statusTtl, now, jitterKey: 'k', facts });
};

const favourite = ['X-Is-Favorite', 'true'];
const premium = ['x-user-tier', 'premium'];

t.test('the guide’s table at each hour', (t) => {
  for (const [type, atPeak, atEvening, atNight] of [
    ['user_stats', 210, 300, 450],
    ['file_content', 2520, 3600, 5400],
    ['file_list', 42, 60, 90],
    ['markdown_render', 1260, 1800, 2700],
    ['search_results', 126, 180, 270],
    ['public_stats', 420, 600, 900],
    ['bookmarks', 84, 120, 180],
    ['tags', 210, 300, 450],
    ['settings', 42, 60, 90],
    ['anything', 210, 300, 450],
  ] as const) {
    const found = [peak, evening, night].map((now) => lifetimeOf(type, now).lifetime);
    t.same(found, [atPeak, atEvening, atNight], type);
  }
  t.end();
});

t.test('every factor that holds multiplies, and the clamp comes after all of them', (t) => {
  const justNow = { modifiedAt: epochMs(peak - 60_000) };
  for (const [type, now, change, lifetime] of [
    ['file_content', night, { responseFields: favourite, access: 'high' }, 7200],
    ['file_content', evening, { responseFields: favourite }, 5400],
    ['file_content', peak, { responseFields: favourite, access: 'high' }, 7200],
    ['file_content', peak, { responseFields: premium }, 1764],
    ['file_content', peak, { ...justNow, responseFields: [...favourite, ...premium], access: 'high' }, 2646],
    ['file_list', peak, justNow, 30],
    ['file_list', peak, { responseFields: premium }, 30],
    ['settings', evening, { responseFields: premium }, 42],
    ['patient', evening, {}, 36_000],
    ['hurried', peak, {}, 1],
    ['hurried', night, { access: 'high' }, 3],
    // 90 × 0.7 is a hair below 63 in binary.
    ['ninety', peak, {}, 63],
  ] as const) {
    t.equal(lifetimeOf(type, now, but(change)).lifetime, lifetime, `${type} ${JSON.stringify(change)}`);
  }
  t.end();
});

t.test('a status with its own lifetime uses that and not the type’s', (t) => {
  t.equal(lifetimeOf('careful', evening).lifetime, 300);
  t.equal(lifetimeOf('careful', evening, but({ status: 404 })).lifetime, 45);
  t.end();
});

t.test(
  "§2.1 step 3: the origin's bound may go below the minimum, binds only with `obey`, and never lengthens",
  (t) => {
    for (const [type, bound, lifetime] of [
      ['file_list', 10, 10],
      ['file_list', 10.9, 10],
      ['file_list', 0, 0],
      ['file_list', -5, 0],
      ['file_list', 61, 60],
      ['file_list', Infinity, 60],
      ['override', 10, 60],
    ] as const) {
      t.equal(
        lifetimeOf(type, evening, but({ originBound: seconds(bound) })).lifetime,
        lifetime,
        `${type} ${bound}`,
      );
    }
    t.end();
  },
);

t.test(
  'jitter: the same for a key each time, spread over its share, within the bounds, whole seconds',
  (t) => {
    const ttl = { ...config.ttl, jitter: 0.05 };
    const of = (type: string, jitterKey: string, now = evening) =>
      ruleLifetime({ ttl, contentType: typeOf(config, type), now, jitterKey, facts: base }).lifetime;
    const keys = Array.from({ length: 2000 }, (_, n) => `key ${n}`);
    const found = keys.map((key) => of('file_content', key));
    t.same(
      keys.map((key) => of('file_content', key)),
      found,
    );
    t.ok(found.every((lifetime) => Number.isInteger(lifetime) && lifetime >= 3420 && lifetime <= 3780));
    t.ok(Math.min(...found) < 3430 && Math.max(...found) > 3770);
    const mean = found.reduce((sum, lifetime) => sum + lifetime, 0) / found.length;
    t.ok(Math.abs(mean - 3600) < 10, `mean ${mean}`);
    t.ok(
      keys.every((key) => of('hurried', key, peak) >= 1),
      'never below the minimum',
    );
    t.end();
  },
);

t.test('whatever holds, a lifetime is a whole number within its bounds', (t) => {
  const types = fc.constantFrom('file_content', 'file_list', 'hurried', 'patient', 'ninety', 'anything');
  const facts = fc.record({
    access: fc.constantFrom('high' as const, 'low' as const),
    responseFields: fc.constantFrom([], favourite, premium, [...favourite, ...premium]),
    modifiedAt: fc.constantFrom(undefined, epochMs(0), evening, night),
  });
  const instant = fc.integer({ min: 0, max: 2e12 });
  fc.assert(
    fc.property(types, facts, instant, fc.constantFrom(0, 0.05, 0.5), (type, change, now, jitter) => {
      const { lifetime } = lifetimeOf(type, epochMs(now), but(change), jitter);
      const { min = config.ttl.min, max = config.ttl.max } = typeOf(config, type);
      return Number.isInteger(lifetime) && lifetime >= min && lifetime <= max;
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('each condition holds for the request it names and for no other', (t) => {
  const json = () => Buffer.from('{"is_favorite":true,"a/b":[0,{"~":null}],"n":1}');
  const claims = { user_data: { is_premium: true }, email: 'someone@example.org' };
  const cases: readonly (readonly [Condition, Partial<Facts>, boolean])[] = [
    [{ kind: 'response_header', name: 'x-a', value: 'b' }, { responseFields: ['X-A', ' b '] }, true],
    [
      { kind: 'response_header', name: 'x-a', value: 'b' },
      { responseFields: ['X-A', 'c', 'x-a', 'b'] },
      true,
    ],
    [{ kind: 'response_header', name: 'x-a', value: 'b' }, { responseFields: ['X-A', 'B'] }, false],
    [{ kind: 'response_header', name: 'x-a', value: 'b' }, { requestFields: ['X-A', 'b'] }, false],
    [{ kind: 'response_header', name: 'x-a', value: 'é' }, { responseFields: ['X-A', '\xc3\xa9'] }, true],
    [{ kind: 'request_header', name: 'x-a', value: 'b' }, { requestFields: ['x-a', 'b'] }, true],
    [{ kind: 'query', name: 'sort', value: 'new est' }, { query: 'a=1&so%72t=new+est' }, true],
    [{ kind: 'query', name: 'sort', value: '' }, { query: 'sort' }, true],
    [{ kind: 'query', name: 'sort', value: 'x' }, { query: 'xsort=x&sort=%zz' }, false],
    [{ kind: 'query', name: 'sort', value: 'x' }, {}, false],
    [{ kind: 'modified_within', within: seconds(3600) }, { modifiedAt: epochMs(evening - 3_600_000) }, true],
    [{ kind: 'modified_within', within: seconds(3600) }, { modifiedAt: epochMs(evening - 3_601_000) }, false],
    [{ kind: 'modified_within', within: seconds(3600) }, { modifiedAt: epochMs(evening + 5000) }, true],
    [{ kind: 'modified_within', within: seconds(3600) }, {}, false],
    [{ kind: 'access', level: 'high' }, { access: 'high' }, true],
    [{ kind: 'status', statuses: [404, 410] }, { status: 410 }, true],
    [{ kind: 'status', statuses: [404, 410] }, {}, false],
    [{ kind: 'larger_than', bytes: 100 }, { bodyBytes: 100 }, false],
    [{ kind: 'larger_than', bytes: 100 }, { bodyBytes: 101 }, true],
    [{ kind: 'claim', path: ['user_data', 'is_premium'], value: true }, { claims }, true],
    [{ kind: 'claim', path: ['user_data', 'is_premium'], value: 'true' }, { claims }, false],
    [{ kind: 'claim', path: ['toString', 'name'], value: 'toString' }, { claims }, false],
    [{ kind: 'claim', path: ['user_data'], value: true }, {}, false],
    [{ kind: 'json', pointer: ['is_favorite'], value: true }, { body: json }, true],
    [{ kind: 'json', pointer: ['a/b', '1', '~'], value: null }, { body: json }, true],
    [{ kind: 'json', pointer: ['n'], value: '1' }, { body: json }, false],
    [{ kind: 'json', pointer: ['n'], value: 1 }, { body: () => Buffer.from('{"n":1') }, false],
    [{ kind: 'json', pointer: ['n'], value: 1 }, {}, false],
  ];
  for (const [condition, change, holds] of cases) {
    const ttl = { ...config.ttl, hours: [], factors: [{ name: 'tested', factor: 2, when: [condition] }] };
    const question = { ttl, contentType: typeOf(config, 'anything'), now: evening, jitterKey: 'k' };
    const { lifetime } = ruleLifetime({ ...question, facts: but(change) });
    t.equal(lifetime, holds ? 600 : 300, `${JSON.stringify(condition)} ${JSON.stringify(change)}`);
  }
  t.end();
});

t.test('a factor with several conditions needs them all', (t) => {
  const when: readonly Condition[] = [
    { kind: 'access', level: 'high' },
    { kind: 'status', statuses: [200] },
  ];
  const ttl = { ...config.ttl, hours: [], factors: [{ name: 'both', factor: 2, when }] };
  const question = { ttl, contentType: typeOf(config, 'anything'), now: evening, jitterKey: 'k' };
  t.equal(ruleLifetime({ ...question, facts: base }).lifetime, 300);
  t.equal(ruleLifetime({ ...question, facts: but({ access: 'high' }) }).lifetime, 600);
  t.end();
});

t.test('the steps say in order what happened and which values were used', (t) => {
  const facts = but({ responseFields: favourite, originBound: seconds(50) });
  const { steps } = lifetimeOf('file_list', peak, facts);
  t.same(
    steps.map(({ kind, lifetime }) => `${kind} ${lifetime}`),
    [
      'base 60',
      'factor 90',
      'factor 90',
      'factor 90',
      'factor 90',
      'hours 63',
      'clamp 63',
      'jitter 63',
      'origin 50',
    ],
  );
  t.match(steps[1], { name: 'favorite', holds: true, conditions: [{ seen: 'true' }] });
  t.match(steps[3], { name: 'popular', holds: false, conditions: [{ seen: 'low' }] });
  t.ok(steps.every((step) => describeStep(step).length > 8));
  t.end();
});

t.test('steps never contain a credential, a claim or a part of a body', (t) => {
  const conditions: readonly Condition[] = [
    { kind: 'request_header', name: 'cookie', value: 'a=b' },
    { kind: 'claim', path: ['email'], value: 'a' },
    { kind: 'json', pointer: ['name'], value: 'a' },
    { kind: 'json', pointer: [], value: 'a' },
  ];
  const ttl = { ...config.ttl, factors: [{ name: 'nosy', factor: 2, when: conditions }] };
  const facts = but({
    requestFields: ['Cookie', 'session=hush'],
    claims: { email: 'hush' },
    body: () => Buffer.from('{"name":"hush"}'),
  });
  const question = { ttl, contentType: typeOf(config, 'anything'), now: evening, jitterKey: 'k', facts };
  const { steps } = ruleLifetime(question);
  t.notMatch(JSON.stringify(steps) + steps.map(describeStep).join(), /hush/);
  t.end();
});

t.test('a body is parsed once, only if a condition needs it, and not beyond its bound', (t) => {
  let asked = 0;
  const body = () => {
    asked++;
    return Buffer.from(`{"a":1,"b":"${'x'.repeat(1024 * 1024)}"}`);
  };
  const when: readonly Condition[] = [{ kind: 'json', pointer: ['a'], value: 1 }];
  const factors = ['one', 'two'].map((name) => ({ name, factor: 2, when }));
  const question = {
    contentType: typeOf(config, 'anything'),
    now: evening,
    jitterKey: 'k',
    facts: but({ body }),
  };
  ruleLifetime({ ...question, ttl: config.ttl });
  t.equal(asked, 0);
  t.equal(ruleLifetime({ ...question, ttl: { ...config.ttl, factors } }).lifetime, 300, 'too long to parse');
  t.equal(asked, 1);
  t.end();
});

t.test('callers can see whether the body or the popularity is needed', (t) => {
  t.equal(mayNeedBody(config.ttl, typeOf(config, 'anything')), false);
  t.equal(mayNeedBody(config.ttl, typeOf(config, 'careful')), true);
  const when: readonly Condition[] = [{ kind: 'json', pointer: ['a'], value: 1 }];
  const asking = { ...config.ttl, factors: [{ name: 'json', factor: 2, when }] };
  t.equal(mayNeedBody(asking, typeOf(config, 'anything')), true);
  t.equal(mayNeedBody(asking, typeOf(config, 'standard')), false);
  t.equal(asksPopularity(config.ttl), true);
  t.equal(asksPopularity(asking), false);
  t.end();
});
