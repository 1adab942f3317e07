/**
 * The Fastify edge: the pipeline has every request before Fastify does; what is passed and is no GET goes on to
 * @fastify/http-proxy, and comes back through the hooks here.
 */

import { type IncomingHttpHeaders, type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import httpProxy from '@fastify/http-proxy';
import fastify, { type HTTPMethods } from 'fastify';
import type { Entrance } from '../../front/entrance.ts';
import type { Fields } from '../../http/message.ts';
import type { Seconds } from '../../kit/time.ts';
import { withoutSchemas } from '../../kit/without-schemas.ts';
import { failureOf } from '../../origin/failure.ts';
import { fieldsOf, type Forwarder } from '../../origin/forwarder.ts';
import type { Origin } from '../../origin/origin.ts';
import { crash, createHttpServer, type HttpServerOptions, type Raw } from './http-server.ts';
import type { Forwarded } from '../pass/pass.ts';
import type { OpenLane } from './lane.ts';
import { H2Server } from '../h2/h2-server.ts';
import { PublicListener } from './public-listener.ts';
import { bodyOf } from '../exchange/request-body.ts';
import { relayAnswer } from '../pass/relay-answer.ts';

export type ProxyServerOptions = HttpServerOptions & {
  /** Makes what has each connection before node:http; absent: nothing. */
  readonly lane?: OpenLane | undefined;
  /** What connections pass before they are HTTP; absent: nothing. */
  readonly entrance?: Entrance | undefined;
  readonly origin: Origin;
  readonly originUrl: string;
  readonly bodyTimeout: Seconds;
};

type UnderWay = WeakMap<IncomingMessage, Forwarded>;

export type PublicServer = {
  readonly listener: PublicListener;
  /** Stops accepting, finishes what is under way, and resolves when every connection has ended. */
  readonly close: () => Promise<void>;
};

/** Makes the public server; not listening yet. */
export async function createProxyServer(options: ProxyServerOptions): Promise<PublicServer> {
  const shared: Shared = { options, underWay: new WeakMap(), trailers: new WeakMap() };
  const upgraded = new Set<Socket>();
  const app = fastify({
    serverFactory: (handler) =>
      createHttpServer(options, (raw, forwarded) => {
        forward(shared, { ...raw, forwarded }, handler);
      }),
    bodyLimit: Number.MAX_SAFE_INTEGER,
    exposeHeadRoutes: false,
    schemaController: withoutSchemas,
    // `createHttpServer` answers what cannot be parsed; Fastify would write its own answer into the middle of others.
    clientErrorHandler: () => undefined,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: false },
  });
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true });
  }
  app.server.on('upgrade', (_message, socket: Socket) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
  });
  // Whatever Fastify itself would say to a client, it says in its own words, and without a Cache-Status.
  app.setErrorHandler((error, _request, reply) => {
    reply.hijack();
    crash(options, reply.raw, error);
  });
  await app.register(httpProxy, proxyOptions(shared, methods));
  await app.ready();
  const lane = options.lane?.(app.server, options);
  const listener = new PublicListener({
    ...{ http: app.server, upgraded, lane },
    h2: new H2Server(options),
    entrance: options.entrance,
  });
  return {
    listener,
    close: async () => {
      await listener.close();
      await app.close();
    },
  };
}

type Shared = {
  readonly options: ProxyServerOptions;
  readonly underWay: UnderWay;
  /** Of each answer's body: what comes behind it, when it has come. */
  readonly trailers: WeakMap<Readable, ProxiedResponse['headers']>;
};

/** @fastify/http-proxy is given the requests as they are to be sent, and hands every answer over. */
function proxyOptions(shared: Shared, methods: readonly string[]): Parameters<typeof httpProxy>[1] {
  const { options, underWay } = shared;
  return {
    upstream: options.originUrl,
    undici: informing(shared) as never,
    disableRequestLogging: true,
    httpMethods: [...methods] as HTTPMethods[],
    replyOptions: {
      rewriteRequestHeaders: (request, headers) => {
        const forwarded = underWay.get(request.raw as IncomingMessage);
        return forwarded === undefined ? headers : { ...asRecord(forwarded.fields), [beside]: forwarded };
      },
      // The head is written by hand, in `onResponse`: reply-from copies hop-by-hop fields, Fastify adds its own.
      rewriteHeaders: () => ({}),
      // A 503 is an answer, and a write is sent once (DESIGN §3.11): reply-from would try up to ten times.
      retryDelay: () => null,
      onResponse: (request, reply, response) => {
        const raw = { message: request.raw as IncomingMessage, response: reply.raw as ServerResponse };
        reply.hijack();
        answer(shared, raw, response as unknown as ProxiedResponse);
      },
      onError: (reply, { error }) => {
        reply.hijack();
        fail(
          shared,
          { message: reply.request.raw as IncomingMessage, response: reply.raw as ServerResponse },
          error,
        );
      },
    },
  };
}

