/**
 * Keeps a number of connections busy with requests, one after the other over all of them, and counts: raw sockets, so that
 * it is not the slower side.
 *
 * An answer is complete when as many bytes as the first answer's Content-Length have followed its head; one that does not
 * begin as the first did is counted as wrong.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMsOf } from './process-time.ts';
import { clientPortsOf } from './served-by.ts';

export type LoadOptions = {
  readonly url: string;
  readonly requests: readonly string[];
  readonly connections: number;
  /** Of several workers that each get as many connections, the process whose connections alone are busy. */
  readonly by?: { readonly pid: number; readonly workers: number } | undefined;
  /** Whose processor time is wanted, without what it took to connect. */
  readonly cpuOf?: number;
  /** Ends after this time, */
  readonly durationMs: number;
  /** or after so many answers. */
  readonly answers?: number;
};

export type LoadResult = {
  readonly answers: number;
  readonly wrong: number;
  readonly elapsedMs: number;
  readonly p99Ms: number;
  readonly cpuMs: number | undefined;
};

process.on('message', (options: LoadOptions) => {
  void run(options).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));

/** How long answers took is counted in steps of this, up to a second. */
const stepMs = 0.05;

/** What the connections share. `asked` is the number of requests sent. */
type Load = {
  readonly requests: readonly Buffer[];
  readonly until: number;
  readonly most: number;
  asked: number;
  answers: number;
  wrong: number;
  readonly times: Uint32Array;
};

async function run(options: LoadOptions): Promise<LoadResult> {
  const { url, connections, by, cpuOf, durationMs, answers: most = Number.POSITIVE_INFINITY } = options;
  const requests = options.requests.map((text) => Buffer.from(text, 'latin1'));
  const times = new Uint32Array(1000 / stepMs);
  const count = connections * (by?.workers ?? 1);
  const open = openerOf(url);
  const all = await Promise.all(Array.from({ length: count }, open));
  const sockets = by === undefined ? all : await servedBy(all, by.pid, connections);
  const cpuMs = (): number => (cpuOf === undefined ? Number.NaN : cpuMsOf(cpuOf));
  const cpuBefore = cpuMs();
  const started = performance.now();
  const load: Load = { requests, until: started + durationMs, most, asked: 0, answers: 0, wrong: 0, times };
  // Nothing is cut off: the time ends when the last answer is whole.
  await Promise.all(sockets.map((socket) => keepAsking(socket, load)));
  const elapsedMs = performance.now() - started;
  const spent = cpuMs() - cpuBefore;
  for (const socket of all) socket.destroy();
  const { answers, wrong } = load;
  return {
    answers,
    wrong,
    elapsedMs,
    p99Ms: slowest(load, 0.99),
    cpuMs: Number.isNaN(spent) ? undefined : spent,
  };
}

function openerOf(url: string): () => Promise<Socket> {
  const { protocol, hostname: host, port } = new URL(url);
  const to = { host, port: Number(port), noDelay: true };
  return () =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        resolve(socket);
      };
      const socket =
        protocol === 'https:' ? connectTls({ ...to, rejectUnauthorized: false }, done) : connect(to, done);
      socket.once('error', reject);
    });
}

/** Those that the process has, as soon as it has its share. */
async function servedBy(all: readonly Socket[], pid: number, share: number): Promise<Socket[]> {
  for (let turn = 0; turn < 500; turn += 1) {
    const ports = clientPortsOf(pid);
    const served = all.filter(({ localPort = 0 }) => ports.has(localPort));
    if (served.length >= share) return served;
    await wait(10);
  }
  throw new Error(`process ${pid} has not got ${share} connections`);
}

const blankLine = Buffer.from('\r\n\r\n');

function keepAsking(socket: Socket, load: Load): Promise<void> {
  let bodyBytes = -1;
  let missing = 0;
  let askedAt = performance.now();
  socket.on('data', (chunk: Buffer) => {
    if (missing > 0) missing -= chunk.length;
    else {
      // The heads of a 1 KB answer and its like come in one piece.
      const end = chunk.indexOf(blankLine) + blankLine.length;
      if (bodyBytes === -1) bodyBytes = contentLength(chunk.toString('latin1', 0, end));
      if (chunk[9] !== firstDigitOfSuccess) load.wrong += 1;
      missing = end + bodyBytes - chunk.length;
    }
    if (missing > 0) return;
    const now = performance.now();
    const step = Math.min(load.times.length - 1, Math.floor((now - askedAt) / stepMs));
    load.times[step] = (load.times[step] ?? 0) + 1;
    load.answers += 1;
    if (now >= load.until || !askNext(socket, load)) socket.destroy();
    askedAt = now;
  });
  if (!askNext(socket, load)) socket.destroy();
  return new Promise((resolve) => {
    socket.once('close', () => {
      if (performance.now() < load.until && load.asked < load.most) load.wrong += 1;
      resolve();
    });
  });
}

/** Sends the next request, if there is to be another. */
function askNext(socket: Socket, load: Load): boolean {
  const request = load.requests[load.asked % load.requests.length];
  if (request === undefined || load.asked >= load.most) return false;
  load.asked += 1;
  socket.write(request);
  return true;
}

/** The time that this share of the answers did not exceed. */
function slowest({ times, answers }: Load, share: number): number {
  let seen = 0;
  const step = times.findIndex((count) => (seen += count) >= answers * share);
  return (step + 1) * stepMs;
}

const firstDigitOfSuccess = 0x32;
const contentLength = (head: string): number => Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
