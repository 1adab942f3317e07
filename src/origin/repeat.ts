/**
 * May a request be sent once more, and is its failure the origin's?
 *
 * Promise: what may act is never sent again, and nothing is that has had any answer, or went out over a fresh connection.
 */

import { cameOverUsed } from './connections.ts';
import { type FailureReason, isDeadConnection, isUnreachable } from './failure.ts';

/** What of a request decides. `isWrite`: it acts, whatever its method says. */
export type Sent = {
  readonly method: string;
  readonly body?: unknown;
  readonly isWrite?: boolean | undefined;
};

/** How far it had come: sent, and answered with anything at all. */
export type Progress = { readonly wasSent: boolean; readonly gotBytes: boolean };

const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether to send a request again, after this error of its first try: RFC 9110 §9.2.2, of a connection that had been idle. A
 * fresh one that is reset is the origin's doing: to ask again would double what troubles it.
 */
export function mayRepeat(
  { method, body, isWrite }: Sent,
  error: unknown,
  { wasSent, gotBytes }: Progress,
): boolean {
  const isSafeTwice = idempotent.has(method) && body === undefined && isWrite !== true;
  return isSafeTwice && wasSent && !gotBytes && isDeadConnection(error) && cameOverUsed(error);
}

/**
 * Whether a failure before any head tells of the origin. If nothing was sent it does so only for want of a connection: else
 * the request was none that can be sent, or it waited for a connection that slow clients hold. And with a body the origin
 * may have waited for what its client did not send.
 */
export function tellsOfOrigin(reason: FailureReason, { body }: Sent, wasSent: boolean): boolean {
  return (wasSent && body === undefined) || isUnreachable(reason);
}
