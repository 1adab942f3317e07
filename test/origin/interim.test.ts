/** Interim responses, lengths of absent bodies, and old connections to the origin. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { seconds } from '../../src/kit/time.ts';
import { openOrigin, type Origin } from '../../src/origin/origin.ts';

type Heard = { status: number; length: string | undefined; body: string; informed: number[] };

/** An origin that answers each request with bytes; `name`: it is asked by a name. */
async function setUp(t: Test, answerTo: (order: number, socket: Socket) => void, name = '127.0.0.1') {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answerTo((requests += 1), socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const timeouts = { connectTimeout: seconds(2), responseTimeout: seconds(3), bodyTimeout: seconds(2) };
  const origin = openOrigin({
    url: `http://${name}:${port}`,
    connections: 1,
    resolveEvery: seconds(0.4),
    ...timeouts,
  });
  t.teardown(async () => {
    await origin.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { origin, sockets };
}

function send(origin: Origin, method = 'GET'): Promise<Heard | string> {
  const heard: Heard = { status: 0, length: undefined, body: '', informed: [] };
  return new Promise((resolve) => {
    origin.send(
      { method, target: '/', fields: ['Host', 'a.example'] },
      {
        onInformation: (status) => void heard.informed.push(status),
        onHead: ({ status, fields }) => {
          heard.status = status;
          const at = fields.findIndex((field) => field.toLowerCase() === 'content-length');
          heard.length = at === -1 ? undefined : fields[at + 1];
        },
        onData: (chunk) => {
          heard.body += chunk.toString('latin1');
          return true;
        },
        onEnd: () => setImmediate(() => setImmediate(resolve, heard)),
        onFailure: ({ reason }) => resolve(reason),
      },
    );
  });
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const unasked = 'HTTP/1.1 100 Continue\r\n\r\n';
const told = 'HTTP/1.1 100 \r\nX-A: b\r\nContent-Length: 5\r\n\r\n';
const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';

t.test('13.10: unrequested 100 Continue, once or several times, whole or in pieces', async (t) => {
  for (const [text, informed] of [
    [unasked + ok, []],
    [unasked + told + unasked + ok, []],
    [unasked + hints + unasked + ok, [103]],
    [hints + ok, [103]],
  ] as const) {
    for (const size of [text.length, 1, 7]) {
      const { origin, sockets } = await setUp(t, (_order, socket) => {
        socket.setNoDelay(true);
        for (let at = 0; at < text.length; at += size) socket.write(text.slice(at, at + size));
      });
      for (const again of [1, 2]) {
        t.match(await send(origin), { status: 200, body: 'ok', informed }, `${size}: ${text} (${again})`);
      }
      t.equal(sockets.size, 1, 'on one connection');
    }
  }
});

t.test('13.10: any other malformed head is refused as before', async (t) => {
  for (const text of [
    `HTTP/1.1 100 Continue\n\n${ok}`,
    `HTTP/1.1 100 Continue\r\nA : b\r\n\r\n${ok}`,
    `HTTP/1.1 100 Continue\r\nA: b\r\n c\r\n\r\n${ok}`,
    `HTTP/1.1 100 Continue\r\nA: b\rHTTP/1.1 200 OK\r\n\r\n${ok}`,
    `HTTP/1.1 1000 Continue\r\n\r\n${ok}`,
    `HTTP/1.0 100 Continue\r\n\r\n${ok}`,
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n${ok}`,
    `\r\n${unasked}${ok}`,
  ]) {
    const { origin } = await setUp(t, (_order, socket) => void socket.write(text));
    t.equal(await send(origin), 'malformed', text);
  }
});

t.test('13.10: bytes of a body, or behind one, are never taken for a head', async (t) => {
  const body = `x${unasked}HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n`;
  const { origin, sockets } = await setUp(t, (_order, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
  });
  for (const again of [1, 2]) t.match(await send(origin), { status: 200, body }, `${again}`);
  t.equal(sockets.size, 1);
  const late = await setUp(t, (_order, socket) => void socket.write(ok + unasked));
  t.match(await send(late.origin), { body: 'ok' });
  t.match(await send(late.origin), { body: 'ok' });
  t.equal(late.sockets.size, 2, 'a connection on which something comes unasked is not used again');
});

t.test('13.10: a 304 with the page’s Content-Length keeps its connection', async (t) => {
  const text = 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n';
  const { origin, sockets } = await setUp(t, (_order, socket) => void socket.write(text));
  for (let count = 0; count < 5; count += 1)
    t.match(await send(origin), { status: 304, length: '5', body: '' });
  t.equal(sockets.size, 1);
});

t.test('13.10: a 204 ends with its head, whatever length it claims', async (t) => {
  for (const length of ['0', '5']) {
    const text = `HTTP/1.1 204 No Content\r\nContent-Length: ${length}\r\nETag: "a"\r\n\r\n`;
    const { origin, sockets } = await setUp(t, (_order, socket) => void socket.write(text));
    for (const method of ['GET', 'POST', 'DELETE']) {
      const expected = { status: 204, length: undefined, body: '' };
      t.match(await send(origin, method), expected, `${method} ${length}`);
    }
    t.equal(sockets.size, 1);
  }
});

t.test('13.10: a connection to a name is replaced at its maximum age without any failure', async (t) => {
  for (const [name, isOne] of [
    ['localhost', false],
    ['127.0.0.1', true],
  ] as const) {
    const { origin, sockets } = await setUp(t, (_order, socket) => void socket.write(ok), name);
    const began = performance.now();
    for (const method of ['GET', 'POST'] as const) {
      while (performance.now() - began < (method === 'GET' ? 1000 : 2000))
        t.match(await send(origin, method), { status: 200 });
    }
    if (isOne) t.equal(sockets.size, 1, 'an address does not move');
    else t.ok(sockets.size >= 4 && sockets.size <= 8, `${sockets.size} connections`);
  }
});

t.test('13.10: a request in flight on a connection that reaches its maximum age is finished', async (t) => {
  const { origin, sockets } = await setUp(
    t,
    (_order, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok');
      setTimeout(() => socket.write('ok'), 900);
    },
    'localhost',
  );
  t.match(await send(origin, 'POST'), { status: 200, body: 'okok' });
  t.match(await send(origin, 'POST'), { status: 200, body: 'okok' });
  t.equal(sockets.size, 2);
});
