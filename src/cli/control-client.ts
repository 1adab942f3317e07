/**
 * A running proxy's control API, as commands call it.
 */

import type { Command } from 'commander';
import { defaults } from '../config/config.ts';

/** `refused`: it answered, but not with a success. `unreachable`: it did not answer, or could not be asked. */
export type ControlAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused' | 'unreachable'; readonly message: string };

/** Longer than any purge has to wait for other instances. */
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

/** Gets from the control API with the token from SHELFLIFE_TOKEN; the body as text when it is no JSON. */
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
    return { kind: 'unreachable', message: `--control ${control} is no http:// or https:// URL` };
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
    // Not the control API, then: it always answers in JSON.
    return undefined;
  }
}

function detailOf(answer: unknown): string {
  const hasDetail = typeof answer === 'object' && answer !== null && 'detail' in answer;
  return hasDetail ? String(answer.detail) : 'this is not the answer of a control API';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${limitMs / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
}
