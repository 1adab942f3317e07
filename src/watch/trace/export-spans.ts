/**
 * Sends spans to a collector by OTLP over HTTP. Loaded only where traces are on.
 *
 * Promises: a collector that is slow or gone costs spans, not requests or memory: what waits is bounded, and so is the stop.
 */

import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace as api } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracesConfig } from '../../config/config.ts';
import type { EpochMs } from '../../kit/time.ts';
import { Trace } from '../../proxy/exchange/trace.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import type { Purge } from '../../store/purge-log.ts';
import { purgeFacts, type SpanFacts, spansOf } from './spans.ts';

export type SpanExport = {
  readonly onOutcome: (outcome: Outcome, now: EpochMs) => void;
  readonly onPurge: (purge: Purge, span: { readonly from: EpochMs; readonly to: EpochMs }) => void;
  readonly close: () => Promise<void>;
};

const kinds = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT };
const stopMs = 2000;

/** Opens the export. */
export function openSpanExport({ endpoint, service }: TracesConfig): SpanExport {
  /** The ids of the span that is about to be made. */
  const next = { traceId: '', spanId: '' };
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: endpoint }) })],
  });
  const tracer = provider.getTracer('shelflife');
  const make = ({ facts, ids, parent, endMs }: Made): void => {
    Object.assign(next, ids);
    const span = tracer.startSpan(
      facts.name,
      { kind: kinds[facts.kind], startTime: endMs - facts.from * 1000, attributes: facts.attributes },
      contextOf(ids.traceId, parent),
    );
    if (facts.isError) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endMs - facts.to * 1000);
  };
  return {
    onOutcome: (outcome, now) => {
      if (outcome.trace?.isSampled === true) makeAll(outcome.trace, spansOf(outcome), { make, endMs: now });
    },
    onPurge: (purge, { from, to }) => {
      const { traceId, spanId } = new Trace(undefined, true);
      const span = { kind: 'internal', isError: false, from: (to - from) / 1000, to: 0 } as const;
      const facts: SpanFacts = { ...span, name: 'purge', attributes: purgeFacts(purge) };
      make({ facts, ids: { traceId, spanId }, parent: undefined, endMs: to });
    },
    close: () => withinMs(stopMs, provider.shutdown()),
  };
}

type Made = {
  readonly facts: SpanFacts;
  readonly ids: { readonly traceId: string; readonly spanId: string };
  readonly parent: string | undefined;
  readonly endMs: number;
};

function makeAll(
  trace: Trace,
  [own, ...parts]: ReturnType<typeof spansOf>,
  { make, endMs }: { readonly make: (made: Made) => void; readonly endMs: number },
): void {
  const { traceId, spanId } = trace;
  make({ facts: own, ids: { traceId, spanId }, parent: trace.parent?.spanId, endMs });
  for (const facts of parts) {
    // The origin was told this id: its own spans are below it.
    const id = facts.kind === 'client' ? trace.originSpanId : new Trace(undefined, true).spanId;
    make({ facts, ids: { traceId, spanId: id }, parent: spanId, endMs });
  }
}

const contextOf = (traceId: string, parent: string | undefined): Context =>
  parent === undefined
    ? ROOT_CONTEXT
    : api.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parent, traceFlags: 1, isRemote: true });

async function withinMs(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  // What a collector does not take is lost.
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}
