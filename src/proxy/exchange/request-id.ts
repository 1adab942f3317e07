/** The name of a request in the origin's log and in ours: the client's own, or one made when it is first needed. */

import { randomUUID } from 'node:crypto';
import type { ClientRequest } from './client-request.ts';

const acceptable = /^[\w.:-]{1,128}$/;

/** The client's X-Request-ID where it is one that can be believed; `undefined` otherwise. */
export function clientRequestId(request: Pick<ClientRequest, 'known' | 'repeated'>): string | undefined {
  const id = request.known['x-request-id'];
  if (id === undefined || !acceptable.test(id) || request.repeated.includes('x-request-id')) return undefined;
  return id;
}

/** The request's id, the same each time. One that was made for the origin is it, for that is what its log has. */
export function requestIdOf(request: ClientRequest): string {
  return request.fetchId ?? clientRequestId(request) ?? fetchIdOf(request);
}

/** The id of a fetch whose answer may be for others: never one a client chose, for the origin may write it into a page. */
export function fetchIdOf(request: ClientRequest): string {
  return (request.fetchId ??= randomUUID());
}
