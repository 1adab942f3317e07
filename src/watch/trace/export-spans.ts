/**
 * Sends spans to a collector by OTLP over HTTP. Loaded only where traces are on.
 *
 * Promises: a collector that is slow or gone costs spans, not requests or memory: what waits is bounded, and so is the stop.
 */

import { type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { TracesConfig } from '../../config/config.ts';
import type { EpochMs } from '../../kit/time.ts';
import { Trace } from '../../proxy/exchange/trace.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import type { Purge } from '../../store/purge-log.ts';
import { purgeFacts, type SpanFacts, spansOf } from './spans.ts';

export type SpanExport = {
  /** Of an exchange that is sampled. */
  readonly onTraced: (trace: Trace, outcome: Outcome, now: EpochMs) => void;
  readonly onPurge: (purge: Purge, span: { readonly from: EpochMs; readonly to: EpochMs }) => void;
  readonly close: () => Promise<void>;
};

const kinds = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT };
const stopMs = 2000;
/**
 * Code that runs now and then is never optimized: a second's spans are made in one go, for a fraction of the cost. They are
 * sent in the same turn, because spans that wait grow the old generation, and every full collection costs all requests.
 */
const gatherMs = 1000;
const mostGathered = 256;
/** Further batches are lost. */
const mostUnderWay = 4;

/** Opens the export. */
export function openSpanExport({ endpoint, service }: TracesConfig): SpanExport {
  const resource = resourceFromAttributes({ 'service.name': service });
  const exporter = new OTLPTraceExporter({ url: endpoint, concurrencyLimit: mostUnderWay });
  let gathered: (() => readonly Made[])[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.length === 0) return;
    const batch = gathered;
    gathered = [];
    try {
      const spans = batch.flatMap((make) => make()).map((made) => readable(made, resource));
      exporter.export(spans, ignoreResult);
    } catch {
      // What cannot be made or encoded is lost, as what a collector refuses: no request may end by it.
    }
  };
  const gather = (make: () => readonly Made[]): void => {
    gathered.push(make);
    if (gathered.length === mostGathered) flush();
    else timer ??= setTimeout(flush, gatherMs).unref();
  };
  return {
    onTraced: (trace, outcome, now) => {
      // A stored body or a client's fields must not be kept alive meanwhile.
      const told = { ...outcome, entry: undefined, client: undefined };
      gather(() => madeOf(trace, spansOf(told), now));
    },
    onPurge: (purge, { from, to }) => {
      const span = { kind: 'internal', isError: false, from: (to - from) / 1000, to: 0 } as const;
      const facts: SpanFacts = { ...span, name: 'purge', attributes: purgeFacts(purge) };
      const { traceId, spanId } = new Trace(undefined, true);
      gather(() => [{ facts, traceId, spanId, parentId: undefined, endMs: to }]);
    },
    close: () => {
      flush();
      return withinMs(stopMs, exporter.shutdown());
    },
  };
}

/** What a collector does not take is lost. */
const ignoreResult = (): void => undefined;

type Made = {
  readonly facts: SpanFacts;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly endMs: EpochMs;
};

function madeOf(trace: Trace, [own, ...parts]: ReturnType<typeof spansOf>, endMs: EpochMs): readonly Made[] {
  const { traceId, spanId, parent } = trace;
  const server: Made = { facts: own, traceId, spanId, parentId: parent?.spanId, endMs };
  return [
    server,
    ...parts.map((facts): Made => {
      // The origin was told this id: its own spans are below it.
      const id = facts.kind === 'client' ? trace.originSpanId : new Trace(undefined, true).spanId;
      return { facts, traceId, spanId: id, parentId: spanId, endMs };
    }),
  ];
}

function readable({ facts, traceId, spanId, parentId, endMs }: Made, resource: Resource): ReadableSpan {
  const contextOf = (id: string): SpanContext => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED });
  const own = contextOf(spanId);
  const parent =
    parentId === undefined ? {} : { parentSpanContext: { ...contextOf(parentId), isRemote: true } };
  return {
    name: facts.name,
    kind: kinds[facts.kind],
    spanContext: () => own,
    ...parent,
    startTime: highResolution(endMs - facts.from * 1000),
    endTime: highResolution(endMs - facts.to * 1000),
    duration: highResolution((facts.from - facts.to) * 1000),
    status: { code: facts.isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: facts.attributes,
    ...{ links: [], events: [], ended: true, resource, instrumentationScope: { name: 'shelflife' } },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

/** OpenTelemetry's seconds and nanoseconds. */
const highResolution = (ms: number): [number, number] => [
  Math.trunc(ms / 1000),
  Math.round((ms % 1000) * 1e6),
];

async function withinMs(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(ignoreResult), limit]);
  clearTimeout(timer);
}
