/**
 * Keeps a number of connections busy with one request, and counts: raw sockets, so that it is never the slower side.
 *
 * An answer is complete when as many bytes as the first answer's Content-Length have followed its head; one that does not
 * begin as the first did is counted as wrong.
 */
import { connect, type Socket } from 'node:net';

export type LoadOptions = {
  readonly url: string;
  readonly request: string;
  readonly connections: number;
  readonly durationMs: number;
};

export type LoadResult = { readonly answers: number; readonly wrong: number; readonly elapsedMs: number };

process.on('message', (options: LoadOptions) => {
  void run(options).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));

type Count = { answers: number; wrong: number };

async function run({ url, request, connections, durationMs }: LoadOptions): Promise<LoadResult> {
  const { hostname, port } = new URL(url);
  const bytes = Buffer.from(request, 'latin1');
  const count: Count = { answers: 0, wrong: 0 };
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))));
  const started = performance.now();
  const until = started + durationMs;
  // Nothing is cut off: the time ends when the last answer is whole.
  await Promise.all(sockets.map((socket) => keepAsking(socket, { request: bytes, until, count })));
  return { ...count, elapsedMs: performance.now() - started };
}

const open = (host: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });

const blankLine = Buffer.from('\r\n\r\n');

function keepAsking(
  socket: Socket,
  { request, until, count }: { request: Buffer; until: number; count: Count },
): Promise<void> {
  let bodyBytes = -1;
  let missing = 0;
  socket.on('data', (chunk: Buffer) => {
    if (missing > 0) missing -= chunk.length;
    else {
      // The heads of a 1 KB answer and its like come in one piece.
      const end = chunk.indexOf(blankLine) + blankLine.length;
      if (bodyBytes === -1) bodyBytes = contentLength(chunk.toString('latin1', 0, end));
      if (chunk[9] !== firstDigitOfSuccess) count.wrong += 1;
      missing = end + bodyBytes - chunk.length;
    }
    if (missing > 0) return;
    count.answers += 1;
    if (performance.now() < until) socket.write(request);
    else socket.destroy();
  });
  socket.write(request);
  return new Promise((resolve) => {
    socket.once('close', () => {
      if (performance.now() < until) count.wrong += 1;
      resolve();
    });
  });
}

const firstDigitOfSuccess = 0x32;
const contentLength = (head: string): number => Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
