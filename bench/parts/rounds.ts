/**
 * Two servers under the same load, in turn, so that whatever else the machine does meets both.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Child } from './child.ts';
import type { LoadOptions, LoadResult } from './load-client.ts';

/** Answers a second, and processor time of the server for each, in microseconds. */
export type Rate = { readonly perSecond: number; readonly cpuUs: number };

export type Comparison = {
  readonly own: Rate;
  readonly baseline: Rate;
  /** Medians of the rounds' own ratios: of answers a second, and of answers a second of processor time. */
  readonly rate: number;
  readonly cpu: number;
};

export type RoundOptions = {
  readonly request: string;
  readonly rounds: number;
  readonly roundMs: number;
  readonly connections?: number;
};

/** As many rounds and as long as the environment says: five of two seconds. */
export const roundsOf = (env: NodeJS.ProcessEnv): Pick<RoundOptions, 'rounds' | 'roundMs'> => ({
  rounds: Number(env['BENCH_ROUNDS'] ?? 5),
  roundMs: Number(env['BENCH_ROUND_MS'] ?? 2000),
});

/** A server, whose processor time is known. */
export type Compared = Pick<Child, 'url' | 'usage'>;

/** The client; it has a process of its own. */
export type Load = {
  readonly pid: number;
  /** Fails when an answer is wrong, or none comes. */
  readonly ask: (options: LoadOptions) => Promise<LoadResult>;
  readonly compare: (own: Compared, baseline: Compared, options: RoundOptions) => Promise<Comparison>;
  readonly stop: () => void;
};

/** Makes the client. */
export function startLoad(): Load {
  const client = fork(join(import.meta.dirname, 'load-client.ts'));
  const ask = async (options: LoadOptions): Promise<LoadResult> => {
    client.send(options);
    const [result] = (await once(client, 'message')) as [LoadResult];
    if (result.wrong > 0 || result.answers === 0) throw new Error(`wrong answers: ${JSON.stringify(result)}`);
    return result;
  };
  const measure = async (
    child: Compared,
    { request, roundMs, connections = 64 }: RoundOptions,
  ): Promise<Rate> => {
    const before = await child.usage();
    const result = await ask({ url: child.url, requests: [request], connections, durationMs: roundMs });
    const after = await child.usage();
    return {
      perSecond: (result.answers / result.elapsedMs) * 1000,
      cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / result.answers,
    };
  };
  return {
    pid: client.pid ?? 0,
    ask,
    compare: (own, baseline, options) => compare(measure, [own, baseline], options),
    stop: () => {
      client.disconnect();
    },
  };
}

async function compare(
  measure: (child: Compared, options: RoundOptions) => Promise<Rate>,
  [own, baseline]: readonly [Compared, Compared],
  options: RoundOptions,
): Promise<Comparison> {
  for (const child of [own, baseline]) await measure(child, options);
  const owns: Rate[] = [];
  const baselines: Rate[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    // Who is first changes from round to round.
    const isOwnFirst = round % 2 === 0;
    if (isOwnFirst) owns.push(await measure(own, options));
    baselines.push(await measure(baseline, options));
    if (!isOwnFirst) owns.push(await measure(own, options));
  }
  return {
    own: middle(owns),
    baseline: middle(baselines),
    rate: median(owns.map((rate, at) => rate.perSecond / (baselines[at]?.perSecond ?? Number.NaN))),
    cpu: median(owns.map((rate, at) => (baselines[at]?.cpuUs ?? Number.NaN) / rate.cpuUs)),
  };
}

const middle = (rates: readonly Rate[]): Rate => ({
  perSecond: median(rates.map(({ perSecond }) => perSecond)),
  cpuUs: median(rates.map(({ cpuUs }) => cpuUs)),
});

/** The middle value. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** One line of a table: what was compared, both rates, the ratios. */
export function printComparison(name: string, { own, baseline, rate, cpu }: Comparison): void {
  const cells = [
    name.padEnd(28),
    own.perSecond.toFixed(0).padStart(9),
    baseline.perSecond.toFixed(0).padStart(9),
    rate.toFixed(2).padStart(7),
    own.cpuUs.toFixed(1).padStart(9),
    baseline.cpuUs.toFixed(1).padStart(9),
    cpu.toFixed(2).padStart(7),
  ];
  console.log(cells.join(' '));
}

/** The head of the table. */
export function printComparisonHead(): void {
  console.log(`${' '.repeat(28)}   answers/s  baseline   ratio  µs cpu each  baseline  ratio`);
}
