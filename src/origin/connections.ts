/**
 * What a connection that breaks was worth. Has it ever brought anything back? One that has, and is closed when it is used
 * again, was closed for having been idle; one that has not tells that whoever is there does not answer.
 *
 * Promise: a body that ends with its connection is whole only if the connection ended, not if it broke (RFC 9112 §8).
 */

import { isIP, type Socket } from 'node:net';
import { Client, type Dispatcher, Pool } from 'undici';
import type { Seconds } from '../kit/time.ts';
import { type Connect, hostOf } from './connect.ts';
import { HeadFilter } from './head-filter.ts';
import { OriginSocket } from './origin-socket.ts';

/** Errors of connections that never brought anything back. */
const ofSilent = new WeakSet<Error>();

export type PoolOptions = Pool.Options & {
  readonly connect: Connect;
  /** How old a connection to a name may get; `undefined`: its address cannot change. */
  readonly longestAge: Seconds | undefined;
};

/** Makes a pool of connections. */
export function openPool({ connect, longestAge, ...options }: PoolOptions): Pool {
  const factory = (url: URL, own: object): Dispatcher => new OriginClient(url, own, { connect, longestAge });
  // TLS is made by `connect`: undici would take its name from Host, and drop a connection when the next Host is another.
  return new Pool('http://origin', { ...options, factory });
}

/** How old a connection may get, by the origin's URL: RFC 1035 §3.2.1, a name is to be looked up again. */
export const longestAgeFor = (url: string, resolveEvery: Seconds): Seconds | undefined =>
  isIP(hostOf(url)) === 0 ? resolveEvery : undefined;

/** A connection, made again when it has ended, and the one request that is under way on it. */
class OriginClient extends Client {
  #filter: HeadFilter | undefined;
  #isBusy = false;
  #retire: (() => void) | undefined;
  #aging: NodeJS.Timeout | undefined;

  constructor(
    url: URL,
    options: Client.Options,
    { connect, longestAge }: Pick<PoolOptions, 'connect' | 'longestAge'>,
  ) {
    super(url, {
      ...options,
      connect: (_options, callback) => {
        connect((...[error, socket]) => {
          if (error === null) callback(null, this.#takeUp(socket, longestAge) as unknown as Socket);
          else callback(error, null);
        });
      },
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return super.dispatch(
      options,
      underWay(handler as unknown as PooledHandler, this) as unknown as Dispatcher.DispatchHandler,
    );
  }

  /** The request is written now. */
  begin(): void {
    this.#isBusy = true;
    this.#filter?.expect();
  }

  /** The length that the 304 told which is under way. */
  get hiddenLength(): string | undefined {
    return this.#filter?.length;
  }

  /** Its answer is whole, or will not come. */
  end(): void {
    this.#isBusy = false;
    // Not at once: undici still looks at the connection.
    if (this.#retire !== undefined) setImmediate(this.#retire);
  }

  /** The connection has become another protocol's, which may last. */
  letGo(): void {
    clearTimeout(this.#aging);
    this.#isBusy = false;
  }

  #takeUp(socket: Socket, longestAge: Seconds | undefined): OriginSocket {
    markErrors(socket);
    const filter = new HeadFilter();
    this.#filter = filter;
    const wrapped = new OriginSocket(socket, filter);
    this.#retire = undefined;
    if (longestAge === undefined) return wrapped;
    // Nobody has been sent on it: undici makes a new connection for whatever waits.
    const retire = (): void => {
      this.#retire = retire;
      if (!this.#isBusy) wrapped.destroy();
    };
    const aging = setTimeout(retire, longestAge * 1000).unref();
    this.#aging = aging;
    wrapped.once('close', () => {
      clearTimeout(aging);
      if (this.#retire === retire) this.#retire = undefined;
    });
    return wrapped;
  }
}

/** A handler as a pool hands it to its clients: undici's older form, which its types no longer name. */
type PooledHandler = {
  onConnect: (...given: unknown[]) => void;
  onHeaders: (status: number, raw: Buffer[], ...more: unknown[]) => boolean;
  onData: (chunk: Buffer) => boolean;
  onComplete: (trailers: Buffer[]) => void;
  onError: (error: Error) => void;
  onUpgrade: (...given: unknown[]) => void;
};

/** Tells a client when its request begins and ends. */
const underWay = (handler: PooledHandler, client: OriginClient): PooledHandler => ({
  onConnect: (...given) => {
    client.begin();
    handler.onConnect(...given);
  },
  onHeaders: (status, raw, ...more) => {
    const length = status === 304 ? client.hiddenLength : undefined;
    const own = length === undefined ? [] : [Buffer.from('Content-Length'), Buffer.from(length)];
    return handler.onHeaders(status, [...raw, ...own], ...more);
  },
  onData: (chunk) => handler.onData(chunk),
  onComplete: (trailers) => {
    handler.onComplete(trailers);
    client.end();
  },
  onError: (error) => {
    handler.onError(error);
    client.end();
  },
  onUpgrade: (...given) => {
    client.letGo();
    handler.onUpgrade(...given);
  },
});

function markErrors(socket: Socket): void {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (socket.bytesRead === 0) ofSilent.add(error);
    // By this code undici takes a reset for the end of such a body; it listens after us.
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
  });
}

/** Whether an error that ended an exchange came over a connection that had brought something back before. */
export function cameOverUsed(error: unknown): boolean {
  if (!(error instanceof Error) || ofSilent.has(error)) return false;
  // undici's own errors say it themselves.
  const { socket } = error as { socket?: { bytesRead?: number } | null };
  return socket?.bytesRead !== 0;
}
