/**
 * A TCP load balancer: each connection goes to the next server that accepts it. A GET whose connection breaks before the
 * first byte of an answer is sent to another server (HAProxy: `retry-on empty-response`).
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

export type TcpSwitch = { readonly url: string };

/** A client's connection, what it has sent so far, and how many servers may still be tried. */
type Joining = { readonly client: Socket; readonly sent: Buffer[]; next: number; tries: number };

/** Opens it; it closes with the test. */
export async function tcpSwitch(t: Test, ports: readonly number[]): Promise<TcpSwitch> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  };
  let count = 0;
  const server = createServer((client) => {
    keep(client);
    count += 1;
    join({ client, sent: [], next: count, tries: ports.length });
  });
  const join = (joining: Joining): void => {
    const { client, sent } = joining;
    const behind = connect(ports[joining.next % ports.length] ?? 0, '127.0.0.1');
    keep(behind);
    let hasAnswered = false;
    for (const piece of sent) behind.write(piece);
    const onPiece = (piece: Buffer): void => {
      if (!hasAnswered) sent.push(piece);
      behind.write(piece);
    };
    const onGone = (): void => {
      behind.destroy();
    };
    client.on('data', onPiece).on('close', onGone);
    behind.on('data', (piece) => {
      hasAnswered = true;
      client.write(piece);
    });
    behind.on('close', () => {
      client.off('data', onPiece).off('close', onGone);
      const mayRepeat = sent.length === 0 || sent[0]?.toString('latin1', 0, 4) === 'GET ';
      if (hasAnswered || client.destroyed) client.end();
      else if (joining.tries === 0 || !mayRepeat) client.resetAndDestroy();
      else join({ ...joining, next: joining.next + 1, tries: joining.tries - 1 });
    });
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` };
}
