// Metrics whose numbers live elsewhere: prom-client asks for them at each scrape, so that
// counting costs nothing of what its own counters cost.

import { Counter, Gauge } from 'prom-client';
import type { Histogram, Registry } from 'prom-client';

import type { Distribution } from './distribution.ts';

export type Labels = Readonly<Record<string, string>>;

/** One value with its labels. Every sample of a metric has the same label names. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One series of a histogram. */
export interface DistributionSeries {
  readonly labels: Labels;
  readonly distribution: Distribution;
}

export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** @param read asked at each scrape; the values never fall. */
export function addCounter(registry: Registry, options: MetricOptions, read: () => readonly Sample[]): void {
  new Counter({
    ...options,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.inc(labels, value);
    },
  });
}

/** @param read asked at each scrape. */
export function addGauge(registry: Registry, options: MetricOptions, read: () => readonly Sample[]): void {
  new Gauge({
    ...options,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.set(labels, value);
    },
  });
}

/** @param read asked at each scrape. */
export function addHistogram(
  registry: Registry,
  { name, help }: Omit<MetricOptions, 'labelNames'>,
  read: () => readonly DistributionSeries[],
): void {
  const about = { name, help, type: 'histogram' };
  const get = async (): Promise<object> => ({ ...about, values: read().flatMap((each) => histogramValues(name, each)) });
  // prom-client's own histogram takes values one by one only. What a registry needs of a metric is this much.
  registry.registerMetric({ ...about, get } as unknown as Histogram);
}

function histogramValues(name: string, { labels, distribution }: DistributionSeries): object[] {
  const counts = distribution.cumulativeCounts();
  const buckets = counts.map((value, index) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: distribution.bounds[index] ?? '+Inf' },
    value,
  }));
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: distribution.sum },
    { metricName: `${name}_count`, labels, value: counts.at(-1) },
  ];
}
