/** Names what went wrong with the origin, by the codes of undici's and the sockets' errors. */

import { TlsError } from './connect.ts';

export type FailureReason =
  | 'refused'
  | 'unroutable'
  | 'dns'
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
  'unroutable',
  'dns',
  'tls-certificate',
  'tls-protocol',
  'connect-timeout',
]);

/** Whether no connection could be made. */
export const isUnreachable = (reason: FailureReason): boolean => unreachable.has(reason);

/** `sent`: the origin may have seen the request. */
export type OriginFailure = { readonly reason: FailureReason; readonly sent: boolean };

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' ? code : cause === undefined ? '' : codeOf(cause);
}

const deadConnection: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** undici gives an invalid answer, such as an unrequested 101, the code of a dead connection. */
const noAnswer: ReadonlySet<string> = new Set(['bad response', 'bad upgrade']);
const isNoAnswer = (error: unknown): boolean => error instanceof Error && noAnswer.has(error.message);

/** Whether an error comes from writing to a connection that the other side had closed. */
export const isDeadConnection = (error: unknown): boolean =>
  deadConnection.has(codeOf(error)) && !isNoAnswer(error);

/** Its code is not always set. */
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
  // In TLS 1.3 the origin judges our certificate, and sends an alert, after the handshake.
  if (/^(?:ERR_TLS_|ERR_SSL_|EPROTO$)/.test(code)) return 'tls-protocol';
  if (/^(?:ENOTFOUND|ENODATA|EAI_)/.test(code)) return 'dns';
  if (/^E(?:HOST|NET)UNREACH$/.test(code)) return 'unroutable';
  if (/^E(?!RR_)/.test(code)) return 'refused';
  return 'malformed';
}

/** The failure behind an error from @fastify/http-proxy. The request counts as sent unless there was no connection. */
export function failureOf(error: unknown): OriginFailure {
  const reason = failureReason(error, false);
  // TLS may also fail later, with an alert.
  const isAlert = reason === 'tls-protocol' && !(error instanceof TlsError);
  return { reason, sent: isAlert || !isUnreachable(reason) };
}
