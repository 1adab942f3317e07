import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { join } from '../../../src/proxy/tunnel/join.ts';
import { eventually } from '../../helpers/eventually.ts';

type Joined = {
  /** The far ends: what the client and the origin hold. */
  readonly client: Socket;
  readonly origin: Socket;
  /** What stands between, joined. */
  readonly near: { readonly client: Socket; readonly origin: Socket };
};

/** Two connections over real sockets, joined in the middle. */
async function joined(t: Test, idleMs?: number): Promise<Joined> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<[Socket, Socket]> => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const far = connect({ port, allowHalfOpen: true });
    far.on('error', () => undefined);
    const [near] = await accepted;
    near.on('error', () => undefined);
    return [far, near];
  };
  const [client, nearClient] = await open();
  const [origin, nearOrigin] = await open();
  const near = { client: nearClient, origin: nearOrigin };
  t.teardown(() => {
    for (const socket of [client, origin, nearClient, nearOrigin]) socket.destroy();
    server.close();
  });
  join(near.client, near.origin, idleMs);
  return { client, origin, near };
}

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

for (const [from, to] of [
  ['client', 'origin'],
  ['origin', 'client'],
] as const) {
  t.test(`when the ${from} ends, the ${to} gets the end and may go on`, async (t) => {
    const ends = await joined(t);
    ends[from].end('last words');
    t.equal(await textOf(ends[to]), 'last words');
    const answer = textOf(ends[from]);
    ends[to].write('and ');
    ends[to].end('an answer');
    t.equal(await answer, 'and an answer');
    await eventually('both are closed', () => ends.near.client.destroyed && ends.near.origin.destroyed);
  });

  t.test(`when the ${from} breaks off, so does the ${to}`, async (t) => {
    const ends = await joined(t);
    ends[to].resume();
    const closed = once(ends[to], 'end');
    ends[from].write('x');
    ends[from].resetAndDestroy();
    await closed;
    t.ok(ends.near.client.destroyed && ends.near.origin.destroyed);
  });

  t.test(`a ${to} that does not read makes the ${from} wait`, async (t) => {
    const ends = await joined(t);
    const piece = Buffer.alloc(64 * 1024, 'a');
    let accepted = 0;
    while (accepted < 1000 && ends[from].write(piece)) accepted += 1;
    const fill = (): void => {
      while (accepted < 1000 && ends[from].write(piece)) accepted += 1;
    };
    ends[from].on('drain', fill);
    fill();
    await eventually('it waits', () => ends.near[to].writableNeedDrain && ends.near[from].isPaused());
    t.ok(ends.near[to].writableLength < 1024 * 1024, 'little is kept in between');
    ends[from].off('drain', fill);
    ends[from].end();
    const received = (await textOf(ends[to])).length;
    t.equal(received, ends[from].bytesWritten, 'and it all arrives');
  });
}

t.test('a silence in both directions ends both; a byte in either puts it off', async (t) => {
  const ends = await joined(t, 2000);
  const startedMs = performance.now();
  ends.client.resume();
  ends.origin.resume();
  for (let count = 0; count < 4; count += 1) {
    const side = count % 2 === 0 ? ends.client : ends.origin;
    const other = count % 2 === 0 ? ends.origin : ends.client;
    const heard = once(other, 'data');
    await new Promise((resolve) => setTimeout(resolve, 700));
    side.write('x');
    await heard;
  }
  t.notOk(ends.near.client.destroyed);
  await Promise.all([once(ends.client, 'end'), once(ends.origin, 'end')]);
  t.ok(performance.now() - startedMs >= 4750);
});

t.test('if a side is gone before they are joined, the other is ended', async (t) => {
  const first = await joined(t);
  const second = await joined(t);
  first.near.origin.destroy();
  await once(first.near.origin, 'close');
  join(second.near.client, first.near.origin);
  await eventually('the other is closed', () => second.near.client.destroyed);
});
