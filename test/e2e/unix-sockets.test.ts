/** Unix sockets instead of TCP: the app behind one. */

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { loadConfig } from '../../src/cli/load-config.ts';
import { createOriginProbe } from '../../src/control/origin-probe.ts';
import { ask } from '../helpers/raw-client.ts';
import { startProxy } from '../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /page, type: page }]
`;

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
    const warningsFor = async (upstream: string) => {
      writeFileSync(file, `upstream: unix:${upstream}\n`);
      const loaded = await loadConfig({ file });
      return loaded.kind === 'ok'
        ? loaded.warnings.map(({ code, line, column }) => [code, line, column])
        : loaded.kind;
    };
    t.strictSame(await warningsFor(file), [['unusable-socket', 1, 11]]);
    t.strictSame(await warningsFor(join(folder, 'app.sock')), []);
    await startApp(t, join(folder, 'app.sock'), (_request, response) => response.end());
    t.strictSame(await warningsFor(join(folder, 'app.sock')), []);
  },
);
