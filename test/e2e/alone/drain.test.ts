import { Agent, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../../helpers/eventually.ts';
import { barrier, startSite } from '../../helpers/scripted-site.ts';

t.test('stopping refuses new connections, finishes requests in flight and keeps their purges', async (t) => {
  const rules = 'writes:\n  - { match: POST /w, invalidate: [all] }\n';
  const site = await startSite(rules);
  const arrived = barrier();
  const release = barrier();
  let waiting = 0;
  site.answerWith((message, response) => {
    message.resume();
    waiting += 1;
    if (waiting === 2) arrived.arrive();
    void release.reached.then(() => response.end('finished'));
  });
  const agent = new Agent({ keepAlive: true });
  const answers = [ask(site.url, 'GET', '/r', agent), ask(site.url, 'POST', '/w', agent)];
  await arrived.reached;
  const before = site.proxy.services.purgeLog.position().seq;
  const closing = site.close();
  t.ok((await eventually('new connections are refused', () => isRefused(site.url))) < 1000);
  let hasClosed = false;
  void closing.then(() => (hasClosed = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.notOk(hasClosed, 'it waits for what is under way');
  release.arrive();
  t.same(await Promise.all(answers), ['finished', 'finished']);
  await closing;
  t.ok(site.proxy.services.purgeLog.position().seq > before, 'the write ended what it made stale');
  agent.destroy();
});

t.test('a WebSocket is closed with a notice when the proxy stops', async (t) => {
  const site = await startSite('unmatched: standard\n');
  const sockets = new WebSocketServer({ server: site.origin });
  const client = new WebSocket(site.url.replace('http', 'ws'));
  await once(client, 'open');
  const closed = once(client, 'close');
  await site.proxy.close();
  await closed;
  t.equal(client.readyState, WebSocket.CLOSED);
  sockets.close();
  await site.close();
});

t.test('stopping ends a quiet WebSocket soon and a busy one within 10 s', async (t) => {
  const site = await startSite('unmatched: standard\n');
  const sockets = new WebSocketServer({ server: site.origin });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      socket.send(data as Buffer);
    });
  });
  const open = async (): Promise<WebSocket> => {
    const client = new WebSocket(site.url.replace('http', 'ws'));
    await once(client, 'open');
    return client;
  };
  const quiet = await open();
  const busy = await open();
  let rounds = 0;
  busy.on('message', (data: Buffer) => {
    rounds += 1;
    setTimeout(() => busy.send(data, () => undefined), 50);
  });
  busy.send('around');
  const startedMs = performance.now();
  const since = async (client: WebSocket): Promise<number> => {
    await once(client, 'close');
    return performance.now() - startedMs;
  };
  const ended = [since(quiet), since(busy)] as const;
  await site.proxy.close();
  const [quietMs, busyMs] = await Promise.all(ended);
  t.ok(quietMs < 3000, `quiet: ${quietMs} ms`);
  t.ok(busyMs > 5000 && busyMs < 10_000, `busy: ${busyMs} ms`);
  t.ok(rounds > 50, 'it went on until then');
  sockets.close();
  await site.close();
});

t.test('a handshake in flight when the proxy stops is answered', async (t) => {
  const site = await startSite('unmatched: standard\n');
  const asked = barrier();
  const release = barrier();
  site.origin.on('upgrade', (_message, socket) => {
    asked.arrive();
    void release.reached.then(() => socket.end('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'));
  });
  const client = new WebSocket(site.url.replace('http', 'ws'));
  client.on('error', () => undefined);
  const refused = once(client, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  await asked.reached;
  const closing = site.proxy.close();
  await eventually('new connections are refused', () => isRefused(site.url));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  release.arrive();
  const [, response] = await refused;
  t.equal(response.statusCode, 403);
  response.resume();
  await closing;
  await site.close();
});

function isRefused(url: string): Promise<boolean> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => {
      resolve(true);
    });
  });
}

function ask(url: string, method: string, path: string, agent: Agent): Promise<string> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ port, hostname, method, path, agent }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve(text);
      });
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}
