/** origin/origin.ts over real sockets: which requests are repeated, and what the breaker counts. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { seconds } from '../../src/kit/time.ts';
import type { OriginFailure } from '../../src/origin/failure.ts';
import type { OriginRequest } from '../../src/origin/call.ts';
import { openOrigin, type Origin } from '../../src/origin/origin.ts';

type Heard =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'failed'; readonly failure: OriginFailure };

/** What the origin does with a request: answers with bytes, or with an action on its socket. */
type Act = (socket: Socket, order: number) => void;

/** `patience`: in seconds; short only where a test waits for its end. */
async function setUp(t: Test, act: Act, patience = 10) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let current = act;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      requests.push(chunk.toString('latin1').split(' ', 1)[0] ?? '');
      current(socket, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const [connectTimeout, responseTimeout] = [seconds(10), seconds(patience)];
  const timeouts = { connectTimeout, responseTimeout, bodyTimeout: responseTimeout };
  const origin = openOrigin({ url: `http://127.0.0.1:${port}`, connections: 8, ...timeouts });
  t.teardown(async () => {
    await origin.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const actNext = (next: Act): void => {
    current = next;
    requests.length = 0;
  };
  return { origin, requests, sockets, actNext };
}

function send(origin: Origin, request: Partial<OriginRequest> = {}): Promise<Heard> {
  return new Promise((resolve) => {
    let status = 0;
    let body = '';
    origin.send(
      { method: 'GET', target: '/', fields: ['Host', 'a.example'], ...request },
      {
        onHead: (head) => {
          status = head.status;
        },
        onData: (chunk) => {
          body += chunk.toString('latin1');
          return true;
        },
        // Two turns later: undici takes one before it uses a connection again.
        onEnd: () => {
          setImmediate(() => setImmediate(resolve, { kind: 'answered', status, body }));
        },
        onFailure: (failure) => resolve({ kind: 'failed', failure }),
      },
    );
  });
}

const answer: Act = (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
const reset: Act = (socket) => void socket.resetAndDestroy();
const close: Act = (socket) => void socket.destroy();

t.test('a request reset on an idle connection is sent exactly once more, on a fresh one', async (t) => {
  for (const [name, act] of [
    ['reset', reset],
    ['closed', close],
  ] as const) {
    const { origin, requests, sockets, actNext } = await setUp(t, answer);
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      actNext(answer);
      t.match(await send(origin), { kind: 'answered' });
      const used = sockets.size;
      actNext((socket, order) => {
        (order === 1 ? act : answer)(socket, order);
      });
      const heard = await send(origin, { method });
      // A response to HEAD ends with its head; the two bytes behind it are nobody's.
      t.match(heard, { kind: 'answered', status: 200 }, `${method}, ${name}`);
      t.strictSame(requests, [method, method]);
      t.equal(sockets.size, used + 1, 'the second on a connection of its own');
    }
    actNext(answer);
    await send(origin);
    actNext(act);
    t.match(await send(origin), { kind: 'failed', failure: { reason: 'reset', sent: true } });
    t.strictSame(requests, ['GET', 'GET'], 'not a third time');
  }
});

t.test('a write, a GET with side effects, and a request with a body are sent once', async (t) => {
  const { origin, requests, actNext } = await setUp(t, answer);
  const once: Partial<OriginRequest>[] = [
    { method: 'POST' },
    { method: 'PUT' },
    { method: 'DELETE' },
    { isWrite: true },
  ];
  for (const request of once) {
    actNext(answer);
    await send(origin);
    actNext(reset);
    t.match(await send(origin, request), { kind: 'failed', failure: { reason: 'reset', sent: true } });
    t.equal(requests.length, 1, JSON.stringify(request));
  }
});

t.test('a request reset on a fresh connection is not sent again', async (t) => {
  for (const act of [reset, close]) {
    const { origin, requests } = await setUp(t, act);
    t.match(await send(origin), { kind: 'failed', failure: { reason: 'reset' } });
    t.equal(requests.length, 1);
  }
});

t.test('a request is not repeated after a timeout or a malformed answer', async (t) => {
  const impatient = await setUp(t, answer, 1);
  await send(impatient.origin);
  impatient.actNext(() => undefined);
  t.match(await send(impatient.origin), { kind: 'failed', failure: { reason: 'head-timeout' } });
  t.equal(impatient.requests.length, 1);
  const { origin, requests, actNext } = await setUp(t, answer);
  for (const text of ['nonsense\r\n\r\n', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n']) {
    actNext(answer);
    await send(origin);
    actNext((socket) => void socket.write(text));
    t.match(await send(origin), { kind: 'failed', failure: { reason: 'malformed' } });
    t.equal(requests.length, 1);
  }
});

t.test('RFC 9110 §8.6: a 304 and a HEAD may have the Content-Length of an absent body', async (t) => {
  const { origin } = await setUp(t, (socket) => {
    socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n');
  });
  t.match(await send(origin), { kind: 'answered', status: 304, body: '' });
  t.match(await send(origin, { method: 'HEAD' }), { kind: 'answered', status: 304, body: '' });
});

t.test('the breaker counts every exchange, but not what clients did', async (t) => {
  const { origin, actNext } = await setUp(t, close);
  const fail = async (times: number, request: Partial<OriginRequest> = {}): Promise<void> => {
    for (let count = 0; count < times; count += 1) await send(origin, request);
  };
  await fail(4);
  t.equal(origin.health.isClosed, true);
  await fail(5, { fields: ['Host', 'a.example', 'X-A', 'a\0b'] });
  t.equal(origin.health.isClosed, true, 'a request that cannot be sent is not the fault of the origin');
  for (let count = 0; count < 5; count += 1) {
    const ended = Promise.withResolvers<OriginFailure>();
    const under = origin.send(
      { method: 'GET', target: '/', fields: ['Host', 'a.example'] },
      { onHead: () => undefined, onData: () => true, onEnd: () => undefined, onFailure: ended.resolve },
    );
    under.abort();
    t.match(await ended.promise, { reason: 'aborted' });
  }
  t.equal(origin.health.isClosed, true, 'nor is one whose client has gone');
  await fail(1);
  t.equal(origin.health.isClosed, false);
  actNext(answer);
  await send(origin);
  t.equal(origin.health.isClosed, true);
});

t.test(
  'RFC 9112 §8: a body that ends with its connection is complete, unless the connection broke',
  async (t) => {
    const start = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it';
    for (const text of [start, start.replace('1.1', '1.0').replace('Connection: close\r\n', '')]) {
      const { origin, actNext } = await setUp(t, (socket) => void socket.end(text));
      t.match(await send(origin), { kind: 'answered', status: 200, body: 'all of it' });
      actNext((socket) => {
        socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 50));
      });
      t.match(await send(origin), { kind: 'failed', failure: { reason: 'truncated' } });
    }
  },
);
