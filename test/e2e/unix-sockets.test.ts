/** Unix sockets instead of TCP: the app behind one, the proxy on one. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { run, token } from '../cli/command.ts';
import { loadConfig } from '../../src/cli/load-config.ts';
import { createOriginProbe } from '../../src/control/origin-probe.ts';
import { ask, requestText } from '../helpers/raw-client.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import { startServer } from '../../src/server.ts';
import { getControl, postControl } from '../../src/cli/control-client.ts';

import { startProxy } from '../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /page, type: page }]
`;

const close = ['Connection: close'];

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-unix-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

async function startApp(t: Test, path: string, answer: RequestListener) {
  const app = createServer(answer).listen(path);
  await once(app, 'listening');
  t.teardown(() => {
    app.closeAllConnections();
    app.close();
  });
  return app;
}

t.test(
  '17.5: reads, writes, rare methods, WebSockets and the probe reach an app on a Unix socket',
  async (t) => {
    const path = join(folderOf(t), 'app.sock');
    const proxy = await startProxy(`upstream: { url: "unix:${path}" }${rules}`);
    const named = await startProxy(`upstream: { url: "unix:${path}", host: upstream }${rules}`);
    t.teardown(() => Promise.all([proxy.close(), named.close()]));
    const probe = () => {
      const { upstream } = proxy.services.site().config;
      return createOriginProbe(upstream, proxy.services.clock)();
    };
    t.equal(await probe(), 'down');
    const gone = await ask(proxy.url, { target: '/page' });
    t.equal(gone.status, 502);
    t.notMatch(JSON.stringify(gone), /sock/, 'no path is told');
    const app = await startApp(t, path, (request, response) => {
      let size = 0;
      request.on('data', (chunk: Buffer) => (size += chunk.length));
      request.on('end', () =>
        response.end(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''} ${size}`),
      );
    });
    t.equal(await probe(), 'up');
    t.equal((await ask(proxy.url, { target: '/page' })).body, 'GET /page site.test 0');
    t.match((await ask(proxy.url, { target: '/page' })).lines.join(), /shelflife; hit/);
    const upload = { method: 'POST', target: '/page', lines: ['Content-Length: 3'], body: 'abc' };
    t.equal((await ask(proxy.url, upload)).body, 'POST /page site.test 3');
    t.match(
      (await ask(proxy.url, { target: '/page' })).lines.join(),
      /fwd=uri-miss/,
      'the write has ended it',
    );
    t.equal((await ask(proxy.url, { method: 'PROPFIND', target: '/a' })).body, 'PROPFIND /a site.test 0');
    t.equal((await ask(named.url, { target: '/a' })).body, 'GET /a localhost 0');
    const sockets = new WebSocketServer({ server: app });
    sockets.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => {
        socket.send(data);
      }),
    );
    const client = new WebSocket(proxy.url.replace('http', 'ws'));
    await once(client, 'open');
    client.send('echo');
    t.equal(String((await once(client, 'message'))[0]), 'echo');
    client.terminate();
  },
);

t.test(
  '17.5: check warns of a file that is not a socket, and not of an app that is not running',
  async (t) => {
    const folder = folderOf(t);
    const file = join(folder, 'rules.yaml');
    const warningsFor = async (upstream: string, more = '') => {
      writeFileSync(file, `upstream: unix:${upstream}\n${more}`);
      const loaded = await loadConfig({ file, env: {} });
      return loaded.kind === 'ok'
        ? loaded.warnings.map(({ code, line, column }) => [code, line, column])
        : loaded.kind;
    };
    t.strictSame(await warningsFor(file), [['unusable-socket', 1, 11]]);
    t.strictSame(await warningsFor(join(folder, 'app.sock')), []);
    const own = (path: string): string => `listen: unix:${path}\ncontrol: { address: "unix:${path}.2" }\n`;
    t.strictSame(await warningsFor(join(folder, 'app.sock'), own(join(folder, 'own.sock'))), []);
    const nowhere = [
      ['unusable-socket', 2, 9],
      ['unusable-socket', 3, 10],
    ];
    t.strictSame(await warningsFor(join(folder, 'app.sock'), own(join(folder, 'none', 'a.sock'))), nowhere);
    t.strictSame(await warningsFor(join(folder, 'app.sock'), `control: { address: "unix:${file}" }`), [
      ['unusable-socket', 2, 10],
    ]);
    await startApp(t, join(folder, 'app.sock'), (_request, response) => response.end());
    t.strictSame(await warningsFor(join(folder, 'app.sock')), []);
  },
);

/** A proxy on a Unix socket, in front of an app that answers with the addresses it is told. */
async function startOnPath(t: Test, path: string, more = '') {
  const appPath = join(folderOf(t), 'app.sock');
  await startApp(t, appPath, ({ headers }, response) => {
    response.end(`for ${String(headers['x-forwarded-for'])} by ${String(headers['x-forwarded-proto'])}`);
  });
  const text = `upstream: "unix:${appPath}"\nlisten: { address: "unix:${path}"${more} }\ncontrol: { address: "127.0.0.1:0" }${rules}`;
  const parsed = parseConfig(text, { file: 'test.yaml', env: {} });
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems));
  return startServer({ config: parsed.config, control: 'off', log: pino({ level: 'silent' }) });
}

