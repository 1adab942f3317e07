/** An origin that answers as the test says, with a proxy in front of it: real servers, real sockets. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import pino from 'pino';
import { parseConfig } from '../../src/config/schema/check.ts';
import { renderProblem } from '../../src/config/reader/problem.ts';
import type { Clock } from '../../src/kit/time.ts';
import type { Services } from '../../src/proxy/exchange/exchange.ts';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server.ts';
import { looksInside, startAsWorkers, testWorkers } from './as-workers.ts';
import { closeProxy } from './close-proxy.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export type Site = {
  readonly proxy: RunningServer;
  readonly url: string;
  /** `GET /path` of every request the origin has seen, in order. */
  readonly seen: string[];
  readonly requests: IncomingMessage[];
  readonly outcomes: Outcome[];
  readonly origin: Server;
  answerWith(answer: Answer): void;
  close(): Promise<void>;
};

/** Starts both. `rules` is the configuration without upstream and listen. */
export async function startSite(
  rules: string,
  options: { answer?: Answer; connections?: number } & Omit<ProxyOptions, 'outcomes'> = {},
): Promise<Site> {
  const seen: string[] = [];
  const requests: IncomingMessage[] = [];
  let current: Answer = options.answer ?? ((_request, response) => response.end('ok'));
  const sockets = new Set<Socket>();
  const origin = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    requests.push(request);
    current(request, response);
  });
  origin.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const { port } = origin.address() as AddressInfo;
  const outcomes: Outcome[] = [];
  const upstream = `upstream: { url: "http://127.0.0.1:${port}", connections: ${options.connections ?? 128} }`;
  const proxy = await startProxy(`${upstream}\n${rules}`, { ...options, outcomes }).catch(
    (error: unknown) => {
      origin.close();
      throw error;
    },
  );
  return {
    proxy,
    url: proxy.url,
    seen,
    requests,
    get outcomes() {
      return testWorkers() === undefined ? outcomes : looksInside('outcomes');
    },
    origin,
    answerWith: (answer) => {
      current = answer;
    },
    close: async () => {
      await closeProxy(proxy);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => origin.close(resolve));
    },
  };
}

export type ProxyOptions = {
  readonly clock?: Clock;
  readonly later?: Services['later'];
  readonly outcomes?: Outcome[];
  readonly env?: Record<string, string>;
  readonly log?: ServerOptions['log'];
  readonly accessLines?: ServerOptions['accessLines'];
  readonly rolloutFile?: string;
  /** `on`: it has a control API even without a token. It costs two thirds of a start. */
  readonly control?: 'on';
};

/** Starts a proxy with a configuration text on a free port: in this process, or as workers (`as-workers.ts`). */
export async function startProxy(text: string, options: ProxyOptions = {}): Promise<RunningServer> {
  const workers = testWorkers();
  if (workers !== undefined) return startAsWorkers(text, workers, options);
  const { clock, later, outcomes, env = {}, log, accessLines, rolloutFile, control } = options;
  const parsed = parseConfig(text, { file: 'test.yaml', env, listen: '127.0.0.1:0' });
  if (parsed.kind === 'problems') throw new Error(parsed.problems.map(renderProblem).join('\n'));
  const { token, tokens } = parsed.config.control;
  const config = { ...parsed.config, control: { ...parsed.config.control, port: 0 } };
  return startServer({
    config,
    ...(clock === undefined ? {} : { clock }),
    ...(later === undefined ? {} : { later }),
    ...(accessLines === undefined ? {} : { accessLines }),
    rolloutFile,
    ...(control === 'on' || token !== undefined || tokens.length > 0 ? {} : { control: 'off' }),
    log: log ?? pino({ level: 'silent' }),
    onOutcome: (outcome) => outcomes?.push(outcome),
  });
}

/** A promise with its hands outside: for holding an answer back until the test lets it go. */
export function barrier(): { readonly reached: Promise<void>; readonly arrive: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return {
    reached: promise,
    arrive: () => {
      resolve(undefined);
    },
  };
}

/** Our member of Cache-Status, without the name. */
export const cacheStatus = (response: Response): string =>
  (response.headers.get('cache-status') ?? '').replace(/^.*shelflife; /, '');
