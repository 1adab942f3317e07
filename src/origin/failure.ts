/**
 * What went wrong with the origin, in words of our own: errors of undici and of sockets, told apart by their codes.
 */

import { TlsError } from './connect.ts';

/** Why there is no (whole) answer. */
export type FailureReason =
  | 'refused'
  | 'tls-certificate'
  | 'tls-protocol'
  | 'connect-timeout'
  | 'head-timeout'
  | 'body-timeout'
  | 'reset'
  | 'malformed'
  | 'truncated'
  | 'aborted';

const unreachable: ReadonlySet<FailureReason> = new Set([
  'refused',
  'tls-certificate',
  'tls-protocol',
  'connect-timeout',
]);

/** Whether the reason is that no connection could be made. */
export const isUnreachable = (reason: FailureReason): boolean => unreachable.has(reason);

/** `sent`: the origin may have seen the request. */
export type OriginFailure = { readonly reason: FailureReason; readonly sent: boolean };

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' ? code : cause === undefined ? '' : codeOf(cause);
}

const deadConnection: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** How undici words an answer that cannot be one, a 101 nobody asked for; its code is that of a dead connection. */
const noAnswer: ReadonlySet<string> = new Set(['bad response', 'bad upgrade']);
const isNoAnswer = (error: unknown): boolean => error instanceof Error && noAnswer.has(error.message);

/** Whether an error is what writing to a connection gives that the other side had closed. */
export const isDeadConnection = (error: unknown): boolean =>
  deadConnection.has(codeOf(error)) && !isNoAnswer(error);

/** Its code is not always there. */
const isParserError = (error: unknown): boolean => error instanceof Error && error.name === 'HTTPParserError';

/** The reason behind an error of undici or of a socket. */
export function failureReason(error: unknown, gotHead: boolean): FailureReason {
  if (error instanceof TlsError) return error.reason;
  const code = codeOf(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'connect-timeout';
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return 'head-timeout';
  if (code === 'UND_ERR_BODY_TIMEOUT') return 'body-timeout';
  if (isParserError(error) || code === 'UND_ERR_HEADERS_OVERFLOW' || isNoAnswer(error)) return 'malformed';
  if (gotHead) return 'truncated';
  if (deadConnection.has(code)) return 'reset';
  // An alert that comes after the handshake: in TLS 1.3 our certificate is judged then.
  if (/^(?:ERR_TLS_|ERR_SSL_|EPROTO$)/.test(code)) return 'tls-protocol';
  if (/^E(?!RR_)/.test(code)) return 'refused';
  return 'malformed';
}

/**
 * What an error that @fastify/http-proxy reports means. A request counts as sent unless the connection was never there.
 */
export function failureOf(error: unknown): OriginFailure {
  const reason = failureReason(error, false);
  // TLS may also fail later, by an alert.
  const isAlert = reason === 'tls-protocol' && !(error instanceof TlsError);
  return { reason, sent: isAlert || !isUnreachable(reason) };
}
