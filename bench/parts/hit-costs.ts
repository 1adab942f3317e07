/** The same hits on several proxies in turn, each on one core with the load on another: what a hit costs each of them. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Child } from './child.ts';
import { pin } from './process-time.ts';
import { median, roundsOf, type Load } from './rounds.ts';

export type Asked<Name> = { readonly name: Name; readonly proxy: Child };

/** Processor time for a hit, in microseconds: one number a round. */
export async function hitCosts<Name>(
  load: Load,
  proxies: readonly Asked<Name>[],
  requests: readonly string[],
): Promise<Map<Name, number[]>> {
  const { rounds, roundMs } = roundsOf({ BENCH_ROUND_MS: '1000', ...process.env });
  pin(load.pid, 0);
  const costs = new Map<Name, number[]>(proxies.map(({ name }) => [name, []]));
  const ask = ({ url }: Child, most: { durationMs: number; answers?: number }) =>
    load.ask({ url, requests, connections: 64, ...most });
  for (const { proxy } of proxies) {
    pin(proxy.pid, 1);
    // What compiles its code has done so, wherever it has only hits.
    await ask(proxy, { durationMs: 60_000, answers: 20_000 });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, proxy } of proxies) {
      await wait(20);
      const before = await proxy.usage();
      const { answers } = await ask(proxy, { durationMs: roundMs });
      costs.get(name)?.push((((await proxy.usage()).cpuMs - before.cpuMs) * 1000) / answers);
    }
  }
  return costs;
}

/** One line: median, spread, and the first's share of it; `more` is put behind. */
export function printHitCost(
  name: string,
  each: readonly number[],
  first: readonly number[],
  more = '',
): void {
  const cells = [
    name.padEnd(20),
    median(each).toFixed(1).padStart(11),
    `${Math.min(...each).toFixed(1)}–${Math.max(...each).toFixed(1)}`.padStart(12),
    (median(first) / median(each)).toFixed(2).padStart(15),
    more,
  ];
  console.log(cells.join(''));
}

/** The head of those lines. */
export function printHitCostHead(more = ''): void {
  console.log(`${' '.repeat(20)}µs cpu each      spread   first / this${more}`);
}