async function exchange(path: string, text: string): Promise<string> {
  const socket = connect(path);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1'))).write(text);
  await once(socket, 'close');
  return received;
}

t.test('17.5: clients come over a Unix socket, which is there while the proxy runs', async (t) => {
  const path = join(folderOf(t), 'listen.sock');
  for (const more of ['', ', fast_lane: false', ', h2c: true']) {
    const proxy = await startOnPath(t, path, more);
    t.equal(proxy.url, `unix:${path}`);
    const forwarded = ['X-Forwarded-For: 203.0.113.7', 'X-Forwarded-Proto: https'];
    t.match(await exchange(path, requestText({ target: '/page', lines: forwarded })), /for unix: by http$/);
    t.match(await exchange(path, requestText({ target: '/page' })), /shelflife; hit/);
    await t.rejects(startOnPath(t, path, more), { code: 'EADDRINUSE' }, 'one that is in use is left alone');
    t.match(await exchange(path, requestText({ target: '/page' })), /shelflife; hit/);
    await proxy.close();
    t.notOk(existsSync(path));
  }
  const trusting = await startOnPath(t, path, ', trusted_proxies: ["unix:"]');
  const told = requestText({
    target: '/a',
    lines: ['X-Forwarded-For: 203.0.113.7', 'X-Forwarded-Proto: https'],
  });
  t.match(await exchange(path, told), /for 203\.0\.113\.7, unix: by https$/);
  await trusting.close();
  const proxied = await startOnPath(t, path, ', trusted_proxies: ["unix:"], proxy_protocol: true');
  t.match(
    await exchange(path, `PROXY TCP4 203.0.113.7 127.0.0.1 1 80\r\n${told}`),
    /for 203\.0\.113\.7 by http$/,
  );
  t.equal(await exchange(path, told), '');
  await proxied.close();
});

t.test('17.5: a socket that nobody listens on is taken over, any other file is not', async (t) => {
  const path = join(folderOf(t), 'listen.sock');
  // A process that is killed leaves its socket.
  const leave = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', leave]);
  t.ok(existsSync(path));
  const proxy = await startOnPath(t, path);
  t.match(await exchange(path, requestText({ target: '/page' })), /^HTTP\/1\.1 200/);
  await proxy.close();
  writeFileSync(path, 'mine');
  await t.rejects(startOnPath(t, path), { code: 'EADDRINUSE' });
  t.equal(readFileSync(path, 'utf8'), 'mine');
  const nowhere = join(folderOf(t), 'none', 'listen.sock');
  await t.rejects(startOnPath(t, nowhere), { code: 'ENOENT' }, 'not EACCES, as libuv says');
  const long = `/${'x'.repeat(107)}`;
  await t.rejects(startOnPath(t, long), /of at most 107 bytes/);
});

t.test('17.5: the socket that another process has put in place of ours outlives us', async (t) => {
  const path = join(folderOf(t), 'listen.sock');
  const proxy = await startOnPath(t, path);
  rmSync(path);
  await startApp(t, path, (_request, response) => response.end('another'));
  await proxy.close();
  t.match(await exchange(path, requestText({ target: '/', lines: close })), /another/);
  rmSync(path);
  const gone = await startOnPath(t, path);
  rmSync(path);
  await gone.close();
  t.notOk(existsSync(path));
});

t.test('17.5: operators come over a Unix socket, with their commands', async (t) => {
  const path = join(folderOf(t), 'control.sock');
  const start = () =>
    startProxy(`upstream: http://127.0.0.1:1\ncontrol: { address: "unix:${path}", token: ${token} }`);
  const proxy = await start();
  t.equal(proxy.controlUrl, `unix:${path}`);
  t.match(await exchange(path, requestText({ target: '/healthz', lines: close })), /^HTTP\/1\.1 200/);
  t.match(await exchange(path, requestText({ target: '/metrics', lines: close })), /^HTTP\/1\.1 401/);
  const control = { url: `unix:${path}`, token };
  t.match(await postControl(control, '/purge', { urls: ['/a'] }), { kind: 'ok', body: { matched: 0 } });
  t.match(await getControl(control, '/api/cache/audit'), {
    body: { entries: [{ address: 'unix:', request: 'POST /purge' }] },
  });
  const wrong = { ...control, token: 'another' };
  for (let at = 0; at < 10; at += 1) await getControl(wrong, '/entries');
  t.match(await getControl(wrong, '/entries'), { kind: 'refused', message: /^429/ });
  t.match(await getControl(control, '/api/cache/audit'), { kind: 'ok' }, 'the right one works all the same');
  const args = ['purge', '--url', '/a', '--control', `unix:${path}`];
  t.match(await run(args, { SHELFLIFE_TOKEN: token }), { code: 3, stdout: /\b0\b/, stderr: '' });
  await t.rejects(start(), { code: 'EADDRINUSE', listener: 'control' }, 'one that is in use is left alone');
  await proxy.close();
  t.notOk(existsSync(path));
  t.match(await getControl(control, '/entries'), {
    kind: 'unreachable',
    message: `no answer from unix:${path}: ENOENT`,
  });
  const again = await start();
  rmSync(path);
  await startApp(t, path, (_request, response) => response.end('another'));
  await again.close();
  t.match(await exchange(path, requestText({ target: '/', lines: close })), /another/);
});
