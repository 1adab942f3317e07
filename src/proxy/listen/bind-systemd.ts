/**
 * Takes over the listening sockets that systemd passes to the process it starts (sd_listen_fds(3)): descriptors from 3 on,
 * `LISTEN_FDS` of them, for the process `LISTEN_PID`. They stay systemd's: nothing is unlinked, and when we close ours, clients
 * wait in its queue for the next process.
 */

import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { Environment } from '../../config/reader/environment.ts';

export type Passed =
  | { readonly kind: 'passed'; readonly descriptors: readonly number[] }
  | { readonly kind: 'none'; readonly reason: 'no-socket-passed' | 'passed-to-another-process' };

export type BoundSockets = { readonly address: AddressInfo | string; readonly listeners: readonly Server[] };

const firstDescriptor = 3;
/** More is a mistake; systemd itself allows no more files by default. */
const mostSockets = 1024;

/** The descriptors that this environment passes to the process `pid`. */
export function passedSockets(env: Environment, pid: number): Passed {
  const [count, receiver] = [numberIn(env['LISTEN_FDS']), numberIn(env['LISTEN_PID'])];
  if (count === undefined || count < 1 || count > mostSockets)
    return { kind: 'none', reason: 'no-socket-passed' };
  // Whoever starts another process leaves it the environment, but not the sockets.
  if (receiver !== pid) return { kind: 'none', reason: 'passed-to-another-process' };
  return {
    kind: 'passed',
    descriptors: Array.from({ length: count }, (_, index) => firstDescriptor + index),
  };
}

/** Listens on all of them, each with a server of its own; says where the first one is. Leaves none open if one fails. */
export async function bindSystemd(create: () => Server): Promise<BoundSockets> {
  const passed = passedSockets(process.env, process.pid);
  if (passed.kind === 'none') throw Object.assign(new Error(passed.reason), { code: passed.reason });
  const listeners: Server[] = [];
  try {
    for (const fd of passed.descriptors) {
      const listener = create();
      listener.listen({ fd });
      await once(listener, 'listening');
      listeners.push(listener);
    }
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw Object.assign(new Error('not listening', { cause: error }), { code: 'passed-not-listening' });
  }
  const address = listeners[0]?.address();
  // Node does not tell the path of a Unix socket that it has not bound itself.
  return { address: typeof address === 'object' && address !== null ? address : 'unix:systemd', listeners };
}

const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
