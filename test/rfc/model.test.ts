import fc from 'fast-check';
import t from 'tap';
import { effectiveDirectives, parseRequestDirectives } from '../../src/http/cache-control.ts';
import { freshnessLifetime } from '../../src/http/freshness.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import { reuse, storedPolicy } from '../../src/http/reuse.ts';
import { storable } from '../../src/http/storable.ts';
import { after, epochMs, seconds } from '../../src/kit/time.ts';
import { type Facts, judge, type Verdict } from './model.ts';

const received = epochMs(Date.UTC(2026, 0, 1));
const dateAt = (offset: number): string => formatHttpDate(after(received, seconds(offset)));

const some = (most: number) => fc.option(fc.nat(most), { nil: undefined });
const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const flags = [
  'no-store',
  'private',
  'no-cache',
  'public',
  'must-revalidate',
  'proxy-revalidate',
  'must-understand',
  'immutable',
];

const facts: fc.Arbitrary<Facts> = fc.record({
  status: fc.constantFrom(200, 200, 203, 301, 302, 404, 500, 299, 499, 599),
  flags: fc.oneof(fc.constant([]), fc.subarray(flags, { maxLength: 2 }), fc.subarray(flags)),
  maxAge: some(20),
  sMaxage: fc.oneof(fc.constant(undefined), some(20)),
  staleWhileRevalidate: some(10),
  expires: fc.option(fc.integer({ min: -5, max: 20 }), { nil: undefined }),
  date: fc.option(fc.integer({ min: -10, max: 5 }), { nil: undefined }),
  modifiedAgo: fc.option(fc.integer({ min: -5, max: 200 }), { nil: undefined }),
  age: some(10),
  delay: fc.nat(3),
  hasTag: fc.boolean(),
  variesOnAll: rarely,
  authorization: rarely,
  requestNoStore: rarely,
  asks: fc.oneof(fc.constant([]), fc.subarray(['no-cache', 'only-if-cached', 'max-stale'])),
  askMaxAge: fc.oneof(fc.constant(undefined), some(20)),
  askMinFresh: fc.oneof(fc.constant(undefined), some(10)),
  askMaxStale: some(10),
  after: fc.nat(25),
});

const directive = (name: string, value: number | undefined): string[] =>
  value === undefined ? [] : [`${name}=${value}`];
const line = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [name, value];
const controls = (members: string[]): string[] => members.flatMap((member) => ['Cache-Control', member]);

const responseFields = (f: Facts): string[] => [
  ...controls([
    ...f.flags,
    ...directive('max-age', f.maxAge),
    ...directive('s-maxage', f.sMaxage),
    ...directive('stale-while-revalidate', f.staleWhileRevalidate),
  ]),
  ...line('Expires', f.expires === undefined ? undefined : dateAt(f.expires)),
  ...line('Date', f.date === undefined ? undefined : dateAt(f.date)),
  ...line('Last-Modified', f.modifiedAgo === undefined ? undefined : dateAt(-f.modifiedAgo)),
  ...line('Age', f.age === undefined ? undefined : String(f.age)),
  ...line('ETag', f.hasTag ? '"a"' : undefined),
  ...line('Vary', f.variesOnAll ? 'Foo, *' : undefined),
];

const decide = (f: Facts): Verdict => {
  const fields = responseFields(f);
  const response = { status: f.status, fields };
  const directives = effectiveDirectives(fields);
  const freshness = freshnessLifetime(response, { directives, responseTime: received });
  const requestFields = [
    ...line('Authorization', f.authorization ? 'x' : undefined),
    ...controls(f.requestNoStore ? ['no-store'] : []),
  ];
  const request = { method: 'GET', target: '/', fields: requestFields };
  const decision = storable({
    request,
    response,
    directives,
    freshness,
    requestDirectives: parseRequestDirectives(requestFields),
  });
  if (decision.kind === 'no') return 'not-stored';
  const requestTime = after(received, seconds(-f.delay));
  const stored = storedPolicy({
    fields,
    directives,
    lifetime: freshness.lifetime,
    requestTime,
    responseTime: received,
  });
  const asks = controls([
    ...f.asks.map((ask) => ask),
    ...directive('max-age', f.askMaxAge),
    ...directive('min-fresh', f.askMinFresh),
    ...(f.asks.includes('max-stale') ? [] : directive('max-stale', f.askMaxStale)),
  ]);
  return reuse(stored, parseRequestDirectives(asks), after(received, seconds(f.after))).kind;
};

t.test('§3–§4.2: the rules agree with a second reading of the RFC on 10,000 exchanges', async (t) => {
  const seen = new Map<Verdict, number>();
  fc.assert(
    fc.property(facts, (f) => {
      const verdict = judge(f);
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
      return decide(f) === verdict;
    }),
    { numRuns: 10_000 },
  );
  for (const verdict of ['not-stored', 'fresh', 'stale', 'validate', 'must-not-forward'] as const) {
    t.ok((seen.get(verdict) ?? 0) > 100, `${verdict} occurs often enough to mean something`);
  }
});
