/** A client that sends exactly the given bytes, and returns everything that came back. */

import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { Fields } from '../../src/http/message.ts';

export type PlainRequest = {
  readonly port: number;
  readonly method: string;
  readonly target: string;
  /** With Host. */
  readonly fields: readonly string[];
  readonly body: string | undefined;
  readonly version: '1.0' | '1.1';
};

export type Interim = { readonly status: number; readonly fields: Fields };

export type PlainAnswer = {
  readonly status: number;
  readonly fields: Fields;
  readonly body: string;
  readonly interim: readonly Interim[];
  readonly trailers: Fields;
  /** The connection broke before the end. */
  readonly broken: boolean;
};

const agent = new Agent({ keepAlive: true });

/** Closes idle connections. */
export const closeConnections = (): void => {
  agent.destroy();
};

/** Sends one request and resolves with what came of it. */
export const ask = (request: PlainRequest): Promise<PlainAnswer> =>
  request.version === '1.0' ? askOld(request) : askNow(request);

function askNow({ port, method, target, fields, body }: PlainRequest): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const interim: Interim[] = [];
    const headers = body === undefined ? [...fields] : [...fields, 'Content-Length', String(body.length)];
    const sent = httpRequest({ host: '127.0.0.1', port, method, path: target, headers, agent });
    sent.on('information', ({ statusCode, rawHeaders }: { statusCode: number; rawHeaders: string[] }) => {
      interim.push({ status: statusCode, fields: rawHeaders });
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      read(response, (text, broken) => {
        const { statusCode: status = 0, rawHeaders, rawTrailers: trailers } = response;
        resolve({ status, fields: rawHeaders, body: text, interim, trailers, broken });
      });
    });
    const waits = fields.some((name) => name.toLowerCase() === 'expect');
    if (!waits) {
      sent.end(body);
      return;
    }
    sent.flushHeaders();
    sent.on('continue', () => {
      sent.end(body);
    });
  });
}

function read(response: IncomingMessage, done: (text: string, broken: boolean) => void): void {
  const pieces: Buffer[] = [];
  response.on('data', (piece: Buffer) => pieces.push(piece));
  response.on('error', () => undefined);
  response.on('close', () => {
    done(Buffer.concat(pieces).toString('latin1'), !response.complete);
  });
}

/** HTTP/1.0: one request a connection, the answer ends with it. */
function askOld({ port, method, target, fields, body }: PlainRequest): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const pieces: Buffer[] = [];
    let head = `${method} ${target} HTTP/1.0\r\n`;
    for (let at = 0; at < fields.length; at += 2) head += `${fields[at] ?? ''}: ${fields[at + 1] ?? ''}\r\n`;
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(parse(Buffer.concat(pieces).toString('latin1')));
    });
    socket.write(`${head}${body === undefined ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body ?? ''}`);
  });
}

function parse(text: string): PlainAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const status = Number(statusLine.split(' ')[1] ?? 0);
  return { status, fields, body: text.slice(end + 4), interim: [], trailers: [], broken: end === -1 };
}
