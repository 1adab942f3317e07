/** Calls the control API of a running proxy. */

import type { Command } from 'commander';
import { defaults, unixPathOf } from '../config/config.ts';
import type { Terminal } from './terminal.ts';

/** `refused`: it answered with an error. `unreachable`: it could not be asked, or did not answer. */
export type ControlAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused' | 'unreachable'; readonly message: string };

/** Longer than any purge waits for other instances. */
const limitMs = 15_000;

/** Adds `--control URL`, which every command that calls a running proxy has. */
export function withControlOption(command: Command): Command {
  const { host, port } = defaults.control;
  return command.option(
    '--control <url>',
    'the control API of the running proxy, or unix:PATH',
    `http://${host}:${port}`,
  );
}

/** The control API of a proxy, and the token for it. */
export type Control = { readonly url: string; readonly token: string | undefined };

/** The one that the options name, with the token from SHELFLIFE_TOKEN. */
export const controlOf = (
  { env }: Pick<Terminal, 'env'>,
  { control }: { readonly control: string },
): Control => ({
  url: control,
  token: env['SHELFLIFE_TOKEN'],
});

/** Posts JSON to the control API. */
export const postControl = (control: Control, path: string, body: unknown): Promise<ControlAnswer> =>
  askControl(control, path, { ...jsonPost(body), signal: AbortSignal.timeout(limitMs) });

/** Gets from the control API; a body that is not JSON comes as text. */
export const getControl = (control: Control, path: string): Promise<ControlAnswer> =>
  askControl(control, path, { signal: AbortSignal.timeout(limitMs) });

/** A POST of JSON. */
export const jsonPost = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** `read` takes the answer from a response that is not an error; `failure` begins the message when that fails. */
type Call = RequestInit & {
  readonly read?: (response: Response) => Promise<unknown>;
  readonly failure?: string;
};

/** Calls the control API. */
export async function askControl(
  { url: base, token }: Control,
  path: string,
  { read = bodyOf, failure = 'no answer', ...init }: Call,
): Promise<ControlAnswer> {
  if (token === undefined || token === '')
    return { kind: 'unreachable', message: 'set SHELFLIFE_TOKEN to the token of the control API' };
  const socketPath = unixPathOf(base);
  const url = URL.parse(path, socketPath === undefined ? base : 'http://localhost');
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const message = `--control ${base} is not an http:// or https:// URL, or unix:/PATH`;
    return { kind: 'unreachable', message };
  }
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  try {
    const response = await fetch(url, { ...init, headers, ...(await wayTo(socketPath)) });
    if (response.ok) return { kind: 'ok', body: await read(response) };
    return { kind: 'refused', message: `${response.status}: ${detailOf(await bodyOf(response))}` };
  } catch (error) {
    return {
      kind: 'unreachable',
      message: `${failure} from ${socketPath === undefined ? url.origin : base}: ${reasonOf(error)}`,
    };
  }
}

/** Loaded only where it is needed. */
async function wayTo(socketPath: string | undefined): Promise<Pick<RequestInit, 'dispatcher'>> {
  if (socketPath === undefined) return {};
  const { Agent } = await import('undici');
  const dispatcher = new Agent({ connect: { socketPath } });
  // The types of Node's own undici are those of another version.
  return { dispatcher: dispatcher as unknown as NonNullable<RequestInit['dispatcher']> };
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    // The control API answers in JSON, so this is something else.
    return undefined;
  }
}

function detailOf(answer: unknown): string {
  const hasDetail = typeof answer === 'object' && answer !== null && 'detail' in answer;
  return hasDetail ? String(answer.detail) : 'this is not the answer of a control API';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
}
