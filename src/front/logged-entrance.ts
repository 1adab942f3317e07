/** The entrance, with what becomes of its connections and certificates in the log. */

import type { Logger } from 'pino';
import { systemClock } from '../kit/time.ts';
import { type Entrance, type EntranceListeners, type EntranceOptions, openEntrance } from './entrance.ts';

export type LoggedEntrance = {
  readonly entrance: Entrance;
  /** Reads the certificates again; those that cannot be used change nothing. */
  readonly renewCertificates: () => Promise<void>;
};

/** Opens the entrance. */
export async function openLoggedEntrance(
  options: EntranceOptions,
  log: Logger,
  { onHandshakeFailure, onProxyRefused }: EntranceListeners,
): Promise<LoggedEntrance> {
  const isTime = onceEvery(60_000);
  const entrance = await openEntrance(options, {
    onHandshakeFailure: (reason) => {
      onHandshakeFailure(reason);
      log.debug({ reason }, 'TLS handshake failed');
    },
    onProxyRefused: (reason, peer) => {
      onProxyRefused(reason, peer);
      log[isTime(reason) ? 'warn' : 'debug']({ reason, peer }, 'connection refused by listen.proxy_protocol');
    },
  });
  const renewCertificates = async (): Promise<void> => {
    const result = await entrance.renew();
    if (result?.kind === 'replaced') log.info('certificates read');
    if (result?.kind === 'refused')
      log.error({ reason: result.reason }, 'certificates refused; the previous ones stay in force');
  };
  return { entrance, renewCertificates };
}

/** Whether so much time has passed since it was last true of that. */
function onceEvery(ms: number): (what: string) => boolean {
  const nextMs = new Map<string, number>();
  return (what) => {
    const nowMs = systemClock.monotonicMs();
    const isTime = nowMs >= (nextMs.get(what) ?? -Infinity);
    if (isTime) nextMs.set(what, nowMs + ms);
    return isTime;
  };
}
