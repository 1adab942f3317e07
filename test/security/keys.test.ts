/**
 * K1: any two requests with one key send the same text to the origin. The requests use spellings that an attacker would try;
 * those that are refused or passed have no key.
 */

import fc from 'fast-check';
import t from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import { fieldLines, withoutFields } from '../../src/http/fields.ts';
import type { Fields } from '../../src/http/message.ts';
import { systemClock } from '../../src/kit/time.ts';
import { readAsked } from '../../src/proxy/exchange/asked-request.ts';
import type { Exchange, Services } from '../../src/proxy/exchange/exchange.ts';
import { keyedExchange } from '../../src/proxy/exchange/keyed-exchange.ts';
import { doubtOf, passReason } from '../../src/proxy/pipeline.ts';
import { compileSite } from '../../src/proxy/exchange/site.ts';
import { fetchFields } from '../../src/proxy/exchange/upstream-fields.ts';
import { decodeEntry, encodeEntry } from '../../src/store/redis/codec.ts';
import { entryBut, keyOf } from '../store/entry.ts';

const text = `
upstream: http://127.0.0.1:9
unmatched: standard
identity: { credentials: [session, remember_me] }
content_types:
  front: { ttl: 60s, scope: public, vary: { headers: [accept-language], cookies: [ui] }, query: { ignore: [utm_*] } }
  home: { ttl: 60s, scope: user, vary: { cookies: [ui] } }
  list: { ttl: 60s, scope: public, query: { only: [page, q] }, ordered: true }
routes:
  - { match: GET /front/*, type: front }
  - { match: GET /own/*, type: home }
  - { match: GET /list/*, type: list }
`;

const read = parseConfig(text, { file: 'k1.yaml', env: {} });
if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
const site = compileSite(read.config, { learned: { isTrusted: () => false }, verifyJwt: undefined });
const now = systemClock.now();

type Asked = {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly fields: Fields;
};

type Sent = {
  readonly key: string;
  /** What of a `standard` request selects the variant. */
  readonly selecting: string;
  readonly text: string;
  readonly credentials: string;
};

/** What is sent for a request, and under which key it would be stored; `undefined` where it is refused or passed. */
function sentFor({ method, url, host, fields }: Asked): Sent | undefined {
  const result = readAsked({ method, url, fields, host }, { hosts: undefined, trustedProxies: [] });
  if (result.kind !== 'request') return undefined;
  const { request } = result;
  const match = site.rules.match(request.method, request.path, request);
  const exchange: Exchange = {
    services: {} as Services,
    site,
    request,
    reply: {} as Exchange['reply'],
    match,
    now,
    startedMs: 0,
  };
  if (passReason(exchange) !== undefined) return undefined;
  const identity = site.identify(request, now);
  if (identity instanceof Promise || doubtOf(exchange, identity) !== undefined) return undefined;
  const keyed = keyedExchange(exchange, identity);
  // An id made for each fetch; the address is this machine's for all.
  const sent = withoutFields(fetchFields(keyed, undefined), new Set(['x-request-id']));
  const selecting = match.contentType.kind === 'standard' ? JSON.stringify(keyed.plan.selectingFields()) : '';
  const credentials = ['cookie', 'authorization', 'x-api-key', 'x_api_key'].map((name) => {
    // Cookies that are no credentials do not count on `standard`: the origin's Vary rules them.
    const own = fieldLines(sent, name).join('|').split(/; */);
    return [name, ...own.filter((pair) => !/^(?:(?:theme|ui)=|$)/.test(pair))];
  });
  const text = JSON.stringify([keyed.target, sent]);
  return { key: keyed.plan.key, selecting, text, credentials: JSON.stringify(credentials) };
}

