/**
 * Do two workers give twice the hits of one process? Real processes as `serve` starts them, real sockets, with Redis and
 * without. By processor time for each answer, the primary's included: where the load generator has cores of its own, two
 * workers on two cores give twice this ratio. And what memory each process has.
 */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { redisServer } from '../test/helpers/redis-server.ts';
import { startServing } from '../test/helpers/serving.ts';
import { pageConfig, pageOrigin, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { printMachine } from './parts/machine.ts';
import { cpuMsOf } from './parts/process-time.ts';
import { type Compared, printComparison, printComparisonHead, roundsOf, startLoad } from './parts/rounds.ts';

type Server = Compared & { readonly pid: number; readonly stop: () => Promise<void> };

/** Two workers on two cores are to give 1.8 times the hits of one. */
const leastRatio = 0.9;
const memoryMb = 64;
const besideMb = 150;

printMachine();
const ends: (() => unknown)[] = [];
const t = { teardown: (end: () => unknown) => ends.push(end) } as unknown as Test;
try {
  const origin = await startOrigin(pageOrigin);
  ends.push(() => origin.server.close());
  const redis = await redisServer(t);
  const load = startLoad();
  ends.push(load.stop);
  const fields = browserFields('www.example.org');
  const request = requestText({ method: 'GET', target: '/public/page', fields });
  const start = async (workers: number, store: string): Promise<Server> => {
    const rules = pageConfig(origin.url, `store: { memory: ${memoryMb}MiB${store} }\n`);
    const listen = `listen: { address: "127.0.0.1:0", workers: ${workers} }`;
    return childOf(await startServing(t, rules.replace('listen: 127.0.0.1:0', listen)));
  };
  console.log('hits in memory, 64 connections: two workers, and (baseline) one process');
  printComparisonHead();
  for (const [name, store] of [
    ['without Redis', ''],
    ['with Redis', `, redis: { url: "${redis.url}" }`],
  ] as const) {
    const [two, one] = [await start(2, store), await start(1, store)];
    const compared = await load.compare(two, one, { request, ...roundsOf(process.env) });
    printComparison(name, compared);
    if (compared.cpu < leastRatio) process.exitCode = 1;
    if (!isWithinBounds(two.pid)) process.exitCode = 1;
    await Promise.all([two.stop(), one.stop()]);
  }
  console.log(`asked: a ratio of ${leastRatio} of processor time at least`);
} finally {
  for (const end of ends.toReversed()) await end();
}

function childOf({ site, pid, end }: Awaited<ReturnType<typeof startServing>>): Server {
  const usage: Server['usage'] = () =>
    Promise.resolve({ cpuMs: cpuMsOf(pid), rssBytes: residentMb(pid) * 1024 ** 2, heapBytes: 0 });
  const stop = async (): Promise<void> => {
    await end('SIGTERM');
  };
  return { url: site, pid, usage, stop };
}

/** Prints what each process has, and whether none has more than its share. */
function isWithinBounds(primary: number): boolean {
  const workers = linesOf(`/proc/${primary}/task/${primary}/children`, ' ').map(Number);
  const sizes = [primary, ...workers].map(residentMb);
  console.log(`  resident: primary ${sizes[0] ?? 0} MB, workers ${sizes.slice(1).join(' and ')} MB`);
  const bounds = [besideMb, ...workers.map(() => besideMb + memoryMb / workers.length)];
  return sizes.every((size, at) => size <= (bounds[at] ?? 0));
}

function residentMb(pid: number): number {
  const line = linesOf(`/proc/${pid}/status`, '\n').find((one) => one.startsWith('VmRSS:')) ?? '';
  return Math.round(Number(/\d+/.exec(line)?.[0]) / 1024);
}

function linesOf(file: string, separator: string): string[] {
  return readFileSync(file, 'utf8').split(separator).filter(Boolean);
}
