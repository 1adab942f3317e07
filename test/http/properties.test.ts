import fc from 'fast-check';
import t from 'tap';
import { canonicalAuthority } from '../../src/http/authority.ts';
import { effectiveDirectives, parseRequestDirectives } from '../../src/http/cache-control.ts';
import { endToEndFields, parseList } from '../../src/http/fields.ts';
import { correctedInitialAge, freshnessLifetime } from '../../src/http/freshness.ts';
import { cacheGroups } from '../../src/http/groups.ts';
import { parseHttpDate } from '../../src/http/http-date.ts';
import { invalidationTargets } from '../../src/http/invalidation.ts';
import { planRanges, parseContentRange } from '../../src/http/ranges.ts';
import { reuse, storedPolicy } from '../../src/http/reuse.ts';
import { sortQuery } from '../../src/http/query.ts';
import { fieldsToStore, storable } from '../../src/http/storable.ts';
import { normaliseTarget } from '../../src/http/target.ts';
import {
  conditionalFields,
  evaluateConditional,
  freshen,
  headFreshens,
  selects304,
} from '../../src/http/validators.ts';
import { matchesVariant, selectedVariant } from '../../src/http/vary.ts';
import { parseEntityTags } from '../../src/http/entity-tags.ts';
import { after, epochMs, seconds } from '../../src/kit/time.ts';
import { anyCharacter } from '../helpers/any-character.ts';

const now = epochMs(Date.UTC(2026, 0, 1));
const exchange = { requestTime: now, responseTime: now };

const fieldNames = [
  'Cache-Control',
  'CDN-Cache-Control',
  'Shelflife-Cache-Control',
  'Pragma',
  'Expires',
  'Date',
  'Age',
  'Last-Modified',
  'ETag',
  'Vary',
  'Connection',
  'Content-Length',
  'Content-Range',
  'Content-Type',
  'Content-Encoding',
  'Content-Language',
  'Content-Location',
  'Location',
  'Cache-Groups',
  'Range',
  'If-Range',
  'If-None-Match',
  'If-Modified-Since',
  'Accept-Encoding',
  'Accept-Language',
  'Authorization',
  'Set-Cookie',
  'X',
];
const fragment = fc.constantFrom(
  'max-age=',
  'max-age=60',
  's-maxage=60',
  'no-store',
  'private',
  'no-cache',
  'public',
  '=',
  '"',
  '\\',
  ',',
  ', ',
  ';',
  'q=0.5',
  '*',
  'W/',
  '"a"',
  'bytes=',
  'bytes ',
  '0-9',
  '-',
  '/',
  '60',
  '-1',
  '1.5',
  'GMT',
  'Sun, 06 Nov 1994 08:49:37 GMT',
  'gzip',
  'de',
  ' ',
  '\t',
  'é',
  '?1',
  ':',
  '(',
  ')',
  '%',
  '@',
);
const value = fc.oneof(
  fc.array(fragment, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: anyCharacter, maxLength: 12 }),
);
const fields = fc
  .array(fc.tuple(fc.constantFrom(...fieldNames), value), { maxLength: 8 })
  .map((lines) => lines.flat());

/** Every decision about an exchange; only that none throws matters. */
const everything = (request: string[], response: string[], status: number): void => {
  const directives = effectiveDirectives(response);
  const requestDirectives = parseRequestDirectives(request);
  const freshness = freshnessLifetime({ status, fields: response }, { directives, responseTime: now });
  const head = { method: 'GET', target: '/', fields: request };
  storable({
    request: head,
    response: { status, fields: response },
    requestDirectives,
    directives,
    freshness,
    partial: true,
  });
  const stored = fieldsToStore(response, directives);
  const policy = storedPolicy({ ...exchange, fields: response, directives, lifetime: freshness.lifetime });
  reuse(policy, requestDirectives, after(now, seconds(5)));
  const variant = selectedVariant(request, response);
  if (variant !== undefined) matchesVariant(variant, request);
  evaluateConditional({
    method: 'GET',
    requestFields: request,
    storedStatus: status,
    storedFields: stored,
    responseTime: now,
  });
  planRanges({
    method: 'GET',
    requestFields: request,
    storedStatus: status,
    storedFields: stored,
    length: 100,
  });
  conditionalFields(stored);
  selects304(stored, response);
  freshen(stored, response, now);
  headFreshens({ fields: stored, contentLength: 9 }, { status, fields: response });
  cacheGroups(response);
  invalidationTargets({ method: 'POST', status, target: '/', scheme: 'http', host: 'a', fields: response });
};

t.test('no combination of fields makes a decision throw', async () => {
  fc.assert(
    fc.property(fields, fields, fc.constantFrom(200, 206, 304, 404, 599), (request, response, status) => {
      everything(request, response, status);
    }),
    { numRuns: 3000 },
  );
});

