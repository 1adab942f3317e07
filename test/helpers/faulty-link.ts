/** A link to a server that can be made slow, reset connections, or drop everything. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';

/**
 * `pass` as it comes, `slow` after `delayMs` each way, `hold` until the mode changes, `reset` every connection, `blackhole` all
 * bytes.
 */
export type LinkMode = 'pass' | 'slow' | 'hold' | 'reset' | 'blackhole';

/** A TCP proxy on a port of its own. */
export class FaultyLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #stranded = new WeakSet<Socket>();
  readonly #held: (() => void)[] = [];
  #mode: LinkMode = 'pass';
  delayMs = 500;

  constructor(targetPort: number) {
    this.#server = createServer((client) => {
      this.#accept(client, targetPort);
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** From now on; connections that are open as well. */
  set mode(mode: LinkMode) {
    this.#mode = mode;
    if (mode !== 'hold') for (const send of this.#held.splice(0)) send();
    if (mode === 'reset') for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** What is open now stays open and leads nowhere; new connections are as ever: the server's address has moved. */
  strand(): void {
    for (const socket of this.#sockets) this.#stranded.add(socket);
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket, targetPort: number): void {
    if (this.#mode === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(targetPort, '127.0.0.1');
    this.#join(client, server);
    this.#join(server, client);
  }

  #join(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    this.#sockets.add(from);
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      if (this.#mode !== 'blackhole') to.destroy();
    });
    from.on('data', (piece) => {
      if (this.#stranded.has(from)) return;
      if (this.#mode === 'slow') setTimeout(() => to.write(piece), this.delayMs / 2);
      else if (this.#mode === 'hold') this.#held.push(() => to.write(piece));
      else if (this.#mode === 'pass') to.write(piece);
    });
  }
}

/** Opens a link to a server on this machine; it closes with the test. */
export async function faultyLink(t: Test, targetPort: number): Promise<FaultyLink> {
  const link = new FaultyLink(targetPort);
  await link.open();
  t.teardown(() => link.close());
  return link;
}
