/** The entrance, with what becomes of its connections and certificates in the log. */

import type { Logger } from 'pino';
import type { Listen } from '../config/config.ts';
import { type Entrance, type EntranceListeners, openEntrance } from './entrance.ts';

export type LoggedEntrance = {
  readonly entrance: Entrance;
  /** Reads the certificates again; those that cannot be used change nothing. */
  readonly renewCertificates: () => Promise<void>;
};

/** Opens the entrance. */
export async function openLoggedEntrance(
  listen: Listen,
  log: Logger,
  { onHandshakeFailure }: EntranceListeners,
): Promise<LoggedEntrance> {
  const entrance = await openEntrance(listen, {
    onHandshakeFailure: (reason) => {
      onHandshakeFailure(reason);
      log.debug({ reason }, 'TLS handshake failed');
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
