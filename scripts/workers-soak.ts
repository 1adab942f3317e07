/**
 * Many reads and writes of several workers, of which one after the other is killed: is an answer ever older than a write that
 * was acknowledged before it was asked for?
 *
 * `node scripts/workers-soak.ts [OPERATIONS] [redis]`, 100,000 by default, with 2 workers and then with 4. Ends with 1 if so.
 */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { eventually } from '../test/helpers/eventually.ts';
import { redisServer } from '../test/helpers/redis-server.ts';
import {
  type Connection,
  history,
  startVersionedApp,
  startWorkers,
} from '../test/helpers/several-workers.ts';

const asked = Number(process.argv[2] ?? 100_000);
const hasRedis = process.argv[3] === 'redis';
const atOnce = 16;
/** A worker is killed in each of these parts. Short ones would measure the pauses before a worker is started again. */
const parts = Math.max(2, Math.min(20, Math.floor(asked / 2500)));
const limitMs = 120_000;

for (const workers of [2, 4]) {
  const ends: (() => unknown)[] = [];
  const t = { teardown: (end: () => unknown) => ends.push(end) } as unknown as Test;
  try {
    await soak(t, workers);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function soak(t: Test, workers: number): Promise<void> {
  const app = await startVersionedApp(t);
  const redis = hasRedis ? await redisServer(t) : undefined;
  const store = redis === undefined ? '' : `store: { redis: { url: "${redis.url}" } }\n`;
  const rules = `upstream: ${app.url}\nlisten: { workers: ${workers} }\nlog: { level: info }\n${store}`;
  const serving = await startWorkers(t, rules);
  const startedMs = performance.now();
  const connections = Array.from({ length: atOnce }, () => serving.connect());
  const acknowledged = new Map<string, number>();
  const stale: string[] = [];
  let cut = 0;
  const counting = connections.map<Connection>(({ worker, ask }) => ({
    worker,
    ask: async (path, method) => {
      try {
        return await ask(path, method);
      } catch (error) {
        cut += 1;
        throw error;
      }
    },
  }));
  for (let part = 0; part < parts; part += 1) {
    const during = history(counting, Math.ceil(asked / parts), acknowledged);
    const pids = workersOf(serving.pid);
    const victim = pids[part % pids.length];
    if (victim !== undefined) process.kill(victim, 'SIGKILL');
    stale.push(...(await during));
    await eventually('another has taken its place', () => serving.isReady(workers), limitMs);
  }
  // Nothing is lost in the end, whichever worker is asked.
  for (const [path, version] of acknowledged)
    for (const { ask } of connections) {
      const { body } = await ask(path);
      if (Number(body) < version) stale.push(`${path}: ${body} in the end, after ${version}`);
    }
  const tookSeconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(
    `${workers} workers${hasRedis ? ' with Redis' : ''}: ${asked} operations in ${tookSeconds} s, ${parts} workers killed, ` +
      `${cut} requests cut with them, ${app.asked.length} reached the app, ${stale.length} stale`,
  );
  for (const one of stale.slice(0, 20)) console.log(one);
  if (stale.length > 0) process.exitCode = 1;
}

/** The processes that a process has started. */
function workersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}
