/** Reads and writes `traceparent` (W3C Trace Context §3.2): which trace a request is part of. */

import { fieldLines } from './fields.ts';
import type { Fields } from './message.ts';

export type TraceParent = { readonly traceId: string; readonly spanId: string; readonly isSampled: boolean };

// §3.2.2.1: version ff is forbidden; §4.3: what a later version adds comes behind another hyphen.
const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The one `traceparent` of a request; `undefined` where it has none, several, or one that is not valid. */
export function traceParentOf(fields: Fields): TraceParent | undefined {
  const [value, ...others] = fieldLines(fields, 'traceparent');
  if (value === undefined || others.length > 0) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = form.exec(value) ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The field's value. */
export const traceParentText = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
