/** An origin on a plain socket: it logs every byte it receives, and answers with bytes chosen by the test. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { RunningServer } from '../../src/server.ts';
import { closeProxy } from './close-proxy.ts';
import { startProxy } from './scripted-site.ts';

export type Arrival = {
  readonly requestLine: string;
  /** Lines of the head behind the request line. */
  readonly lines: readonly string[];
  readonly body: string;
  readonly socket: Socket;
};

/** What to write back; nothing at all when the answer is `undefined`. */
export type RespondRaw = (arrival: Arrival) => string | undefined;

export type RawSite = {
  readonly proxy: RunningServer;
  readonly url: string;
  readonly arrivals: Arrival[];
  /** Every byte the origin got, latin-1, connection after connection as they were opened. */
  readonly bytes: () => string;
  answerWith(respond: RespondRaw): void;
  close(): Promise<void>;
};

/** A whole answer with its length. */
export const okText = (body: string, lines: readonly string[] = []): string =>
  [`HTTP/1.1 200 OK`, ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');

/** Starts a socket for an origin and a proxy in front of it. */
export async function startRawSite(
  rules: string,
  respond: RespondRaw = () => okText('ok'),
): Promise<RawSite> {
  const arrivals: Arrival[] = [];
  const received: { text: string }[] = [];
  const sockets = new Set<Socket>();
  let current = respond;
  const server = createServer((socket) => {
    const log = { text: '' };
    let rest = '';
    received.push(log);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      log.text += chunk.toString('latin1');
      rest += chunk.toString('latin1');
      for (let next = takeRequest(rest); next !== undefined; next = takeRequest(rest)) {
        rest = next.after;
        const arrival = { ...next.arrival, socket };
        arrivals.push(arrival);
        const answer = current(arrival);
        if (answer !== undefined) socket.write(answer, 'latin1');
      }
    });
  });
  const port = await listen(server);
  const proxy = await startProxy(`upstream: http://127.0.0.1:${port}\n${rules}`);
  return {
    proxy,
    url: proxy.url,
    arrivals,
    bytes: () => received.map(({ text }) => text).join(''),
    answerWith: (next) => {
      current = next;
    },
    close: async () => {
      await closeProxy(proxy);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

type Taken = { readonly arrival: Omit<Arrival, 'socket'>; readonly after: string };

/** The first whole request of a text, read as leniently as the worst of servers. */
function takeRequest(text: string): Taken | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [requestLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const rest = text.slice(end + 4);
  const length = lines.find((line) => /^content-length:/i.test(line))?.split(':')[1];
  const isChunked = lines.some((line) => /^transfer-encoding:/i.test(line));
  const bytes = isChunked ? chunkedLength(rest) : Number(length ?? 0);
  if (bytes === undefined || rest.length < bytes) return undefined;
  return { arrival: { requestLine, lines, body: rest.slice(0, bytes) }, after: rest.slice(bytes) };
}

function chunkedLength(text: string): number | undefined {
  const end = /(?:^|\r\n)0\r\n\r\n/.exec(text);
  return end === null ? undefined : end.index + end[0].length;
}
