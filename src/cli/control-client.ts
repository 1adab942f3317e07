/** Calls the control API of a running proxy. */

import type { Command } from 'commander';
import { defaults } from '../config/config.ts';

/** `refused`: it answered with an error. `unreachable`: it could not be asked, or did not answer. */
export type ControlAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused' | 'unreachable'; readonly message: string };

/** Longer than any purge waits for other instances. */
const limitMs = 15_000;

/** Adds `--control URL`, which every command that calls a running proxy has. */
export function withControlOption(command: Command): Command {
  const { host, port } = defaults.control;
  return command.option('--control <url>', 'the control API of the running proxy', `http://${host}:${port}`);
}

/** Posts JSON to the control API with the token from SHELFLIFE_TOKEN. */
export const postControl = (control: string, path: string, body: unknown): Promise<ControlAnswer> =>
  askControl(control, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Gets from the control API with the token from SHELFLIFE_TOKEN; a body that is not JSON comes as text. */
export const getControl = (control: string, path: string): Promise<ControlAnswer> =>
  askControl(control, path, { method: 'GET' });

async function askControl(
  control: string,
  path: string,
  init: {
    readonly method: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  },
): Promise<ControlAnswer> {
  const token = process.env['SHELFLIFE_TOKEN'];
  if (token === undefined || token === '')
    return { kind: 'unreachable', message: 'set SHELFLIFE_TOKEN to the token of the control API' };
  const url = URL.parse(path, control);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { kind: 'unreachable', message: `--control ${control} is not an http:// or https:// URL` };
  }
  try {
    const response = await fetch(url, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    const answer = isJson ? parsed(text) : text;
    return response.ok
      ? { kind: 'ok', body: answer }
      : { kind: 'refused', message: `${response.status}: ${detailOf(answer)}` };
  } catch (error) {
    return { kind: 'unreachable', message: `no answer from ${url.origin}: ${reasonOf(error)}` };
  }
}

function parsed(text: string): unknown {
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
