/** HTTP/2 by hand: frames that no client library would send, and the answer of one that would, as over HTTP/1.1. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectH2, type IncomingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import type { RawAnswer, RawRequest } from './raw-client.ts';

/** RFC 9113 §6: the types of frames that tests send. */
export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
/** END_STREAM and END_HEADERS. */
export const [endStream, endHeaders] = [1, 4];

/** One frame; a text has a character for each byte. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload as string, 'latin1');
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** What a connection begins with. */
export const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(types.settings, 0, 0),
]);

/** HPACK: a field as it stands, up to 126 characters. */
export const literal = (name: string, value: string): string =>
  `\x00${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`;

/** `:method GET`, `:scheme http`, `:path /`, `:authority a`, all by HPACK's static table. */
export const get = '\x82\x86\x84\x41\x01a';
/** The same with `:method POST`. */
export const post = '\x83\x86\x84\x41\x01a';

/** The frames that `make` makes for each of so many streams of a client. */
export const forStreams = (count: number, make: (stream: number) => readonly Buffer[]): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, at) => make(at * 2 + 1)).flat());

/** Connects without TLS, and sends the preface and the bytes. */
export async function sendFrames(t: Test, url: string, bytes: Buffer): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(Buffer.concat([preface, bytes]));
  return socket;
}

/** Whether a line of HTTP/1.1 has no place in HTTP/2: its clients refuse to send it. */
export const isOfOneConnection = (line: string): boolean =>
  /^(?:connection|transfer-encoding|upgrade|keep-alive|proxy-connection|te|host|http2-settings):/i.test(line);

/** Opens a connection for requests that are written down as those of HTTP/1.1. */
export function openTwo(t: Test, url: string): (request: RawRequest) => Promise<RawAnswer> {
  const client = connectH2(url);
  client.on('error', () => undefined);
  t.teardown(() => {
    client.destroy();
  });
  return (request) => askOver(client, request);
}

function askOver(client: ClientHttp2Session, request: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', target = '/', host = 'site.test', lines = [], body } = request;
  const fields = lines.flatMap((line) => {
    const [name = '', value = ''] = line.split(/: ?(.*)/s);
    return [name.toLowerCase(), value];
  });
  const pseudo = [':method', method, ':path', target, ':scheme', 'http', ':authority', host];
  return new Promise((resolve) => {
    const stream = client.request([...pseudo, ...fields], { endStream: body === undefined });
    let head: IncomingHttpHeaders & { ':status'?: number | undefined } = {};
    let text = '';
    stream.on('response', (fields) => (head = fields));
    stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      const { ':status': status = 0, ...rest } = head;
      resolve({
        status,
        body: text,
        lines: Object.entries(rest).map(([name, value]) => `${name}: ${String(value)}`),
      });
    });
    if (body !== undefined) stream.end(Buffer.from(body, 'latin1'));
  });
}
