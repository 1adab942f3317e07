/**
 * How a client is told that its request is not served. Every refusal says why in `Cache-Status`, names the methods there
 * are where the method was wrong (RFC 9110 §15.5.6), and is the last answer on its connection.
 */

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { cacheStatusValue } from '../../http/cache-status.ts';
import { allowedMethods, refusalAnswer } from '../h2/answer-here.ts';
import type { Refusal } from '../exchange/client-request.ts';
import { linger, type LingerBounds } from '../exchange/linger.ts';

const statusOf = (detail: string): string => cacheStatusValue({ kind: 'forward', fwd: 'bypass', detail });

/** Refuses a request and closes the connection. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  const { status, fields, text } = refusalAnswer(refusal);
  // After what cannot be read in one way, nothing that follows on the connection is believed.
  response.writeHead(status, [...fields, 'Connection', 'close']);
  response.end(text);
}

/** What node:http could not make a request of. */
export type ParseError = Error & { readonly code?: string; readonly rawPacket?: Buffer };

export type Ending = {
  readonly line: string;
  readonly detail: 'bad-request' | 'head-too-large' | 'request-timeout' | 'method-not-allowed';
  readonly lines?: string;
};

export const endings = {
  malformed: { line: '400 Bad Request', detail: 'bad-request' },
  long: { line: '431 Request Header Fields Too Large', detail: 'head-too-large' },
  slow: { line: '408 Request Timeout', detail: 'request-timeout' },
  method: {
    line: '405 Method Not Allowed',
    detail: 'method-not-allowed',
    lines: `Allow: ${allowedMethods}\r\n`,
  },
} as const satisfies Record<string, Ending>;

/** Answers by hand on a connection that has left HTTP, and lets it end. */
export function endConnection(
  socket: Duplex,
  { line, detail, lines = '' }: Ending,
  bounds: LingerBounds,
): void {
  socket.write(
    `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n${lines}Cache-Status: ${statusOf(detail)}\r\n\r\n`,
  );
  linger(socket, bounds);
}

/** Which answer an error of the parser deserves. */
export function endingOf({ code, rawPacket }: ParseError): Ending {
  if (code === 'HPE_HEADER_OVERFLOW') return endings.long;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return endings.slow;
  // A request of a method the parser does not know, such as BAN, is one; other bytes are none.
  const isRequest = code === 'HPE_INVALID_METHOD' && requestLine.test(rawPacket?.toString('latin1') ?? '');
  return isRequest ? endings.method : endings.malformed;
}

const requestLine = /^[A-Z][A-Z-]* \S+ HTTP\/1\.[01]\r\n/;
