/** proxy/h2/h2-server.ts by itself: how long a client of HTTP/2 may take. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { createReader } from '../../../src/proxy/exchange/client-request.ts';
import type { Reply } from '../../../src/proxy/exchange/reply.ts';
import { systemClock } from '../../../src/kit/time.ts';
import { type H2Bounds, h2Bounds, H2Server } from '../../../src/proxy/h2/h2-server.ts';
import { eventually } from '../../helpers/eventually.ts';
import { endHeaders, endStream, frame, get, openTwo, post, preface, types } from '../../helpers/h2-frames.ts';

type Answering = {
  readonly answer: (reply: Reply) => void;
  /** When the connection was last answered by somebody else. */
  readonly answeredAtMs?: number;
};

async function open(t: Test, bounds: Partial<H2Bounds>, answering: Answering) {
  const h2 = new H2Server({
    read: createReader({ hosts: undefined, trustedProxies: [] }),
    pipeline: (_request, reply) => {
      answering.answer(reply);
      return undefined;
    },
    onRefused: () => undefined,
    onError: (error) => t.fail(String(error)),
    bounds: { ...h2Bounds, ...bounds },
  });
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    h2.accept(Object.assign(socket, { answeredAtMs: answering.answeredAtMs }));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const sockets = new Set<Socket>();
  listener.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const { port } = listener.address() as AddressInfo;
  return {
    sockets,
    /** A client that never closes its side, and takes what comes only if it is told to. */
    connect: (bytes: Buffer) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      t.teardown(() => socket.destroy());
      socket.on('error', () => undefined);
      socket.write(Buffer.concat([preface, bytes]));
      return socket;
    },
    url: `http://127.0.0.1:${port}`,
  };
}

const sayOk = (reply: Reply): void => {
  reply.head(200, ['Content-Length', '2']);
  reply.end(Buffer.from('ok'));
};
const { headers, data, ping } = types;

t.test(
  '17.3: a client that asks nothing, or nothing more, is left, and need not close its side',
  async (t) => {
    for (const [bounds, bytes] of [
      [{ firstMs: 20 }, frame(ping, 0, 0, 'question')],
      [{ idleMs: 20 }, frame(headers, endHeaders | endStream, 1, get)],
    ] as const) {
      const { connect, sockets } = await open(t, { ...bounds, lingerMs: 20 }, { answer: sayOk });
      const socket = connect(bytes).resume();
      await once(socket, 'end');
      await eventually('the connection is gone', () => sockets.size === 0);
    }
  },
);

t.test('a connection that is answered elsewhere is idle from the last answer on', async (t) => {
  const answeredAtMs = systemClock.monotonicMs();
  const { connect } = await open(
    t,
    { firstMs: 20, idleMs: 300, lingerMs: 20 },
    { answer: sayOk, answeredAtMs },
  );
  const socket = connect(Buffer.alloc(0)).resume();
  await once(socket, 'end');
  t.ok(systemClock.monotonicMs() - answeredAtMs >= 300);
});

t.test(
  '17.3: an upload that pauses or trickles, and an answer that is not taken, end their stream',
  async (t) => {
    const ends: string[] = [];
    let answer: (reply: Reply) => void = sayOk;
    const { connect, url } = await open(
      t,
      { pauseMs: 60, bodyBytes: 100 },
      {
        answer: (reply) => {
          answer(reply);
        },
      },
    );
    const uploading = (reply: Reply): void => {
      reply.requestBody
        .on('error', () => ends.push('upload'))
        .on('end', () => ends.push('whole'))
        .resume();
    };
    const uploads = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
      answer = uploading;
      ends.length = 0;
      const socket = connect(frame(headers, endHeaders, 1, post)).resume();
      for await (const piece of pieces) {
        if (ends.length > 0) break;
        socket.write(piece);
      }
      await eventually('it ends', () => ends.length > 0);
    };
    await uploads(
      (async function* () {
        yield frame(data, 0, 1, 'x');
      })(),
    );
    t.strictSame(ends, ['upload'], 'a pause');
    await uploads(trickle());
    t.strictSame(ends, ['upload'], 'a trickle');
    answer = (reply) => {
      reply.onGone(() => ends.push('gone'));
      reply.head(200, ['Content-Length', '200000']);
      reply.write(Buffer.alloc(100_000));
    };
    ends.length = 0;
    connect(frame(headers, endHeaders | endStream, 1, get)).resume();
    await eventually('a window that is never opened', () => ends.includes('gone'));
    answer = (reply) => void setTimeout(sayOk, 150, reply);
    t.equal((await openTwo(t, url)({})).body, 'ok', 'whoever waits for an answer is not silent');
  },
);

async function* trickle(): AsyncGenerator<Buffer> {
  for (let at = 0; at < 200; at += 1) {
    yield frame(data, 0, 1, 'x');
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  yield frame(data, endStream, 1);
}
