/** Several workers in front of an app whose pages have versions, and kept connections of which one knows the worker. */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import { eventually } from './eventually.ts';
import { controlToken, type Serving, startServing } from './serving.ts';

export type VersionedApp = {
  readonly url: string;
  /** `GET /path` of every request, in order. */
  readonly asked: string[];
  /** Requests for which this is true get no answer until `release`. */
  isHeld: (asked: string) => boolean;
  readonly held: (() => void)[];
  readonly release: () => void;
};

/** An app with a version for each path, one higher with each write, and pages that greet by cookie; it ends with the test. */
export async function startVersionedApp(t: Test): Promise<VersionedApp> {
  const versions = new Map<string, number>();
  const server = createServer((incoming, response: ServerResponse) => {
    const { url = '', method, headers } = incoming;
    incoming.resume();
    const name = `${method ?? ''} ${url}`;
    app.asked.push(name);
    if (method !== 'GET') versions.set(url, (versions.get(url) ?? 0) + 1);
    const version = versions.get(url) ?? 0;
    const answer = (): void => {
      const greets = url === '/greets' || url.startsWith('/mine/');
      const cacheControl = url === '/private' ? 'no-store' : 'max-age=600';
      response
        .writeHead(200, { 'Cache-Control': cacheControl })
        .end(greets ? `Hello ${headers.cookie ?? 'you'}` : String(version));
    };
    if (app.isHeld(name)) app.held.push(answer);
    else setImmediate(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const app: VersionedApp = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    isHeld: () => false,
    held: [],
    release: () => {
      app.isHeld = () => false;
      for (const answer of app.held.splice(0)) answer();
    },
  };
  return app;
}

export type Answer = { readonly status: number; readonly body: string; readonly fate: string };
export type Connection = {
  ask: (path: string, method?: string, cookie?: string) => Promise<Answer>;
  worker: number;
};

export type Workers = Serving & {
  /** One kept connection; fails with it. */
  readonly connect: () => Connection;
  /** Connections of which each worker has as many, and which worker has which. */
  readonly connected: (count: number) => Promise<Connection[]>;
  /** A new connection to this worker. */
  readonly connectTo: (worker: number) => Promise<Connection>;
  readonly pidOf: (worker: number) => number;
  /** Asks the control API. */
  readonly tell: (path: string, body?: object) => Promise<Record<string, unknown>>;
  readonly isReady: (count: number) => Promise<boolean>;
};

/** Starts `serve` with a configuration of several workers that logs each request; it is gone at the end of the test. */
export async function startWorkers(t: Test, config: string): Promise<Workers> {
  const serving = await startServing(t, config);
  const { site, control, lines } = serving;
  const headers = { authorization: `Bearer ${controlToken}`, 'content-type': 'application/json' };
  const connect = connectingTo(t, site);
  const lineOf = (target: string) =>
    lines.find((line) => line['target'] === target && line['worker'] !== undefined);
  const connected: Workers['connected'] = async (count) => {
    const name = `/own/${Math.random()}`;
    const all = Array.from({ length: count }, connect);
    await Promise.all(all.map((connection, index) => connection.ask(`${name}-${index}`)));
    await eventually('the log has all', () =>
      all.every((_, index) => lineOf(`${name}-${index}`) !== undefined),
    );
    for (const [index, one] of all.entries()) one.worker = Number(lineOf(`${name}-${index}`)?.['worker']);
    return all;
  };
  const connectTo: Workers['connectTo'] = async (worker) =>
    (await connected(2)).find((one) => one.worker === worker) ?? connectTo(worker);
  return {
    ...serving,
    ...{ connect, connected, connectTo },
    pidOf: (worker) =>
      Number(lines.findLast((line) => line['worker'] === worker && line.msg === 'request')?.['pid']),
    tell: async (path, body) => {
      const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await fetch(`${control}${path}`, init);
      return (await response.json()) as Record<string, unknown>;
    },
    isReady: async (count) => {
      const state = (await (await fetch(`${control}/readyz`)).json()) as { workers: { ready: number } };
      return state.workers.ready === count;
    },
  };
}

const connectingTo = (t: Test, site: string) => (): Connection => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => {
    agent.destroy();
  });
  return {
    worker: 0,
    ask: async (path, method = 'GET', cookie?) => {
      const fields = cookie === undefined ? {} : { cookie };
      const sent = request(`${site}${path}`, { agent, method, headers: fields }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const { statusCode: status = 0, headers } = response;
      return { status, body: await text(response), fate: String(headers['cache-status']) };
    },
  };
};

/** Reads and writes by many connections; gives every answer that was older than a write acknowledged before it was asked. */
export async function history(
  connections: readonly Connection[],
  operations: number,
  acknowledged = new Map<string, number>(),
): Promise<string[]> {
  const stale: string[] = [];
  let left = operations;
  const client = async (at: number): Promise<void> => {
    for (let turn = at; left > 0; turn += 1) {
      left -= 1;
      const path = `/v/${(turn * 7) % 5}`;
      const isWrite = at < 2 && turn % 3 === 0;
      const floor = acknowledged.get(path) ?? 0;
      // A worker that is killed takes its connections with it; the next request makes a new one.
      const answer = await connections[at]?.ask(path, isWrite ? 'POST' : 'GET').catch(() => undefined);
      if (answer === undefined) continue;
      const version = Number(answer.body);
      if (isWrite) acknowledged.set(path, Math.max(version, acknowledged.get(path) ?? 0));
      else if (version < floor) stale.push(`${path}: ${version} after ${floor} (${answer.fate})`);
    }
  };
  await Promise.all(connections.map((_, at) => client(at)));
  return stale;
}
