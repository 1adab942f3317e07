/** Answers of our own: no address, no path, no cause but a closed set of words (CONTRACT §4), and nobody stores them. */

import { proxyStatusValue } from '../../http/cache-status.ts';
import type { OriginFailure } from '../../origin/failure.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { proxyErrors } from '../exchange/outcome.ts';

/** Tells the client that the origin gave no answer; gives the status sent. */
export function sendFailure(exchange: Exchange, failure: OriginFailure, cacheStatus: string): number {
  const { reply, request } = exchange;
  const { status, error } = proxyErrors[failure.reason];
  const text =
    status === 504 ? 'The origin did not answer in time.\n' : 'The origin gave no usable answer.\n';
  const fields = plainFields(text, cacheStatus);
  reply.head(status, [...fields, 'Proxy-Status', proxyStatusValue(error)]);
  reply.end(request.method === 'HEAD' ? undefined : Buffer.from(text));
  return status;
}

/** The fields of a short text of ours that must not be stored. */
export function plainFields(text: string, cacheStatus: string): string[] {
  const length = String(Buffer.byteLength(text));
  const own = [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    length,
    'Cache-Control',
    'no-store',
  ];
  return [...own, 'Cache-Status', cacheStatus];
}
