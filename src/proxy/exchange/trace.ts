/** The trace that an exchange is part of: a client's that is continued, or one of its own. Its ids are made when needed. */

import { randomUUID } from 'node:crypto';
import type { Fields } from '../../http/message.ts';
import { type TraceParent, traceParentOf, traceParentText } from '../../http/traceparent.ts';

/** One exchange in its trace. */
export class Trace {
  readonly parent: TraceParent | undefined;
  readonly isSampled: boolean;
  #traceId: string | undefined;
  #spanId: string | undefined;
  #originSpanId: string | undefined;

  constructor(parent: TraceParent | undefined, isSampled: boolean) {
    this.parent = parent;
    this.isSampled = isSampled;
    this.#traceId = parent?.traceId;
  }

  get traceId(): string {
    return (this.#traceId ??= newTraceId());
  }

  get spanId(): string {
    return (this.#spanId ??= newSpanId());
  }

  get originSpanId(): string {
    return (this.#originSpanId ??= newSpanId());
  }
}

/** Node draws the bytes of many UUIDs at once: for one id they cost more than all else. */
const newTraceId = (): string => randomUUID().replaceAll('-', '');

/** Without the digits of a UUID that are always the same. */
function newSpanId(): string {
  const id = randomUUID();
  return id.slice(0, 8) + id.slice(-8);
}

/** Decides which exchanges are traced. */
export type Traces = {
  readonly begin: (fields: Fields) => Trace;
  /** The trace of a hit whose client is part of `parent`; `undefined`: it is not sampled. */
  readonly ofHit: (parent: TraceParent | undefined) => Trace | undefined;
};

/** `mayBegin`: whether an exchange that is not part of a client's trace is sampled. It is asked before anything is made. */
export function createTraces(mayBegin: () => boolean): Traces {
  const isSampled = (parent: TraceParent | undefined): boolean => parent?.isSampled ?? mayBegin();
  return {
    begin: (fields) => {
      const parent = traceParentOf(fields);
      return new Trace(parent, isSampled(parent));
    },
    ofHit: (parent) => (isSampled(parent) ? new Trace(parent, true) : undefined),
  };
}

const traceFields: ReadonlySet<string> = new Set(['traceparent']);
// W3C Trace Context §3.3.1.1: without a valid traceparent there is no tracestate.
const allTraceFields: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

/** The fields of the client's that are not sent on, because the trace has its own. */
export const replacedByTrace = (trace: Trace | undefined): ReadonlySet<string> | undefined =>
  trace && (trace.parent === undefined ? allTraceFields : traceFields);

/** What the origin is told of the trace. */
export const originTraceFields = (trace: Trace | undefined): readonly string[] =>
  trace === undefined
    ? []
    : ['traceparent', traceParentText({ ...idsOf(trace), isSampled: trace.isSampled })];

const idsOf = (trace: Trace) => ({ traceId: trace.traceId, spanId: trace.originSpanId });
