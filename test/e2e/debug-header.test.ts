/** 19.3: `Shelflife-Debug` for holders of a control token with scope `read`, on every way to the client, and for nobody else. */

import { hash } from 'node:crypto';
import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import { ask as askRaw } from '../helpers/raw-client.ts';
import { type Site, startSite } from '../helpers/scripted-site.ts';

const tokenOf = (scope: string) => `a-token-for-${scope}-of-many-characters`;
const read = tokenOf('read');
const holder = (name: string, scope: string, more = '') =>
  `{ name: ${name}, sha256: ${hash('sha256', tokenOf(name))}, scopes: [${scope}]${more} }`;
const tokens = `tokens: [${holder('read', 'read')}, ${holder('purge', 'purge')}, ${holder('rare', 'read', ', per_minute: 1')}]`;

const rules = (isOn: boolean, listen: string) => `
listen: { ${listen} }
control: { ${tokens} }
debug: { header: ${isOn} }
identity: { credentials: [session] }
content_types: { page: { scope: public, ttl: 60s }, own: { scope: user, ttl: 60s } }
routes:
  - { match: GET /page/:id, type: page }
  - { match: GET /own, type: own }
  - { match: GET /passed, type: pass }
writes: [{ match: POST /page/:id, invalidate: ["url:/page/{id}"] }]
`;

/** The origin's `Vary` names a field that must never reach it. */
async function start(t: Test, isOn = true, listen = ''): Promise<Site> {
  const site = await startSite(rules(isOn, listen), {
    answer: ({ url = '' }, response) => {
      const lifetimes = {
        'Cache-Control': 'max-age=60',
        'CDN-Cache-Control': 'max-age=60',
        'X-Accel-Expires': '60',
      };
      response.writeHead(200, {
        ...lifetimes,
        Vary: 'Shelflife-Debug',
        'Shelflife-Debug': 'forged',
        ETag: `"${url}"`,
      });
      response.end(`body of ${url}`);
    },
  });
  t.teardown(() => site.close());
  return site;
}

type Asked = { readonly target: string; readonly method?: string; readonly lines?: readonly string[] };
type Answered = { readonly status: number; readonly fields: readonly string[]; readonly body: string };

async function overOne({ url }: Site, asked: Asked): Promise<Answered> {
  const { status, lines, body } = await askRaw(url, asked);
  return { status, fields: lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())), body };
}

async function overTwo({ url }: Site, { method = 'GET', target, lines = [] }: Asked): Promise<Answered> {
  const client = connect(url);
  const named = lines
    .flatMap((line) => line.split(': ', 2))
    .map((part, at) => (at % 2 ? part : part.toLowerCase()));
  const pseudo = [':method', method, ':path', target, ':scheme', 'http', ':authority', 'site.test'];
  const stream: ClientHttp2Stream = client.request([...pseudo, ...named], { endStream: true });
  const head = await new Promise<IncomingHttpHeaders & { ':status'?: number }>((resolve, reject) => {
    stream.once('response', resolve).once('error', reject);
  });
  const body = await text(stream);
  client.close();
  const fields = Object.entries(head).map(([name, value]) => `${name}: ${String(value)}`);
  return { status: head[':status'] ?? 0, fields, body };
}

const valueOf = ({ fields }: Answered, name: string): string =>
  fields
    .filter((line) => line.startsWith(`${name}: `))
    .map((line) => line.slice(name.length + 2))
    .join(', ');
const withToken = (token: string, lines: readonly string[] = []) => [...lines, `Shelflife-Debug: ${token}`];
const reached = ({ requests }: Site): string[] =>
  requests.flatMap(({ rawHeaders }) => rawHeaders).filter((part) => /shelflife.debug|a-token/i.test(part));

const cookie = 'Cookie: session=a-secret-session';
const page = 'type=page; route="GET /page/:id"; identity=anonymous; key="[0-9a-f]{16}"';
const own = 'type=own; route="GET /own"; identity=known; key="[0-9a-f]{16}"';
const ways: readonly (readonly [told: string, asked: Asked])[] = [
  [`decision=forwarded; ${page}`, { target: '/page/1' }],
  [`decision=hit; ${page}`, { target: '/page/1' }],
  ['decision=hit; .*', { target: '/page/1', method: 'HEAD' }],
  ['decision=hit; .*', { target: '/page/1', lines: ['If-None-Match: "/page/1"'] }],
  ['decision=hit; .*', { target: '/page/1', lines: ['Range: bytes=0-1'] }],
  ['decision=passed; reason=method; type=standard', { target: '/page/1', method: 'POST' }],
  [`decision=forwarded; ${page}`, { target: '/page/1' }],
  ['decision=forwarded; type=standard; identity=anonymous; key="[0-9a-f]{16}"', { target: '/standard' }],
  ['decision=passed; reason=rule; type=pass; route="GET /passed"', { target: '/passed' }],
  ['decision=passed; reason=method; type=standard', { target: '/page/1', method: 'OPTIONS' }],
  [`decision=forwarded; ${own}`, { target: '/own', lines: [cookie] }],
  [`decision=hit; ${own}`, { target: '/own', lines: [cookie] }],
  [
    'decision=passed; reason=identity; type=own; route="GET /own"; identity=doubt; doubt=duplicate-credential',
    { target: '/own', lines: [`${cookie}; session=b`] },
  ],
];

