/** Gives all workers the same secret for session tickets, and another one from time to time. */

import { TicketSecret } from '../front/ticket-secret.ts';
import { tlsBounds } from '../front/tls-front.ts';
import type { Worker } from './crew.ts';

export type SharedTickets = {
  /** Before the worker gets its first connection. */
  readonly onReady: (worker: Worker) => void;
  readonly close: () => void;
};

/** Shares a secret among those who are ready. */
export function shareTickets(ready: () => readonly Worker[]): SharedTickets {
  const secret = new TicketSecret();
  const tell = ({ link }: Worker): void => {
    link.send({ kind: 'ticket-secret', bytes: secret.bytes });
  };
  secret.onReplaced(() => {
    for (const worker of ready()) tell(worker);
  });
  return { onReady: tell, close: secret.rotate(tlsBounds.ticketKeyMs) };
}
