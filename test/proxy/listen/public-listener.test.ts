import { createServer as createHttp } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { PublicListener } from '../../../src/proxy/listen/public-listener.ts';
import { answersTo } from '../../helpers/raw-client.ts';

const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const http = () => createHttp((_request, response) => response.end('by node:http'));

t.test('node:http, which does not listen, answers what comes in', async (t) => {
  const listener = new PublicListener({ http: http(), upgraded: new Set() });
  t.teardown(() => listener.close());
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const [answer] = await answersTo(`http://127.0.0.1:${port}`, request);
  t.equal(answer?.body, 'by node:http');
});

t.test('localhost is every address of that name', async (t) => {
  const listener = new PublicListener({ http: http(), upgraded: new Set() });
  t.teardown(() => listener.close());
  const { port } = await listener.listen({ host: 'localhost', port: 0 });
  t.equal((await answersTo(`http://127.0.0.1:${port}`, request)).length, 1);
});

t.test('the entrance makes the listening socket, and gives a connection over when it likes', async (t) => {
  const listener = new PublicListener({
    http: http(),
    upgraded: new Set(),
    // A line in front of HTTP, as of the PROXY protocol.
    entrance: {
      createListener: (accept) =>
        createServer({ allowHalfOpen: true }, (socket) => {
          socket.once('data', (bytes) => {
            socket.pause();
            socket.unshift(bytes.subarray(bytes.indexOf(10) + 1));
            accept(socket);
          });
        }),
      closeIdle: () => undefined,
    },
  });
  t.teardown(() => listener.close());
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const [answer] = await answersTo(`http://127.0.0.1:${port}`, `a line\r\n${request}`);
  t.equal(answer?.body, 'by node:http');
});

t.test('the lane has each connection first, and is told to leave', async (t) => {
  const seen: string[] = [];
  const lane = {
    accept: (socket: Socket) => socket.resume().end('by the lane'),
    acceptTwo: (socket: Socket) => socket.resume().end('by the lane'),
    leave: () => seen.push('leave'),
    closeIdle: () => seen.push('close idle'),
  };
  const listener = new PublicListener({ http: http(), upgraded: new Set(), lane });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });

  const text = await new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.once('data', (bytes) => {
      resolve(bytes.toString());
      socket.destroy();
    });
  });
  t.equal(text, 'by the lane');
  await listener.close();
  t.equal(seen[0], 'leave');
});
