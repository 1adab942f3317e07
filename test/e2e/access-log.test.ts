/** 19.3: the access log in the formats of others: the same lines from the lane and from node:http. */

import pino from 'pino';
import t from 'tap';
import { clientAddress, trustOf } from '../../src/front/trusted-proxies.ts';
import { combinedLine } from '../../src/watch/show/access-line.ts';
import { ecsOptions } from '../../src/watch/show/log-destination.ts';
import { eventually } from '../helpers/eventually.ts';
import { startSite } from '../helpers/scripted-site.ts';
import { outcomeBut } from '../watch/outcome-but.ts';

/** nginx's `combined`, and behind it the cache's word. */
const combined =
  /^(\S+) - - \[(\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000)\] "([^"]*)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)" (\S+)\n$/;

const rules = (log: string, listen = '') => `
log: ${log}
listen: { ${listen} trusted_proxies: [10.0.0.0/8, 127.0.0.0/8] }
content_types: { page: { scope: public, ttl: 60s } }
routes: [{ match: GET /page, type: page }, { match: GET /passed, type: pass }]
`;

const asked: readonly (readonly [init: RequestInit & { path: string }, line: readonly unknown[]])[] = [
  [{ path: '/page?token=hush' }, ['GET /page?token=… HTTP/1.1', '200', '4', 'miss:cold']],
  [{ path: '/page?token=hush' }, ['GET /page?token=… HTTP/1.1', '200', '4', 'hit']],
  [{ path: '/page?token=hush', method: 'HEAD' }, ['HEAD /page?token=… HTTP/1.1', '200', '0', 'hit']],
  [{ path: '/passed' }, ['GET /passed HTTP/1.1', '200', '4', 'miss:pass/rule']],
  [{ path: '/form', method: 'POST', body: 'x' }, ['POST /form HTTP/1.1', '200', '4', 'write']],
  [{ path: '/form', method: 'OPTIONS' }, ['OPTIONS /form HTTP/1.1', '200', '-', 'write']],
];
const said = {
  referer: 'http://dana:hush@a/?code=hush&q=1#hush',
  'user-agent': 'a "quoted" \\ agent',
  cookie: 'session=hush',
  authorization: 'Bearer hush',
  'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.1.1.1',
};

for (const lane of [true, false]) {
  t.test(`combined, fast_lane: ${lane}`, async (t) => {
    const lines: string[] = [];
    const site = await startSite(rules('{ format: combined }', `fast_lane: ${lane},`), {
      answer: (_, response) => response.end('body'),
      accessLines: { write: (line) => void lines.push(line) },
      log: pino({ level: 'info' }, { write: () => undefined }),
    });
    t.teardown(() => site.close());
    for (const [index, [{ path, ...init }, [request, status, bytes, word]]] of asked.entries()) {
      await (await fetch(site.url + path, { ...init, headers: said })).text();
      await eventually('its line', () => lines.length > index);
      const [, address, , ...rest] = combined.exec(lines[index] ?? '') ?? [lines[index]];
      const agent = 'a \\x22quoted\\x22 \\x5C agent';
      const masked = String(request).replace('…', '\\xE2\\x80\\xA6');
      const referer = 'http://a/?code=\\xE2\\x80\\xA6&q=1';
      t.strictSame([address, ...rest], ['192.0.2.7', masked, status, bytes, referer, agent, word]);
    }
    t.notMatch(lines.join(''), 'hush');
  });
}

t.test('ECS: Elastic’s names, what is ours below `shelflife`, and lines that are no requests', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { ...ecsOptions(), level: 'info' },
    {
      write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    },
  );
  const site = await startSite(rules('{ format: ecs }'), { answer: (_, r) => r.end('body'), log });
  t.teardown(() => site.close());
  const requests = () => lines.filter((line) => 'event' in line);
  for (const count of [1, 2]) {
    await (await fetch(`${site.url}/page?token=hush&q=1`, { headers: said })).text();
    await eventually('its line', () => requests().length === count);
  }
  const [miss, hit] = requests();
  t.match(hit, {
    '@timestamp': /^\d{4}-\d\d-\d\dT.*Z$/,
    'log.level': 'info',
    'ecs.version': String,
    'service.name': 'shelflife',
    message: 'request',
    event: { kind: 'event', category: ['web'], type: ['access'], outcome: 'success', duration: Number },
    http: { version: '1.1', request: { method: 'GET' }, response: { status_code: 200, body: { bytes: 4 } } },
    url: {
      original: '/page?token=…&q=1',
      path: '/page',
      query: 'token=…&q=1',
      domain: '127.0.0.1',
      port: Number,
    },
    client: { address: '192.0.2.7', ip: '192.0.2.7' },
    user_agent: { original: 'a "quoted" \\ agent' },
    shelflife: { outcome: 'hit', type: 'page', route: '/page', tier: 'memory', ttl: Number },
  });
  t.match(miss, { shelflife: { outcome: 'forward', cause: 'cold' } });
  log.warn({ err: Object.assign(new TypeError('broken'), { key: 'hush' }), url: 'http://b' }, 'other');
  t.match(lines.at(-1), { message: 'other', error: { type: 'TypeError' }, shelflife: { url: 'http://b' } });
  t.notMatch(JSON.stringify(lines), 'hush');
});

t.test('`requests: sample` in a format of others: one in a hundred', async (t) => {
  const lines: string[] = [];
  const site = await startSite(rules('{ format: combined, requests: sample }'), {
    answer: (_, response) => response.end('body'),
    accessLines: { write: (line) => void lines.push(line) },
    log: pino({ level: 'info' }, { write: () => undefined }),
  });
  t.teardown(() => site.close());
  for (let count = 0; count < 100; count += 1) await (await fetch(`${site.url}/page`)).text();
  await eventually('its line', () => lines.length === 1);
  t.match(lines[0], combined);
});

t.test('no byte ends a value or a line; whose address it is', (t) => {
  const client = {
    forwardedFor: '',
    httpVersion: '2.0',
    fields: ['User-Agent', 'a"\\\r\n\x7f\xff', 'Referer', 'é'],
    bodyBytes: undefined,
  };
  const line = combinedLine(outcomeBut({ client, kind: 'hit' }), { at: new Date(0), address: '' });
  const agent = 'a\\x22\\x5C\\x0D\\x0A\\x7F\\xFF';
  t.equal(line, `- - - [01/Jan/1970:00:00:00 +0000] "GET /page/1 HTTP/2.0" 200 - "\\xE9" "${agent}" hit\n`);
  const isTrusted = trustOf(['10.0.0.0/8']);
  t.equal(clientAddress('6.6.6.6, 9.9.9.9, 10.0.0.1', isTrusted), '9.9.9.9');
  t.equal(clientAddress('10.0.0.2, 10.0.0.1', isTrusted), '10.0.0.2');
  t.equal(clientAddress('6.6.6.6, 9.9.9.9', undefined), '9.9.9.9');
  t.end();
});
