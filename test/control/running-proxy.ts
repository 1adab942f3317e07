/** A proxy with its control API on real sockets, an origin that counts, and a client for both. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { parseConfig } from '../../src/config/schema/check.ts';
import type { Config } from '../../src/config/config.ts';
import type { ReadConfig } from '../../src/control/reload.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import { closeProxy } from '../helpers/close-proxy.ts';

export const token = 'a-control-token-of-many-characters';

/** What an origin does unless told otherwise: its answers may be kept for a minute. */
const plain: RequestListener = (request, response) => {
  response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Type': 'text/plain' });
  response.end(`answer to ${request.url ?? ''}`);
};

type Setup = {
  readonly rules?: string;
  readonly token?: string;
  /** The beginning of `control` in place of the token: `{ tokens: [...], `. */
  readonly control?: string;
  readonly listener?: RequestListener;
  readonly readConfig?: (textOf: (rules: string) => Config) => ReadConfig;
};

export type Running = {
  readonly server: RunningServer;
  readonly requests: readonly string[];
  readonly logged: readonly Record<string, unknown>[];
  readonly closeOrigin: () => Promise<void>;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly control: (path: string, init?: RequestInit) => Promise<Response>;
  readonly purge: (body: unknown, headers?: Record<string, string>) => Promise<Answered>;
};

export type Answered = { readonly status: number; readonly body: Record<string, unknown> };

type Test = { teardown: (action: () => Promise<void>) => unknown };

/** Starts all of it; it is gone at the end of the test. */
export async function startProxy(t: Test, setup: Setup = {}): Promise<Running> {
  const requests: string[] = [];
  const origin = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    (setup.listener ?? plain)(request, response);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  const textOf = (rules: string): Config =>
    configOf(port, rules, setup.control ?? ownToken(setup.token ?? token));
  const config = textOf(setup.rules ?? '');
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'info' },
    { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const server = await startServer({ config, log, readConfig: setup.readConfig?.(textOf) });
  const closeOrigin = async (): Promise<void> => {
    if (!origin.listening) return;
    origin.closeAllConnections();
    origin.close();
    await once(origin, 'close');
  };
  t.teardown(async () => {
    await closeProxy(server);
    await closeOrigin();
  });
  const get: Running['get'] = async (path, headers = {}) => {
    const response = await fetch(server.url + path, { headers });
    await response.arrayBuffer();
    return response;
  };
  const control: Running['control'] = (path, init = {}) =>
    fetch((server.controlUrl ?? '') + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) },
    });
  const purge: Running['purge'] = async (body, headers = { 'content-type': 'application/json' }) => {
    const response = await control('/purge', {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { server, requests, logged, closeOrigin, get, control, purge };
}

/** `''` for no token. */
const ownToken = (given: string): string => (given === '' ? '{ ' : `{ token: ${given}, `);

function configOf(port: number, rules: string, given: string): Config {
  const control = `control: ${given}address: "127.0.0.1:0" }`;
  const text = `upstream: http://127.0.0.1:${port}\nlisten: 127.0.0.1:0\n${control}\n${rules}`;
  const result = parseConfig(text, { file: 'test.yaml', env: {} });
  if (result.kind === 'ok') return result.config;
  throw new Error(result.problems.map(({ line, code, message }) => `${line} ${code} ${message}`).join('\n'));
}