for (const [name, listen, ask] of [
  ['in the lane', '', overOne],
  ['without the lane', 'fast_lane: false', overOne],
  ['over HTTP/2', 'h2c: true', overTwo],
] as const) {
  t.test(`the debug header ${name}`, async (t) => {
    const site = await start(t, true, listen);
    for (const [told, { lines, ...asked }] of ways) {
      const answer = await ask(site, { ...asked, lines: withToken(read, lines) });
      const label = `${asked.method ?? 'GET'} ${asked.target}`;
      t.match(valueOf(answer, 'shelflife-debug'), new RegExp(`^shelflife; ${told}$`), label);
      t.match(valueOf(answer, 'cache-control'), /, private="Shelflife-Debug"$/, label);
      t.equal(valueOf(answer, 'cdn-cache-control'), 'max-age=60, no-store', label);
      t.equal(valueOf(answer, 'x-accel-expires'), '0', label);
    }
    const count = site.seen.length;
    for (const target of ['/page/1', '/standard']) {
      const clean = await ask(site, { target });
      t.match(valueOf(clean, 'cache-status'), /hit/, 'what it fetched is there for others');
      t.equal(valueOf(clean, 'cache-control'), 'max-age=60');
      t.equal(valueOf(clean, 'shelflife-debug'), 'forged', 'the app’s own field is left as it is');
      t.equal((await ask(site, { target, lines: withToken(read) })).body, clean.body);
    }
    t.equal(site.seen.length, count);
    t.same(reached(site), []);
  });
}

const silent: Readonly<Record<string, readonly string[]>> = {
  'a wrong token': [`${read}x`],
  'no token': [''],
  'a token of another scope': [tokenOf('purge')],
  'two fields': [read, read],
  'two tokens in one': [`${read}, ${read}`],
  'another scheme': [`Bearer ${read}`],
};

for (const listen of ['', 'fast_lane: false']) {
  t.test(`a request without the right token is answered as without the header: { ${listen} }`, async (t) => {
    const [on, off] = [await start(t, true, listen), await start(t, false, listen)];
    const table: (readonly [string, Site, readonly string[]])[] = [
      ...Object.entries(silent).map(
        ([name, sent]) => [name, on, sent.flatMap((one) => withToken(one))] as const,
      ),
      ['another spelling', on, [`shelflife_debug: ${read}`]],
      ['switched off', off, withToken(read)],
    ];
    for (const [name, site, lines] of table) {
      for (const asked of [
        { target: '/page/2' },
        { target: '/passed' },
        { target: '/x', method: 'POST' },
        { target: '/standard' },
      ]) {
        const [warm, plain, odd] = [
          await overOne(site, asked),
          await overOne(site, asked),
          await overOne(site, { ...asked, lines }),
        ];
        const kept = ({ status, fields, body }: Answered) => [
          status,
          fields.filter((line) => !/^(?:date|age|cache-status: .*ttl)/.test(line)),
          body,
        ];
        t.same(kept(odd), kept(plain), `${name}: ${asked.target}`);
        t.equal(warm.body, plain.body);
      }
    }
    for (const site of [on, off]) {
      for (const copy of ['GET /page/2', 'GET /standard'])
        t.equal(site.seen.filter((seen) => seen === copy).length, 1, 'no client makes another copy with it');
      t.same(reached(site), []);
    }
  });
}

t.test('a token gets the header as often as its rate allows', async (t) => {
  const site = await start(t);
  const asked = { target: '/page/3', lines: withToken(tokenOf('rare')) };
  const told = [await overOne(site, asked), await overOne(site, asked)].map((one) =>
    valueOf(one, 'shelflife-debug'),
  );
  t.match(told[0], /^shelflife; decision=forwarded; /);
  t.equal(told[1], 'forged');
});

t.test('a debug header that nobody can get is warned of', (t) => {
  const warned = (rules: string, env = {}) => {
    const parsed = parseConfig(`upstream: http://127.0.0.1:5000\n${rules}`, { file: 'f', env });
    return parsed.kind === 'ok' && parsed.warnings.map(({ code, line }) => `${line} ${code}`);
  };
  t.same(warned('debug: { header: true }'), ['2 no-control-token']);
  t.same(warned('debug: { header: false }'), []);
  t.same(warned('debug: { header: true }', { SHELFLIFE_TOKEN: read }), []);
  t.same(warned(`debug: { header: true }\ncontrol: { ${tokens} }`), []);
  t.end();
});
