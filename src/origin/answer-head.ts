/** Reads what the head of an answer says about its body and about the origin. */

import { combinedValue, hasField } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import { type Seconds, seconds } from '../kit/time.ts';

/** `coded`: by a transfer coding that we do not know and did not ask for. */
export type Framing = 'length' | 'chunked' | 'close' | 'none' | 'coded';

/** Names and values as latin-1 text, as on the wire. */
export const fieldsOf = (raw: readonly Buffer[]): string[] => raw.map((part) => part.toString('latin1'));

/** The framing of an answer (RFC 9112 §6.3). */
export function framingOf(method: string, status: number, fields: Fields): Framing {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  const coding = combinedValue(fields, 'transfer-encoding');
  // RFC 9112 §7: other codings are only for a recipient that lists them in TE; undecoded, they would pass for content.
  if (coding !== undefined) return coding.trim().toLowerCase() === 'chunked' ? 'chunked' : 'coded';
  return hasField(fields, 'content-length') ? 'length' : 'close';
}

/** RFC 9110 §10.2.3, in seconds. A date is ignored: our pauses are too short for it to matter. */
export function retryAfterOf(fields: Fields): Seconds | undefined {
  const value = combinedValue(fields, 'retry-after');
  return value !== undefined && /^\d{1,9}$/.test(value) ? seconds(Number(value)) : undefined;
}

/** Whether the body is a stream of server-sent events, which may stay silent for any time. */
export const isEventStream = (fields: Fields): boolean =>
  /^text\/event-stream\b/i.test(combinedValue(fields, 'content-type') ?? '');
