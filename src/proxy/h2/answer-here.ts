/** What is answered without the pipeline, whichever version of HTTP it was asked in. */

import { cacheStatusValue } from '../../http/cache-status.ts';
import type { ClientRequest, ReadResult, Refusal } from '../exchange/client-request.ts';
import { plainFields } from '../hit/fail.ts';

/** What is served, on the whole: a resource may take less. */
export const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

export type Answer = { readonly status: number; readonly fields: string[]; readonly text: string };

/** The answer to a request that is refused. */
export function refusalAnswer({ status, detail }: Refusal): Answer {
  const text = `Refused: ${detail.replaceAll('-', ' ')}.\n`;
  // RFC 9110 §15.5.6.
  const allow = status === 405 ? ['Allow', allowedMethods] : [];
  const cacheStatus = cacheStatusValue({ kind: 'forward', fwd: 'bypass', detail });
  return { status, fields: [...plainFields(text, cacheStatus), ...allow], text };
}

/** The answer to a request that is about this server itself; `undefined`: it is not. */
export function ownAnswer(result: Exclude<ReadResult, Refusal>): Answer | undefined {
  const isAsterisk = result.kind === 'asterisk';
  if (!isAsterisk && !isLastHop(result.request)) return undefined;
  // RFC 9110 §9.3.7, §7.6.2.
  const detail = isAsterisk ? 'asterisk' : 'max-forwards';
  const cacheStatus = cacheStatusValue({ kind: 'forward', fwd: 'method', detail });
  return { status: 204, fields: ['Allow', allowedMethods, 'Cache-Status', cacheStatus], text: '' };
}

/** RFC 9110 §7.6.2: OPTIONS and TRACE with `Max-Forwards: 0` "MUST NOT" be forwarded; who got them answers. */
function isLastHop({ method, known }: ClientRequest): boolean {
  return (method === 'OPTIONS' || method === 'TRACE') && Number(known['max-forwards'] ?? 1) === 0;
}

/** The answer to a request that met an error of ours. */
export function crashAnswer(): Answer {
  const text = 'Something went wrong in the proxy.\n';
  const status = cacheStatusValue({ kind: 'forward', fwd: 'bypass', detail: 'internal-error' });
  return { status: 500, fields: plainFields(text, status), text };
}
