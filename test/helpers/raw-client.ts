/** A client that writes and reads raw bytes: no library between the test and the socket. */

import { connect } from 'node:net';
import { rawExchange } from './raw-exchange.ts';

export type RawAnswer = {
  readonly status: number;
  /** Lines of the head behind the status line, as they came. */
  readonly lines: readonly string[];
  readonly body: string;
};

export type RawRequest = {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  /** Whole lines, `Name: value`. */
  readonly lines?: readonly string[];
  readonly body?: string;
};

/** The text of one request; the connection is to end with its answer. */
export function requestText({
  method = 'GET',
  target = '/',
  host = 'site.test',
  ...rest
}: RawRequest): string {
  const { lines = [], body = '' } = rest;
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...lines, 'Connection: close'];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Sends one request on a connection of its own. */
export async function ask(url: string, request: RawRequest): Promise<RawAnswer> {
  const [answer] = await answersTo(url, requestText(request));
  if (answer === undefined) throw new Error(`no answer to ${request.target ?? '/'}`);
  return answer;
}

/** Sends bytes and gives every whole answer that came back before the connection ended, or was silent. */
export async function answersTo(url: string, text: string, silenceMs = 60_000): Promise<RawAnswer[]> {
  return parseAnswers(await rawExchange(url, text, silenceMs));
}

/** The values of a field, one for each line. */
export function valuesOf({ lines }: RawAnswer, name: string): string[] {
  const start = `${name.toLowerCase()}:`;
  return lines
    .filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim());
}

/** Our member of Cache-Status, without the name. */
export const fateOf = (answer: RawAnswer): string =>
  (valuesOf(answer, 'cache-status').at(-1) ?? '').replace(/^.*shelflife; /, '');

/** Whether the answer came from the store. */
export const isHit = (answer: RawAnswer): boolean => fateOf(answer).startsWith('hit');

/** Cuts what came over one connection into answers. Interim ones are left out. */
export function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(statusLine.split(' ')[1] ?? 0);
    const answer = { status, lines, body: '' };
    const { body, after } = bodyOf(answer, rest.slice(end + 4));
    rest = after;
    if (status >= 200) answers.push({ ...answer, body });
  }
  return answers;
}

function bodyOf(answer: RawAnswer, text: string): { body: string; after: string } {
  if (answer.status < 200 || answer.status === 204 || answer.status === 304) return { body: '', after: text };
  if (valuesOf(answer, 'transfer-encoding').length > 0) return dechunked(text);
  const [length] = valuesOf(answer, 'content-length');
  const bytes = length === undefined ? text.length : Number(length);
  return { body: text.slice(0, bytes), after: text.slice(bytes) };
}

function dechunked(text: string): { body: string; after: string } {
  let body = '';
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (end === -1 || Number.isNaN(size)) return { body, after: '' };
    if (size === 0) return { body, after: rest.slice(rest.indexOf('\r\n\r\n', end) + 4) };
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 4 + size);
  }
}

/** Opens a connection, sends the text, and tells how long it stayed open: for clients that never finish. */
export function timeToClose(url: string, text: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const opened = performance.now();
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'));
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => {
      resolve(performance.now() - opened);
    });
  });
}
