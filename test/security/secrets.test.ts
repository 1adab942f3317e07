/** Secrets stay secret: they are in no log line, metric, answer or entry name, whatever fails. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import t from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import { startServer } from '../../src/server.ts';
import { answersTo, ask } from '../helpers/raw-client.ts';
import { okText, startRawSite } from '../helpers/raw-origin.ts';

const mark = 'sEcReT';
const token = `control-token-${mark}-of-many-characters`;
const appSecret = `app-${mark}-key`;

const rules = `
identity: { credentials: [session], flask_session: { cookie: session, secret: "${appSecret}" } }
content_types:
  page: { ttl: 10m, scope: public, cache_control: override, query: { only: [q] } }
  home: { ttl: 10m, scope: user, cache_control: override }
routes:
  - { match: GET /page, type: page }
  - { match: GET /home, type: home }
unmatched: standard
control: { address: "127.0.0.1:0", token: "${token}" }
log: { level: trace }
`;

async function startLogged(
  port: number,
): Promise<{ url: string; control: string; log: string[]; close: () => Promise<void> }> {
  const text = `upstream: http://127.0.0.1:${port}\nlisten: 127.0.0.1:0\n${rules}`;
  const read = parseConfig(text, { file: 'test.yaml', env: {} });
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  const log: string[] = [];
  const server = await startServer({
    config: read.config,
    log: pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }),
  });
  return { url: server.url, control: server.controlUrl ?? '', log, close: server.close };
}

const credentials = [
  `Cookie: session=${mark}.a.b; other=${mark}`,
  `Authorization: Bearer ${mark}`,
  `X-Api-Key: ${mark}`,
];
const targets = [
  `/home?token=${mark}`,
  `/page?password=${mark}&q=1`,
  `/any?access_token=${mark}&api%5Fkey=${mark}`,
  `/any?X-Amz-Signature=${mark}&code=${mark}`,
];

t.test('cookies, tokens, secrets in a query and bodies are never in logs, metrics or answers', async (t) => {
  const origin = createServer((request, response) => {
    if (request.url?.startsWith('/reset') === true) request.socket.destroy();
    else if (request.url?.startsWith('/broken') === true) {
      request.socket.write(`HTTP/1.1 200 OK\r\nX: ${mark}\r\nContent-Length: x${mark}\r\n\r\n`);
    } else {
      response.setHeader('Set-Cookie', `session=${mark}; Path=/`);
      response.setHeader('Cache-Control', 'max-age=60');
      response.end(`body with ${mark}`);
    }
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const site = await startLogged((origin.address() as AddressInfo).port);
  t.teardown(async () => {
    await site.close();
    origin.closeAllConnections();
    origin.close();
  });
  const own: string[] = [];
  for (const target of targets) {
    for (const lines of [credentials, []]) await ask(site.url, { target, lines });
    await ask(site.url, {
      method: 'POST',
      target,
      lines: [...credentials, `Content-Length: ${mark.length}`],
      body: mark,
    });
  }
  for (const target of [
    `/reset?token=${mark}`,
    `/broken?token=${mark}`,
    `/a%zz?token=${mark}`,
    `/..;/?token=${mark}`,
  ]) {
    for (const method of ['GET', 'POST']) {
      const answer = await ask(site.url, { method, target, lines: credentials });
      own.push(answer.lines.join('\n'), answer.body);
    }
  }
  const malformed = await answersTo(
    site.url,
    `GET / HTTP/1.1\r\nHost: a\r\n${credentials.join('\r\n')}\r\nBad ${mark}\r\n\r\n`,
  );
  own.push(JSON.stringify(malformed));
  const reads = [
    '/metrics',
    '/entries?url=/page',
    '/entries?url=/home',
    '/api/cache/misses',
    '/api/cache/metrics',
    '/api/cache/report',
  ];
  for (const path of [...reads, '/healthz', '/readyz', '/explain?method=GET&url=/home', '/nothing']) {
    const response = await fetch(site.control + path, { headers: { authorization: `Bearer ${token}` } });
    const headers = [...response.headers].join();
    own.push(headers, await response.text());
  }
  for (const text of own) t.notMatch(text, mark);
  t.ok(site.log.length > 10, `${site.log.length} lines were logged`);
  const leaking = site.log.filter((line) => line.includes(mark));
  t.same(leaking, []);
});

t.test('a log line is one JSON object, whatever the path holds', async (t) => {
  const origin = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const site = await startLogged((origin.address() as AddressInfo).port);
  t.teardown(async () => {
    await site.close();
    origin.closeAllConnections();
    origin.close();
  });
  const paths = [
    '/"}{"level":60',
    '/%22%7D%0A',
    '/a?b="},\n',
    '/\u2028',
    '/<script>',
    "/';--",
    '/%1b%5b31m',
    '/a?\x1b[31m',
    `/${'"'.repeat(2000)}`,
  ];
  for (const target of paths)
    await answersTo(
      site.url,
      `GET ${target} HTTP/1.1\r\nHost: a"b\r\nUser-Agent: "}\r\nConnection: close\r\n\r\n`,
    );
  for (const target of paths)
    await answersTo(
      site.url,
      `GET ${target} HTTP/1.1\r\nHost: a\r\nX-Request-ID: "}\r\nConnection: close\r\n\r\n`,
    );
  for (const line of site.log) {
    t.equal(line.split('\n').length, 2, 'one line');
    t.equal(typeof JSON.parse(line), 'object');
    t.notMatch(line, /[\x1b\x00]/);
  }
  t.ok(site.log.length >= paths.length);
});

t.test('no failure shows an address, a path or a cause', async (t) => {
  const site = await startRawSite('unmatched: standard\n');
  t.teardown(() => site.close());
  const failures = [
    () => undefined,
    () => okText('a').replace('Content-Length: 1', 'Content-Length: -1'),
    () => 'nonsense\r\n\r\n',
  ];
  for (const [at, fail] of failures.entries()) {
    site.answerWith((arrival) => {
      if (at === 0) arrival.socket.destroy();
      return fail();
    });
    for (const method of ['GET', 'POST']) {
      const { status, body, lines } = await ask(site.url, { method, target: '/private/path' });
      t.equal(status, 502);
      t.notMatch(body + lines.join('\n'), /127\.0\.0\.1|private|ECONN|HPE|at .*\.ts/);
    }
  }
});
