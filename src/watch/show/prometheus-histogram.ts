/** A Prometheus histogram whose buckets are counted elsewhere. prom-client's own only takes single observations. */

import type { Registry } from 'prom-client';

export type HistogramShape = {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending. The counts have one more bucket, for values above them. */
  readonly bounds: readonly number[];
};

export type Counted = {
  readonly labels: Readonly<Record<string, string>>;
  readonly buckets: readonly number[];
  readonly sum: number;
};

/** Registers a histogram that fetches its counts when it is scraped. */
export function histogramOf(
  registry: Registry,
  { name, help, labelNames, bounds }: HistogramShape,
  counts: (add: (counted: Counted) => void) => void,
): void {
  const metric = {
    name,
    help,
    labelNames: [...labelNames],
    get: () => {
      const values: Sample[] = [];
      counts((counted) => {
        values.push(...samplesOf(name, bounds, counted));
      });
      return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
    },
    reset: () => undefined,
  };
  registry.registerMetric(metric as never);
}

type Sample = {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
};

function samplesOf(name: string, bounds: readonly number[], { labels, buckets, sum }: Counted): Sample[] {
  let total = 0;
  const cumulative = buckets.map((count, index) => {
    total += count;
    return { metricName: `${name}_bucket`, labels: { le: bounds[index] ?? '+Inf', ...labels }, value: total };
  });
  return [
    ...cumulative,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
