/** Servers under the same load, each in turn, and what an answer of each costs: processor time of all its processes and threads. */
import { setTimeout as wait } from 'node:timers/promises';
import type { LoadResult } from './load-client.ts';
import { cpuMsOf, pin } from './process-time.ts';
import { median } from './rounds.ts';

export type Server = { readonly name: string; readonly url: string; readonly pid: number };

/** One round of one server. */
export type Round = { readonly cpuUs: number; readonly perSecond: number; readonly p99Ms: number };

export const [loadCore, serverCore] = [0, 1];

/** Puts a server on its core. */
export function pinned({ name, url, pid }: Server): Server {
  if (!pin(pid, serverCore)) console.log(`${name} is not pinned: Linux, taskset and two cores are needed`);
  return { name, url, pid };
}

/** Asks all servers in turn, as many times as `rounds`; each is the first once. */
export async function alternate(
  servers: readonly Server[],
  rounds: number,
  ask: (server: Server) => Promise<LoadResult>,
): Promise<Map<Server, Round[]>> {
  const measured = new Map<Server, Round[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let at = 0; at < servers.length; at += 1) {
      const server = servers[(at + round) % servers.length];
      if (server !== undefined) measured.get(server)?.push(await measure(server, ask));
    }
  }
  return measured;
}

async function measure(server: Server, ask: (server: Server) => Promise<LoadResult>): Promise<Round> {
  // What was left to be done after the round before is not counted.
  await wait(20);
  const before = cpuMsOf(server.pid);
  const { answers, elapsedMs, p99Ms, cpuMs } = await ask(server);
  const cpuUs = ((cpuMs ?? cpuMsOf(server.pid) - before) * 1000) / answers;
  return { cpuUs, perSecond: (answers / elapsedMs) * 1000, p99Ms };
}

/** One line a server; the last column is how many times as much processor time as `own` it takes. */
export function printRounds(
  name: string,
  measured: ReadonlyMap<Server, readonly Round[]>,
  own: Server,
): void {
  const ownUs = median(measured.get(own)?.map(({ cpuUs }) => cpuUs) ?? []);
  console.log(`\n${name.padEnd(24)}µs cpu each      spread   answers/s   p99 ms   times ${own.name}`);
  for (const [server, list] of measured) {
    const each = list.map(({ cpuUs }) => cpuUs);
    const cells = [
      server.name.padEnd(24),
      median(each).toFixed(1).padStart(11),
      `${Math.min(...each).toFixed(1)}–${Math.max(...each).toFixed(1)}`.padStart(12),
      median(list.map(({ perSecond }) => perSecond))
        .toFixed(0)
        .padStart(12),
      median(list.map(({ p99Ms }) => p99Ms))
        .toFixed(2)
        .padStart(9),
      (median(each) / ownUs).toFixed(2).padStart(18),
    ];
    console.log(cells.join(''));
  }
}
