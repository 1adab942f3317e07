/** The metrics of the processes themselves: of Node, of one process or of several, and of the workers. */

import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** The metrics of one process, as objects, to be summed with others'. */
export type RuntimeMetrics = readonly object[];

/** A registry that has them. Processor time counts from the start of the process. */
export function createRuntimeRegistry(): Registry {
  const registry = new Registry();
  const { user, system } = process.cpuUsage();
  collectDefaultMetrics({ register: registry });
  const count = (name: string, microseconds: number): void => {
    const counter = registry.getSingleMetric(name);
    if (counter instanceof Counter) counter.inc(microseconds / 1e6);
  };
  count('process_cpu_user_seconds_total', user);
  count('process_cpu_system_seconds_total', system);
  count('process_cpu_seconds_total', user + system);
  return registry;
}

/** Sums as each metric says of itself: processor times and memory are added, delays averaged. The start is this process's. */
export async function sumRuntimes(own: Registry, others: readonly RuntimeMetrics[]): Promise<string> {
  const summed = AggregatorRegistry.aggregate(
    [...others, await own.getMetricsAsJSON()].map((one) => [...one]),
  );
  const start = await own.getSingleMetricAsString('process_start_time_seconds');
  return `${await summed.metrics()}\n${start}\n`;
}

/** Adds what a process that has ended has counted: the sums of counters never fall. */
export async function addEnded(sum: RuntimeMetrics, ended: RuntimeMetrics): Promise<RuntimeMetrics> {
  const counted = ended.filter((metric) => 'type' in metric && metric.type !== 'gauge');
  return AggregatorRegistry.aggregate([[...sum], counted]).getMetricsAsJSON();
}

export type WorkerStates = { readonly known: number; readonly ready: number; readonly replaced: number };

/** Adds how many workers there are, and how many had to be replaced. */
export function addWorkerMetrics(registry: Registry, states: () => WorkerStates): void {
  const registers = [registry];
  new Gauge({
    ...{
      name: 'shelflife_workers',
      help: 'Processes that serve, by state',
      labelNames: ['state'],
      registers,
    },
    collect() {
      const { known, ready } = states();
      this.set({ state: 'ready' }, ready);
      this.set({ state: 'starting' }, known - ready);
    },
  });
  new Counter({
    ...{ name: 'shelflife_workers_replaced_total', help: 'Workers that ended and were replaced', registers },
    collect() {
      this.reset();
      this.inc(states().replaced);
    },
  });
}
