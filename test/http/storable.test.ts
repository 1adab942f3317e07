import t from 'tap';
import { effectiveDirectives, parseRequestDirectives } from '../../src/http/cache-control.ts';
import { freshnessLifetime } from '../../src/http/freshness.ts';
import {
  clauses,
  fieldsToStore,
  storable,
  type NotStorableReason,
  type StorableInput,
} from '../../src/http/storable.ts';
import { epochMs } from '../../src/kit/time.ts';

type Exchange = {
  readonly method?: string;
  readonly request?: readonly string[];
  readonly status?: number;
  readonly fields?: readonly string[];
};

const exchange = (
  { method = 'GET', request = [], status = 200, fields = ['Cache-Control', 'max-age=60'] }: Exchange,
  more: Partial<StorableInput> = {},
) => {
  const response = { status, fields };
  const directives = effectiveDirectives(fields);
  return storable({
    request: { method, target: '/a?b', fields: request },
    response,
    requestDirectives: parseRequestDirectives(request),
    directives,
    freshness: freshnessLifetime(response, { directives, responseTime: epochMs(0) }),
    ...more,
  });
};

t.test('§3: a plain response with a lifetime is stored', async (t) => {
  t.same(exchange({}), { kind: 'yes' });
});

t.test('every refusal gives its reason and clause', async (t) => {
  const authorization = ['Authorization', 'Basic x'];
  const partial = ['Cache-Control', 'max-age=60', 'ETag', '"a"', 'Content-Range', 'bytes 0-1/2'];
  const refused: readonly (readonly [NotStorableReason, Exchange])[] = [
    ['method', { method: 'HEAD' }],
    ['method', { method: 'PUT' }],
    ['interim-status', { status: 103 }],
    ['interim-status', { status: 1000 }],
    ['status-of-this-request', { status: 304 }],
    ['status-of-this-request', { status: 416 }],
    ['status-never-stored', { status: 429 }],
    ['partial-content', { status: 206, fields: partial }],
    ['status-not-understood', { status: 299, fields: ['Cache-Control', 'max-age=60, must-understand'] }],
    ['request-no-store', { request: ['Cache-Control', 'no-store'] }],
    ['no-store', { fields: ['Cache-Control', 'no-store'] }],
    ['private', { fields: ['Cache-Control', 'private, max-age=60'] }],
    ['authorization', { request: authorization }],
    ['vary-any', { fields: ['Cache-Control', 'max-age=60', 'Vary', '*'] }],
    ['post-without-content-location', { method: 'POST' }],
    ['not-cacheable-by-default', { status: 302, fields: ['ETag', '"a"'] }],
    ['never-reusable', { fields: [] }],
  ];
  for (const [reason, given] of refused) {
    t.same(exchange(given), { kind: 'no', reason, clause: clauses[reason] }, reason);
    t.match(clauses[reason], /^RFC \d{4} §\d/);
  }
});

t.test('§5.2.2.7: an identity may keep its own copy of a private response', async (t) => {
  const fields = ['Cache-Control', 'private'];
  t.hasStrict(exchange({ fields: [...fields, 'ETag', '"a"'] }, { shared: false }), { kind: 'yes' });
  t.hasStrict(exchange({ fields: ['Cache-Control', 'private, no-store'] }, { shared: false }), {
    reason: 'no-store',
  });
  t.hasStrict(exchange({ status: 302, fields: [...fields, 'ETag', '"a"'] }, { shared: false }), {
    kind: 'yes',
  });
});

t.test('§3.5: a key that separates credentials lifts the rule on Authorization', async (t) => {
  t.hasStrict(exchange({ request: ['Authorization', 'x'] }, { partitioned: true }), { kind: 'yes' });
});

t.test('a lifetime of the rule replaces the origin’s', async (t) => {
  t.hasStrict(exchange({ status: 302, fields: [] }, { lifetimeByRule: true }), { kind: 'yes' });
  t.hasStrict(exchange({ fields: [] }, { lifetimeByRule: true }), { kind: 'yes' });
  t.hasStrict(exchange({ fields: ['Vary', '*'] }, { lifetimeByRule: true }), { reason: 'vary-any' });
});

