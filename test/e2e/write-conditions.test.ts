/** Write rules that ask about a write's body and its answer: what ends what, and that neither is changed on its way. */

import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { ask, fateOf } from '../helpers/raw-client.ts';
import { barrier, startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, query: { only: [] } }
routes:
  - { match: GET /looks, type: page, tags: [looks] }
  - { match: GET /place, type: page, tags: [place] }
writes:
  - { name: beacon, match: POST /prefs, when: { json: { /place: only } }, invalidate: [place] }
  - { match: POST /prefs, invalidate: [looks, place] }
  - { name: draft, match: POST /form, when: { form: { mode: draft } }, invalidate: [place] }
  - { match: POST /form, invalidate: [looks] }
  - { name: refused, match: POST /answer, when: { response: { json: { /ok: false } } }, invalidate: [] }
  - { match: POST /answer, invalidate: [looks] }
`;
const asJson = 'Content-Type: application/json';
const asForm = 'Content-Type: application/x-www-form-urlencoded';

type Written = { readonly lines?: readonly string[]; readonly body?: string; readonly method?: string };
type Answered = {
  readonly status?: number;
  readonly fields?: readonly string[];
  readonly body?: string | Buffer;
};

async function start(t: Test) {
  const bodies: string[] = [];
  const answered: { next: Answered } = { next: {} };
  const site = await startSite(rules, {
    answer: (message, response) => {
      if (message.method === 'GET') return void response.end('page');
      const pieces: Buffer[] = [];
      message.on('data', (piece: Buffer) => pieces.push(piece));
      message.on('end', () => {
        bodies.push(Buffer.concat(pieces).toString('latin1'));
        const { status = 200, fields = asJson.split(': '), body = '{"ok":true}' } = answered.next;
        response.writeHead(status, fields as string[]).end(body);
      });
    },
  });
  t.teardown(() => site.close());
  const isStored = async (path: string): Promise<boolean> =>
    fateOf(await ask(site.url, { target: path })).startsWith('hit');
  await isStored('/looks');
  await isStored('/place');
  /** What of both pages has been ended since they were last asked for; they are stored again. */
  const ended = async (): Promise<string> =>
    [
      ...(!(await isStored('/looks')) ? ['looks'] : []),
      ...(!(await isStored('/place')) ? ['place'] : []),
    ].join(' ');
  return { site, bodies, answered, ended };
}

const chunked = (body: string): string => `${[...body].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`;
const beacon = '{"place":{"y":7}}';
const length = (body: string): string => `Content-Length: ${body.length}`;

const cases: readonly (readonly [
  what: string,
  target: string,
  written: Written,
  ended: string,
  sent?: string,
])[] = [
  ['a beacon', '/prefs', { lines: [asJson, length(beacon)], body: beacon }, 'place'],
  [
    'a beacon, byte by byte',
    '/prefs',
    { lines: [asJson, 'Transfer-Encoding: chunked'], body: chunked(beacon) },
    'place',
    beacon,
  ],
  [
    'a beacon as text',
    '/prefs',
    { lines: ['Content-Type: text/plain;charset=UTF-8', length(beacon)], body: beacon },
    'place',
  ],
  ['a preference', '/prefs', { lines: [asJson, 'Content-Length: 13'], body: '{"theme":"a"}' }, 'looks place'],
  [
    'both',
    '/prefs',
    { lines: [asJson, 'Content-Length: 23'], body: '{"place":1,"theme":"a"}' },
    'looks place',
  ],
  ['a beacon called a form', '/prefs', { lines: [asForm, length(beacon)], body: beacon }, 'looks place'],
  ['two types', '/prefs', { lines: [asJson, asForm, length(beacon)], body: beacon }, 'looks place'],
  [
    'a coded body',
    '/prefs',
    { lines: [asJson, 'Content-Encoding: gzip', length(beacon)], body: beacon },
    'looks place',
  ],
  ['no body', '/prefs', { lines: [asJson, 'Content-Length: 0'], body: '' }, 'looks place'],
  [
    'another method in a field',
    '/prefs',
    { lines: [asJson, 'X-HTTP-Method-Override: DELETE', length(beacon)], body: beacon },
    'looks place',
  ],
  ['a draft', '/form', { lines: [asForm, 'Content-Length: 14'], body: 'mode=draft&a=1' }, 'place'],
  ['a form in earnest', '/form', { lines: [asForm, 'Content-Length: 9'], body: 'mode=real' }, 'looks'],
  [
    'a draft twice over',
    '/form',
    { lines: [asForm, 'Content-Length: 20'], body: 'mode=draft&mode=real' },
    'looks place',
  ],
];

t.test('what a write carries decides what it ends, and reaches the origin as it was', async (t) => {
  const { site, bodies, ended } = await start(t);
  for (const [what, target, written, expected, sent = written.body] of cases) {
    const answer = await ask(site.url, { method: 'POST', target, ...written });
    t.equal(answer.body, '{"ok":true}', what);
    t.equal(await ended(), expected, what);
    t.equal(bodies.at(-1), sent, what);
  }
});

const gzip = ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'];
const answers: readonly (readonly [what: string, answered: Answered, ended: string])[] = [
  ['done', {}, 'looks'],
  ['refused', { body: '{"ok":false}' }, ''],
  ['refused, coded', { body: gzipSync('{"ok":false}'), fields: gzip }, ''],
  ['coded, cut short', { body: gzipSync('{"ok":false}').subarray(0, 25), fields: gzip }, 'looks'],
  ['refused, with an error', { status: 500, body: '{"ok":false}' }, 'looks'],
  ['not found', { status: 404, body: '{"ok":true}' }, ''],
  ['a page', { fields: ['Content-Type', 'text/html'], body: '{"ok":false}' }, 'looks'],
  ['too long', { body: `{"ok":false,"a":"${'x'.repeat(70_000)}"}` }, 'looks'],
  ['in two ways', { body: '{"ok":true,"ok":false}' }, 'looks'],
];

t.test('what a write is answered decides too, and reaches the client as it was', async (t) => {
  const { site, answered: answering, ended } = await start(t);
  for (const [what, answered, expected] of answers) {
    answering.next = answered;
    const { body, status } = await ask(site.url, {
      method: 'POST',
      target: '/answer',
      lines: ['Content-Length: 0'],
    });
    t.equal(status, answered.status ?? 200, what);
    const sent = answered.body ?? '{"ok":true}';
    t.ok(Buffer.from(body, 'latin1').equals(Buffer.from(sent)), what);
    t.equal(await ended(), expected, what);
  }
});

t.test('an answer that breaks off before it is read ends all, and is a failure', async (t) => {
  const { site, ended } = await start(t);
  site.answerWith((message, response) => {
    if (message.method === 'GET') return void response.end('page');
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '50' });
    response.write('{"ok":false', () => response.destroy());
  });
  const { status } = await ask(site.url, { method: 'POST', target: '/answer', lines: ['Content-Length: 0'] });
  t.equal(status, 502);
  t.equal(await ended(), 'looks');
});

t.test('a client that leaves in the middle of its body has sent no beacon', async (t) => {
  const { site, ended } = await start(t);
  const arrived = barrier();
  site.answerWith((message, response) => {
    if (message.method === 'GET') return void response.end('page');
    message.once('data', arrived.arrive);
    message.on('error', () => undefined);
  });
  const { hostname, port } = new URL(site.url);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': '100' };
  const leaving = request({ hostname, port, method: 'POST', path: '/prefs', headers });
  leaving.on('error', () => undefined).write(beacon);
  await arrived.reached;
  const before = site.proxy.services.purgeLog.position().seq;
  leaving.destroy();
  await eventually('ended', () => site.proxy.services.purgeLog.position().seq > before);
  t.equal(await ended(), 'looks place');
});

t.test('an origin that answers before the body has ended knows no more than we do', async (t) => {
  const { site, ended } = await start(t);
  site.answerWith((message, response) => {
    response.end(message.method === 'GET' ? 'page' : '{"ok":true}');
  });
  const { hostname, port } = new URL(site.url);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(beacon.length) };
  const answered = barrier();
  const slow = request({ hostname, port, method: 'POST', path: '/prefs', headers }, (response) => {
    response.resume().on('end', answered.arrive);
  });
  slow.on('error', () => undefined).write(beacon.slice(0, 5));
  await answered.reached;
  t.equal(await ended(), 'looks place');
  slow.destroy();
});
