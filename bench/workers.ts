/**
 * Do two workers on two cores give 1.8 times the hits of one process? Real processes as `serve` starts them, real sockets, with
 * Redis and without.
 *
 * With two cores the load needs one of them. So the single process and each of the workers have the other core in turn, with as
 * many busy connections each. What the workers do then, one after the other, they do at once where each has a core: asked are 0.9
 * of the single process's answers of each, for the processor time of all processes of the instance and, where that is what
 * bounds them, in a second. And what memory each process has.
 */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { redisServer } from '../test/helpers/redis-server.ts';
import { type Serving, startServing } from '../test/helpers/serving.ts';
import { alternate, loadCore, pinned, printRounds, type Round, type Server } from './parts/alternate.ts';
import { pageConfig, pageOrigin, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import type { LoadOptions, LoadResult } from './parts/load-client.ts';
import { printMachine } from './parts/machine.ts';
import { cpuMsOf, treeOf, pin } from './parts/process-time.ts';
import { median, roundsOf, startLoad } from './parts/rounds.ts';

type Asked = Server & Pick<LoadOptions, 'by'>;

const leastRatio = 0.9;
const memoryMb = 64;
const besideMb = 150;
const connections = 64;
const warmMs = 1000;

printMachine();
const ends: (() => unknown)[] = [];
const t = { teardown: (end: () => unknown) => ends.push(end) } as unknown as Test;
try {
  const origin = await startOrigin(pageOrigin);
  ends.push(() => origin.server.close());
  const redis = await redisServer(t);
  const load = startLoad();
  ends.push(load.stop);
  for (const pid of [process.pid, load.pid]) pin(pid, loadCore);
  const request = requestText({
    ...{ method: 'GET', target: '/public/page', fields: browserFields('www.example.org') },
  });
  const { rounds, roundMs } = roundsOf(process.env);
  for (const [name, store] of [
    ['without Redis', ''],
    ['with Redis', `, redis: { url: "${redis.url}" }`],
  ] as const) {
    const start = (workers: number): Promise<Serving> =>
      startServing(t, rulesOf({ origin: origin.url, workers, store }));
    const [two, one] = [await start(2), await start(1)];
    const [, ...workers] = treeOf(two.pid);
    const single = { ...pinned({ name: 'one process', url: one.site, pid: one.pid }), by: undefined };
    const servers: readonly Asked[] = [
      single,
      ...workers.map((pid, at) => ({
        ...pinned({ name: `worker ${at + 1}`, url: two.site, pid: two.pid }),
        by: { pid, workers: workers.length },
      })),
    ];
    const ask = (server: Server, durationMs = roundMs): Promise<LoadResult> => {
      const { by } = servers.find((one) => one === server) ?? {};
      return load.ask({
        url: server.url,
        requests: [request],
        connections,
        by,
        durationMs,
        cpuOf: server.pid,
      });
    };
    for (const server of servers) await ask(server, warmMs);
    const primary = (): number => cpuMsOf(two.pid, 'alone');
    const before = { primary: primary(), all: cpuMsOf(two.pid) };
    const measured = await alternate(servers, rounds, ask);
    const share = (primary() - before.primary) / (cpuMsOf(two.pid) - before.all);
    printRounds(`hits, ${name}`, measured, single);
    console.log(`  the primary took ${(share * 100).toFixed(1)} % of its instance's processor time`);
    if (!isAsAsked([...measured.values()])) process.exitCode = 1;
    if (!isWithinBounds(two.pid)) process.exitCode = 1;
    await Promise.all([two.end('SIGTERM'), one.end('SIGTERM')]);
  }
} finally {
  for (const end of ends.toReversed()) await end();
}

function rulesOf({ origin, workers, store }: { origin: string; workers: number; store: string }): string {
  const listen = `listen: { address: "127.0.0.1:0", workers: ${workers} }`;
  const rules = pageConfig(origin, `store: { memory: ${memoryMb}MiB${store} }\n`);
  return rules.replace('listen: 127.0.0.1:0', listen);
}

/** Prints how many times the single process's hits the workers give together, and whether that is as much as is asked. */
function isAsAsked([one = [], ...workers]: readonly (readonly Round[])[]): boolean {
  const timesOne = (compare: (own: Round, single: Round) => number): number =>
    median(
      one.map((single, at) =>
        workers.reduce((sum, rounds) => sum + compare(rounds[at] ?? single, single), 0),
      ),
    );
  const byTime = timesOne((own, single) => single.cpuUs / own.cpuUs);
  const byAnswers = timesOne((own, single) => own.perSecond / single.perSecond);
  console.log(
    `  ${workers.length} workers: ${byTime.toFixed(2)} × by processor time, ${byAnswers.toFixed(2)} × by answers`,
  );
  return byTime >= leastRatio * workers.length;
}

/** Prints what each process has, and whether none has more than its share. */
function isWithinBounds(primary: number): boolean {
  const [, ...workers] = treeOf(primary);
  const sizes = [primary, ...workers].map(residentMb);
  console.log(`  resident: primary ${sizes[0] ?? 0} MB, workers ${sizes.slice(1).join(' and ')} MB`);
  const bounds = [besideMb, ...workers.map(() => besideMb + memoryMb / workers.length)];
  return sizes.every((size, at) => size <= (bounds[at] ?? 0));
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}
