/** Decides whether to send a request again: never one that may act, had any answer, or went over a fresh connection. */

import { cameOverUsed } from './connections.ts';
import { isDeadConnection } from './failure.ts';

/** `isWrite`: it acts, whatever its method says. */
type Sent = {
  readonly method: string;
  readonly body?: unknown;
  readonly isWrite?: boolean | undefined;
};

type Progress = { readonly wasSent: boolean; readonly gotBytes: boolean };

const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether to repeat a request (RFC 9110 §9.2.2). The reset of a fresh connection is the origin's doing. */
export function mayRepeat(
  { method, body, isWrite }: Sent,
  error: unknown,
  { wasSent, gotBytes }: Progress,
): boolean {
  const isSafeTwice = idempotent.has(method) && body === undefined && isWrite !== true;
  return isSafeTwice && wasSent && !gotBytes && isDeadConnection(error) && cameOverUsed(error);
}
