/**
 * Is the origin there? A connection, made as requests make theirs, TLS included, and closed.
 *
 * In TLS 1.3 the origin judges our certificate when the handshake is over for us. It then sends a session ticket, or an
 * alert; one that sends neither for a moment is up.
 *
 * Promises: the answer is at most a second old, and comes within a second; the origin is connected to at most once a
 * second, and only while somebody asks.
 */

import { type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import { type ConnectOptions, openConnect } from '../origin/connect.ts';

export type OriginState = 'up' | 'down';

const everyMs = 1000;
const longest: Seconds = seconds(0.7);
const verdictMs = 200;

/** Makes the function that tells. */
export function createOriginProbe(options: ConnectOptions, clock: Clock): () => Promise<OriginState> {
  const connectTimeout = options.connectTimeout < longest ? options.connectTimeout : longest;
  const connect = openConnect({ ...options, connectTimeout });
  const probe = (): Promise<OriginState> =>
    new Promise((resolve) => {
      connect((error, socket) => {
        if (error === null) judge(socket, resolve);
        else resolve('down');
      });
    });
  let last: { readonly at: number; readonly state: Promise<OriginState> } | undefined;
  return () => {
    const now = clock.monotonicMs();
    if (last === undefined || now - last.at >= everyMs) last = { at: now, state: probe() };
    return last.state;
  };
}

function judge(socket: Socket, resolve: (state: OriginState) => void): void {
  const end = (state: OriginState): void => {
    clearTimeout(timer);
    resolve(state);
    socket.destroy();
  };
  const timer = setTimeout(end, verdictMs, 'up');
  socket.on('error', () => {
    end('down');
  });
  if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') end('up');
  socket.once('session', () => {
    end('up');
  });
  socket.once('close', () => {
    end('down');
  });
}