t.test('§4: something must make the response reusable', async (t) => {
  for (const fields of [
    ['ETag', '"a"'],
    ['Last-Modified', 'x'],
    ['Cache-Control', 'max-age=0, stale-if-error=5'],
    ['Cache-Control', 'max-age=0, stale-while-revalidate=5'],
  ]) {
    t.hasStrict(exchange({ fields }), { kind: 'yes' }, fields.join(': '));
  }
});

t.test('§3.3: a part needs a range, GET and a store for parts', async (t) => {
  const range = ['Content-Range', 'bytes 0-1/9'];
  const part = (fields: string[]) => ({ status: 206, fields: ['Cache-Control', 'max-age=60', ...fields] });
  t.hasStrict(exchange(part(['ETag', '"a"', ...range]), { partial: true }), { kind: 'yes' });
  t.hasStrict(exchange(part(['ETag', 'W/"a"', ...range]), { partial: true }), { kind: 'yes' });
  t.hasStrict(exchange(part(range), { partial: true }), { kind: 'yes' });
  t.hasStrict(exchange(part(['ETag', '"a"', ...range]), { partial: false }), { reason: 'partial-content' });
  t.hasStrict(exchange(part(['ETag', '"a"']), { partial: true }), { reason: 'partial-content' });
  t.hasStrict(exchange(part(['ETag', '"a"', 'Content-Range', 'bytes */9']), { partial: true }), {
    reason: 'partial-content',
  });
  t.hasStrict(exchange({ method: 'POST', ...part(['ETag', '"a"', ...range]) }, { partial: true }), {
    reason: 'partial-content',
  });
});

t.test('RFC 9110 §9.3.3: a POST may name its target by path or by URL', async (t) => {
  const post = (location: string, status = 200) => ({
    method: 'POST',
    status,
    fields: ['Cache-Control', 'max-age=60', 'Content-Location', location],
  });
  const origin = { origin: 'http://a' };
  t.hasStrict(exchange(post('/a?b')), { kind: 'yes' });
  t.hasStrict(exchange(post('http://a/a?b'), origin), { kind: 'yes' });
  t.hasStrict(exchange(post('http://b/a?b'), origin), { kind: 'no' });
  t.hasStrict(exchange(post('http://a/a?b')), { kind: 'no' });
  t.hasStrict(exchange(post('/a?b', 404)), { kind: 'no' });
  t.hasStrict(exchange(post('/a?b', 300)), { kind: 'no' });
});

t.test('§3.1: which fields are stored', async (t) => {
  const fields = [
    'A',
    '1',
    'Set-Cookie',
    'x',
    'Age',
    '5',
    'Connection',
    'A-Hop',
    'A-Hop',
    '2',
    'P',
    '3',
    'N',
    '4',
    'Cache-Control',
    'private=P, no-cache="n"',
  ];
  t.same(fieldsToStore(fields, effectiveDirectives(fields)), [
    'A',
    '1',
    'Cache-Control',
    'private=P, no-cache="n"',
  ]);
});

t.test('§5.2.2.3: statuses that are understood', async (t) => {
  const fields = ['Cache-Control', 'max-age=60, must-understand, no-store'];
  const understood = [
    200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 402, 403, 404, 405, 406, 409, 410, 414,
    422, 451, 500, 501, 502, 503, 504, 505,
  ];
  const final = Array.from({ length: 400 }, (_, at) => at + 200);
  t.same(
    final.filter((status) => exchange({ status, fields }).kind === 'yes'),
    understood,
  );
});

t.test('§3: statuses that are never stored', async (t) => {
  const final = Array.from({ length: 500 }, (_, at) => at + 100);
  const never = final.filter((status) => exchange({ status }).kind === 'no');
  const expected = [206, 304, 401, 407, 408, 411, 412, 413, 415, 416, 417, 421, 425, 426, 428, 429, 431, 511];
  t.same(
    never.filter((status) => status >= 200),
    expected,
  );
  t.equal(never.filter((status) => status < 200).length, 100);
});