const paths = fc.constantFrom(
  ...['/front/a', '//front/a', '/front//a', '/./front/a', '/x/../front/a', '/fr%6fnt/a', '/front/%61', '/front/a%2Cb', '/front/a,b'],
  ...['/front/a/', '/front/A', '/front/%2e/a', '/front/a;x', '/front/a%3Bx', '/front/%C3%A9', '/front/%c3%a9', '/front/a%25', '/front/a%2525'],
  ...['/own/a', '/own//a', '/OWN/a', '/own/a/..', '/own/', '/own/a%20b', '/own/a+b', '/list/a', '/list/./a'],
  ...['/other', '/other/', '/other//', '/other%2F', '/other%00', '/other/..;/a', '/%6fther', '/other/%7e', '/other/~'],
); // prettier-ignore
const parameters = fc.constantFrom('a=1', 'a=2', '%61=1', 'a=%31', 'b=', 'b', 'page=1', 'page=2', 'q=%20', 'q=+', 'utm_source=x', 'utm%5Fx=1', '', 'a=1;b=2', 'A=1'); // prettier-ignore
const queries = fc.option(
  fc.array(parameters, { maxLength: 4 }).map((list) => list.join('&')),
  { nil: undefined },
);
const hosts = fc.constantFrom(
  'site.test',
  'SITE.test',
  'site.test.',
  'site.test:80',
  'site.test:8080',
  'evil.example',
  '[::1]',
  '[0::1]',
);
const lines = fc.constantFrom<readonly [string, string]>(
  ['Cookie', 'session=a'], ['Cookie', 'session=b'], ['Cookie', 'session=a; ui=x'], ['Cookie', 'ui=x; session=a'], ['Cookie', 'ui=y'],
  ['Cookie', 'remember_me=r; session=a'], ['Cookie', 'session=a; remember_me=r'], ['cookie', 'session = a ;'], ['Cookie', '_ga=1; session=a'],
  ['Cookie', 'session="a"'], ['Cookie', 'theme=1'], ['Authorization', 'Bearer a'], ['authorization', 'bearer a'], ['X-Api-Key', 'k'], ['X_API_KEY', 'k'],
  ['Accept', 'text/html'], ['Accept', 'TEXT/HTML, */*'], ['Accept', 'application/json'], ['Accept', 'image/png'], ['Accept-Language', 'he'],
  ['accept-language', ' he '], ['Accept-Language', 'en'], ['User-Agent', 'x'], ['Referer', '/evil'], ['Origin', 'null'], ['X-Forwarded-Host', 'evil'],
  ['X_Forwarded_Host', 'evil'], ['X-Forwarded-For', '1.2.3.4'], ['X-Original-URL', '/evil'], ['X-Request-ID', 'evil'], ['Via', '1.1 evil'],
  ['Range', 'bytes=0-1'], ['If-None-Match', '"a"'], ['Connection', 'X-Custom'], ['X-Custom', 'a'], ['X-Custom', 'b'], ['Forwarded', 'host=evil'],
  ['Accept-Encoding', 'gzip'], ['Accept-Encoding', 'rot13'], ['Proxy', 'evil'], ['Cache-Control', 'max-age=0'], ['Max-Forwards', '0'],
  ['Content-Length', '0'], ['Expect', '100-continue'], ['TE', 'trailers'], ['X-HTTP-Method-Override', 'POST'], ['Upgrade', 'h2c'],
); // prettier-ignore

const requests: fc.Arbitrary<Asked> = fc
  .record({
    path: paths,
    query: queries,
    host: hosts,
    fields: fc.array(lines, { maxLength: 4 }),
    method: fc.constantFrom('GET', 'GET', 'HEAD'),
  })
  .map(({ path, query, fields, ...rest }) => ({
    ...rest,
    url: query === undefined ? path : `${path}?${query}`,
    fields: fields.flat(),
  }));

const seed = 20260310;

t.test('K1: requests with equal keys (and, on standard, equal selecting fields) send equal requests', (t) => {
  let pairs = 0;
  const byKey = new Map<string, Sent>();
  fc.assert(
    fc.property(requests, (asked) => {
      const sent = sentFor(asked);
      if (sent === undefined) return true;
      const place = sent.key + sent.selecting;
      const before = byKey.get(place);
      byKey.set(place, sent);
      if (before === undefined) return true;
      pairs += 1;
      if (before.text !== sent.text) throw new Error(`${before.text}\n${sent.text}`);
      return true;
    }),
    { numRuns: 10_000, seed },
  );
  t.ok(pairs > 500, `${pairs} pairs were compared`);
  t.end();
});

t.test('requests with different credentials never share a key', (t) => {
  const credentialsOf = new Map<string, string>();
  fc.assert(
    fc.property(requests, (asked) => {
      const sent = sentFor(asked);
      if (sent === undefined) return true;
      const before = credentialsOf.get(sent.key);
      credentialsOf.set(sent.key, sent.credentials);
      if (before !== undefined && before !== sent.credentials)
        throw new Error(`${before}\n${sent.credentials}`);
      return true;
    }),
    { numRuns: 10_000, seed },
  );
  t.end();
});

t.test('a forwarded request contains nothing that the key does not cover', (t) => {
  fc.assert(
    fc.property(requests, (asked) => {
      const sent = sentFor({
        ...asked,
        fields: [...asked.fields, 'X-Forwarded-Prefix', 'evil', 'X-Rewrite_Url', 'evil'],
      });
      return (
        sent === undefined ||
        !/evil(?!\.example)/.test(sent.text.replaceAll(/"Referer","\/evil"|1\.1 evil, /g, ''))
      );
    }),
    { numRuns: 3000, seed },
  );
  t.end();
});

t.test('an entry is bound to its key: under another key it is a miss', (t) => {
  const entry = entryBut({}, 'page of a');
  const bytes = encodeEntry(entry);
  t.equal(decodeEntry(bytes, entry.key).kind, 'entry');
  t.same(decodeEntry(bytes, keyOf('page of b')), { kind: 'unreadable', reason: 'other-key' });
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[at] ?? 0) ^ flip, at);
      return decodeEntry(changed, entry.key).kind !== 'entry';
    }),
    { numRuns: 500, seed },
  );
  t.end();
});
