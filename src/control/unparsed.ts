/**
 * node:http knows no `BAN`, so that such a request arrives as an error with its bytes: it is read from them and answered like
 * a `PURGE`. It must be there as a whole, and has no body.
 */

import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Tells a `BAN` that was read by hand, and its port and URL as sent; a client cannot send it: no field has such a name. */
export const banMark = ':ban';

/** What node:http could not parse. */
export type Unparsed = Error & { readonly code?: string; readonly rawPacket?: Buffer };

/** Answers a `BAN`; anything else that cannot be parsed is refused. */
export function answerUnparsed(app: FastifyInstance, { code, rawPacket }: Unparsed, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const head = readHead(rawPacket);
  if (head === undefined) {
    const status = refusals.get(code ?? '') ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  const { url, headers } = head;
  const remoteAddress = socket.remoteAddress ?? '';
  app
    .inject({
      method: 'PURGE' as never,
      url: '/',
      headers: { ...headers, [banMark]: `${socket.localPort ?? ''} ${url}` },
      remoteAddress,
    })
    .then(
      ({ statusCode, statusMessage, headers: answered, body }) => {
        const lines = Object.entries(answered).map(([name, value]) => `${name}: ${String(value)}\r\n`);
        socket.end(
          `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}Connection: close\r\n\r\n${body}`,
        );
      },
      () => socket.destroy(),
    );
}

const refusals: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

type Head = { readonly url: string; readonly headers: Record<string, string> };

/** The whole head of a `BAN`; a field that is given twice, folded or malformed is refused with all of it. */
function readHead(bytes: Buffer | undefined): Head | undefined {
  const text = bytes?.toString('latin1') ?? '';
  const [, url, rest = ''] = /^BAN (\S+) HTTP\/1\.[01]\r\n((?:[^\r\n]+\r\n)*)\r\n$/.exec(text) ?? [];
  if (url === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const line of rest.split('\r\n').filter((text) => text !== '')) {
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*(.*?)[ \t]*$/i.exec(line) ?? [];
    const lower = name?.toLowerCase() ?? '';
    if (lower === '' || Object.hasOwn(headers, lower) || lower === 'transfer-encoding') return undefined;
    headers[lower] = value;
  }
  return Number(headers['content-length'] ?? 0) === 0 ? { url, headers } : undefined;
}
