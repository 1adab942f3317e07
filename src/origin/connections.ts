/**
 * Pools connections to the origin, and judges one that breaks by whether it ever brought anything back: if it did, it had
 * been idle too long; if not, the origin does not answer.
 *
 * Promise: a body that ends with its connection is whole only if the connection ended, not if it broke (RFC 9112 §8).
 */

import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type Dispatcher, Pool } from 'undici';
import { unixPathOf } from '../config/config.ts';
import type { Seconds } from '../kit/time.ts';
import { type Connect, hostOf } from './connect.ts';
import { FilteredSocket } from './filtered-socket.ts';
import { HeadFilter } from './head-filter.ts';
import { OriginSocket } from './origin-socket.ts';

/** Errors of connections that never brought anything back. */
const ofSilent = new WeakSet<Error>();

type PoolOptions = Pool.Options & {
  readonly connect: Connect;
  /** The longest age of a connection to a name; `undefined`: its address cannot change. */
  readonly longestAge: Seconds | undefined;
};

/** Opens a pool of connections. */
export function openPool({ connect, longestAge, ...options }: PoolOptions): Pool {
  const factory = (url: URL, own: object): Dispatcher => new OriginClient(url, own, { connect, longestAge });
  // `connect` handles TLS: undici would take its name from Host, and drop a connection when the next Host differs.
  return new Pool('http://origin', { ...options, factory });
}

/** The longest age of a connection to the origin's URL: RFC 1035 §3.2.1: a name must be looked up again. */
export const longestAgeFor = (url: string, resolveEvery: Seconds): Seconds | undefined =>
  unixPathOf(url) === undefined && isIP(hostOf(url)) === 0 ? resolveEvery : undefined;

/** A connection, reopened after it ended, and its one running request. */
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
    const watched = new UnderWay(handler as unknown as PooledHandler, this);
    return super.dispatch(options, watched as unknown as Dispatcher.DispatchHandler);
  }

  begin(): void {
    this.#isBusy = true;
    this.#filter?.expect();
  }

  get hiddenLength(): string | undefined {
    return this.#filter?.length;
  }

  end(): void {
    this.#isBusy = false;
    // Not at once: undici still reads the connection's state.
    if (this.#retire !== undefined) setImmediate(this.#retire);
  }

  /** The connection now speaks another protocol, and may last. */
  letGo(): void {
    clearTimeout(this.#aging);
    this.#isBusy = false;
  }

  #takeUp(socket: Socket, longestAge: Seconds | undefined): Duplex {
    markErrors(socket);
    const isPlain = socket instanceof FilteredSocket;
    const filter = isPlain ? socket.heads : new HeadFilter();
    this.#filter = filter;
    const wrapped = isPlain ? socket : new OriginSocket(socket, filter);
    this.#retire = undefined;
    if (longestAge === undefined) return wrapped;
    // No request is on it; undici opens a new connection for those that wait.
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

/** `resume` ends a pause. */
export type RawHead = [status: number, raw: Buffer[], resume: () => void, reasonPhrase: string];

/** A handler in undici's older form, which its types no longer name: as a pool passes it on, and without objects of fields. */
export type PooledHandler = {
  onConnect: (abort: (error: Error) => void, ...more: unknown[]) => void;
  /** `false` pauses, as in `onData`. */
  onHeaders: (...head: RawHead) => boolean;
  onData: (chunk: Buffer) => boolean;
  onComplete: (trailers: Buffer[]) => void;
  onError: (error: Error) => void;
  onUpgrade: (status: number, raw: Buffer[], socket: Duplex) => void;
};

/** Tells a connection when its request begins and ends. */
class UnderWay implements PooledHandler {
  readonly #handler: PooledHandler;
  readonly #client: OriginClient;

  constructor(handler: PooledHandler, client: OriginClient) {
    this.#handler = handler;
    this.#client = client;
  }

  onConnect(abort: (error: Error) => void, ...more: unknown[]): void {
    this.#client.begin();
    this.#handler.onConnect(abort, ...more);
  }

  onHeaders(...[status, raw, resume, reasonPhrase]: RawHead): boolean {
    // RFC 9110 §8.6: a 204 has none.
    const length = status === 304 ? this.#client.hiddenLength : undefined;
    const all = length === undefined ? raw : [...raw, Buffer.from('Content-Length'), Buffer.from(length)];
    return this.#handler.onHeaders(status, all, resume, reasonPhrase);
  }

  onData(chunk: Buffer): boolean {
    return this.#handler.onData(chunk);
  }

  onComplete(trailers: Buffer[]): void {
    this.#handler.onComplete(trailers);
    this.#client.end();
  }

  onError(error: Error): void {
    this.#handler.onError(error);
    this.#client.end();
  }

  onUpgrade(status: number, raw: Buffer[], socket: Duplex): void {
    this.#client.letGo();
    this.#handler.onUpgrade(status, raw, socket);
  }
}

function markErrors(socket: Socket): void {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (socket.bytesRead === 0) ofSilent.add(error);
    // undici, which listens after us, takes a reset with this code for the end of such a body.
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
  });
}

/** Whether an error that ended an exchange came over a connection that had brought something back before. */
export function cameOverUsed(error: unknown): boolean {
  if (!(error instanceof Error) || ofSilent.has(error)) return false;
  // undici's own errors have the socket's counts.
  const { socket } = error as { socket?: { bytesRead?: number } | null };
  return socket?.bytesRead !== 0;
}
