/**
 * Is the origin there? A TCP connection, opened and closed.
 *
 * Promises: the answer is at most a second old, and comes within a second; the origin is connected to at most once a
 * second, and only while somebody asks.
 */

import { connect } from 'node:net';
import type { Clock } from '../kit/time.ts';

export type OriginState = 'up' | 'down';

const probe = { everyMs: 1000, limitMs: 900 };

/** Makes the function that tells. `url` has scheme and authority. */
export function createOriginProbe(url: string, clock: Clock): () => Promise<OriginState> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const address = {
    host,
    port: port === '' ? defaultPorts[protocol === 'https:' ? 'https' : 'http'] : Number(port),
  };
  let last: { readonly at: number; readonly state: Promise<OriginState> } | undefined;
  return () => {
    const now = clock.monotonicMs();
    if (last === undefined || now - last.at >= probe.everyMs) last = { at: now, state: canConnect(address) };
    return last.state;
  };
}

const defaultPorts = { http: 80, https: 443 } as const;

function canConnect(address: { readonly host: string; readonly port: number }): Promise<OriginState> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: probe.limitMs });
    const end = (state: OriginState): void => {
      resolve(state);
      socket.destroy();
    };
    socket.once('connect', () => {
      end('up');
    });
    socket.once('timeout', () => {
      end('down');
    });
    socket.on('error', () => {
      end('down');
    });
  });
}