function forward(
  { options, underWay }: Shared,
  { message, response, forwarded }: Raw & { forwarded: Forwarded },
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  underWay.set(message, forwarded);
  message.url = '/'; // Fastify and reply-from would parse and rewrite the target: `informing` sends it.
  hideMediaType(message);
  let hasEnded = false;
  response.once('close', () => {
    hasEnded = response.writableFinished;
    if (hasEnded) return;
    keepUnaborted(message);
    forwarded.onClientGone().catch(options.onError);
  });
  handler(message, response);
}

/**
 * By its media type Fastify would take a body for text, or refuse it; the origin is sent the client's own from `Forwarded`.
 */
function hideMediaType({ method, headers }: IncomingMessage): void {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  // Fastify refuses a QUERY without; the origin may see it otherwise.
  if (hasBody || method === 'QUERY') headers['content-type'] = 'application/octet-stream';
  else delete headers['content-type'];
}

/**
 * reply-from drops the answer to a request that is marked as aborted, which node:http does where no body was read. But what
 * a write made stale is to be ended with its answer too:
 *   1. the client goes, and what is stale is ended      2. another asks, and what it gets is stored, from before the write
 *   3. the origin writes, and answers                   4. what is stale is ended once more
 */
function keepUnaborted(message: IncomingMessage): void {
  Object.defineProperty(message, 'aborted', { get: () => false, set: () => undefined });
}

/** Travels with a request's fields through reply-from, which knows nothing of interim responses; it is no field. */
const beside = Symbol('forwarded');

/** The origin for reply-from: it sends the target as it was matched, and hands interim responses on (RFC 9110 §15.2). */
function informing({ options, trailers }: Shared): { readonly request: Forwarder } {
  return {
    request: (request, done) => {
      const forwarded = (request.headers as { readonly [beside]?: Forwarded })[beside];
      const onInfo: typeof request.onInfo = ({ statusCode, headers }) => {
        forwarded?.onInformation(statusCode, fieldsOf(headers));
      };
      const path = forwarded?.target ?? request.path;
      // The deadline of the body is kept by who relays it: undici's is coarse, and knows no server-sent events.
      const sent = { ...request, path, body: bodyOf(request.body), bodyTimeout: 0, onInfo };
      options.origin.forward(sent, (error, answer) => {
        // undici fills them in when the body has ended.
        if (error === null) trailers.set(answer.body, answer.trailers);
        done(error, answer);
      });
    },
  };
}

type ProxiedResponse = {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: Readable;
};

function answer(
  { options, underWay, trailers }: Shared,
  { message, response }: Raw,
  { statusCode, headers, stream }: ProxiedResponse,
): void {
  const forwarded = underWay.get(message);
  if (forwarded === undefined) return;
  // Until the head is released nobody reads the body; an error meanwhile must not go unheard.
  const ignore = (): void => undefined;
  stream.on('error', ignore);
  forwarded
    .onHead(statusCode, fieldsOf(headers))
    .then(({ fields: released, keeper }) => {
      if (keeper !== undefined) stream.on('data', keeper.add);
      relayAnswer(response, {
        status: statusCode,
        fields: released,
        stream,
        trailers: () => fieldsOf(trailers.get(stream) ?? {}),
        bodyTimeout: options.bodyTimeout,
        onOver: (isWhole) => {
          keeper?.finish(isWhole);
          forwarded.onEnd();
        },
        onFailure: (failure) => {
          keeper?.finish(false);
          tell(options, response, forwarded.onFailure(failure));
        },
      });
    })
    .catch((error: unknown) => {
      stream.destroy();
      crash(options, response, error);
    });
}

function fail({ options, underWay }: Shared, { message, response }: Raw, error: unknown): void {
  const forwarded = underWay.get(message);
  if (forwarded === undefined) return;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  tell(options, response, forwarded.onFailure(failureOf(cause)));
}

function tell(options: ProxyServerOptions, response: ServerResponse, telling: Promise<void>): void {
  telling.catch((problem: unknown) => {
    crash(options, response, problem);
  });
}

function asRecord(fields: Fields): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (let index = 0; index < fields.length; index += 2) {
    const name = (fields[index] ?? '').toLowerCase();
    const value = fields[index + 1] ?? '';
    const before = record[name];
    record[name] =
      before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return record;
}
