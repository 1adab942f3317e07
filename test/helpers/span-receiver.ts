/** A collector: takes spans by OTLP over HTTP, in JSON. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Test } from 'tap';

type Attribute = {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
};

export type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
};
type Export = { readonly resourceSpans: readonly { readonly scopeSpans: readonly { spans: Span[] }[] }[] };

export type Receiver = {
  readonly url: string;
  readonly spans: readonly Span[];
  /** How many spans each request had. */
  readonly batches: readonly number[];
  /** Resolves when it has so many requests. */
  readonly received: (requests: number) => Promise<void>;
};

/** Starts one; it answers a request after `answered`. */
export async function startReceiver(t: Test, answered: Promise<void> = Promise.resolve()): Promise<Receiver> {
  const spans: Span[] = [];
  const batches: number[] = [];
  const server = createServer((request, response) => {
    void json(request).then(async (body) => {
      const { resourceSpans } = body as Export;
      const sent = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      spans.push(...sent);
      batches.push(sent.length);
      server.emit('batch');
      await answered;
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const received = async (requests: number): Promise<void> => {
    while (batches.length < requests) await once(server, 'batch');
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  return { url, spans, batches, received };
}