t.test('lifetimes and ages are finite, non-negative and bounded', async () => {
  fc.assert(
    fc.property(fields, (response) => {
      const directives = effectiveDirectives(response);
      const { lifetime } = freshnessLifetime(
        { status: 200, fields: response },
        { directives, responseTime: now },
      );
      const age = correctedInitialAge(response, exchange);
      return lifetime >= 0 && lifetime < 1e12 && age >= 0 && age < 1e12;
    }),
    { numRuns: 3000 },
  );
});

/** What a store shared by everyone would do with the response: how long it would use it, 0 for not at all. */
const sharedFor = (request: string[], response: string[]): number => {
  const directives = effectiveDirectives(response);
  const freshness = freshnessLifetime({ status: 200, fields: response }, { directives, responseTime: now });
  const decision = storable({
    request: { method: 'GET', target: '/', fields: request },
    response: { status: 200, fields: response },
    requestDirectives: parseRequestDirectives(request),
    directives,
    freshness,
  });
  const policy = storedPolicy({ ...exchange, fields: response, directives, lifetime: freshness.lifetime });
  const isUsed = decision.kind === 'yes' && reuse(policy, parseRequestDirectives([]), now).kind === 'fresh';
  return isUsed ? policy.lifetime - policy.initialAge : 0;
};

t.test('a prohibition added anywhere never makes a response more shareable', async () => {
  const prohibition = fc.constantFrom(
    ['Cache-Control', 'no-store'],
    ['Cache-Control', 'private'],
    ['Cache-Control', 'no-cache'],
    ['Cache-Control', 'max-age=0'],
    ['Cache-Control', 'private="x"'],
    ['cache-control', 'NO-STORE'],
    ['CDN-Cache-Control', 'no-store'],
    ['Shelflife-Cache-Control', 'private'],
    ['Vary', '*'],
    ['Set-Cookie', 'a=b'],
  );
  fc.assert(
    fc.property(fields, fields, prohibition, fc.nat(8), (request, response, line, place) => {
      const more = response.toSpliced(Math.min(place * 2, response.length), 0, ...line);
      return sharedFor(request, more) <= sharedFor(request, response);
    }),
    { numRuns: 5000 },
  );
});

t.test('a prohibition appended to a line of directives is obeyed, whatever comes before it', async () => {
  fc.assert(
    fc.property(value, fc.constantFrom('no-store', 'private', 'no-cache'), (before, directive) => {
      // Inside a quoted string that both begins before it and ends after it, it would be no directive: nothing comes after.
      const {
        noStore,
        private: forOneUser,
        noCache,
      } = effectiveDirectives(['Cache-Control', `${before}, ${directive}`]);
      return { 'no-store': noStore, private: forOneUser, 'no-cache': noCache }[directive];
    }),
    { numRuns: 5000 },
  );
});

t.test('stored fields never include Set-Cookie or a hop-by-hop field', async () => {
  fc.assert(
    fc.property(fields, (response) => {
      const names = fieldsToStore(response, effectiveDirectives(response)).filter((_, at) => at % 2 === 0);
      return names.every((name) => !['set-cookie', 'connection', 'age'].includes(name.toLowerCase()));
    }),
  );
});

t.test('a hundred thousand hostile characters take linear time', async (t) => {
  const seeds = [
    '"',
    '\\',
    ',',
    'a,',
    '"a",',
    '"\\',
    'max-age=1,',
    'x="',
    '=',
    ' ',
    '\t,',
    ';',
    '*;q=0,',
    'identity ;',
    'W/"',
    '0-1,',
    'bytes=',
    '/..',
    '/%2e',
    '/;',
    '%41',
    '&',
    'a=&',
    '(',
    ':',
    '0',
  ];
  for (const seed of seeds) {
    const long = seed.repeat(Math.ceil(100_000 / seed.length));
    // CPU time, so that other work on the machine does not count. Quadratic work on this would take minutes.
    const before = process.cpuUsage();
    for (const name of fieldNames) everything([name, long], [name, long], 200);
    parseList(long);
    parseEntityTags(long);
    parseHttpDate(long, now);
    parseContentRange(long);
    normaliseTarget(`/${long}`);
    normaliseTarget(`/${long.slice(0, 8000)}`);
    normaliseTarget(`http://${long.slice(0, 8000)}`);
    canonicalAuthority(long, 'http');
    sortQuery(long, { ignore: ['x*'] });
    endToEndFields(['Connection', long]);
    const { user } = process.cpuUsage(before);
    t.ok(user < 5_000_000, `${JSON.stringify(seed)}: ${Math.round(user / 1000)} ms`);
  }
});
