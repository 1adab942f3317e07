/**
 * Is the origin there? A connection, made as requests make theirs, TLS included, and closed.
 *
 * Promises: the answer is at most a second old, and comes within a second; the origin is connected to at most once a
 * second, and only while somebody asks.
 */

import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import { type ConnectOptions, openConnect } from '../origin/connect.ts';

export type OriginState = 'up' | 'down';

const everyMs = 1000;
const longest: Seconds = seconds(0.9);

/** Makes the function that tells. */
export function createOriginProbe(options: ConnectOptions, clock: Clock): () => Promise<OriginState> {
  const connectTimeout = options.connectTimeout < longest ? options.connectTimeout : longest;
  const connect = openConnect({ ...options, connectTimeout });
  const probe = (): Promise<OriginState> =>
    new Promise((resolve) => {
      connect((error, socket) => {
        // What goes wrong while it is closed says nothing.
        socket?.on('error', () => undefined).destroy();
        resolve(error === null ? 'up' : 'down');
      });
    });
  let last: { readonly at: number; readonly state: Promise<OriginState> } | undefined;
  return () => {
    const now = clock.monotonicMs();
    if (last === undefined || now - last.at >= everyMs) last = { at: now, state: probe() };
    return last.state;
  };
}
