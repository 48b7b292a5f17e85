// What stands where a field about health is left out: nothing that empties a cluster, moves a store's keys, or leaves
// Envoy without a server to choose (docs/adr/0026).

import type { Cluster, HealthCheck, OutlierDetection } from './objects.ts';

export const defaultBaseEjectionTime = '30s';

// One of a hundred: while a server is healthy no other one is sent anything, and when none is they all are.
const leastPanicThreshold = 1;

type Full<T, Optional extends PropertyKey> = T extends unknown
  ? T & { readonly [Field in Exclude<keyof T, Optional>]-?: NonNullable<T[Field]> }
  : never;

/** `key` of Redis, `host` of HTTP and `jitter` have no default. */
export type FullHealthCheck = Full<HealthCheck, 'key' | 'host' | 'jitter'>;
export type FullOutlierDetection = Full<OutlierDetection, 'max_ejection_time'>;

/** Undefined: nobody checks. */
export function healthCheckOf({ health_check: check }: Cluster): FullHealthCheck | undefined {
  if (check === undefined) return undefined;
  const times = { interval: '5s', timeout: '1s', unhealthy_threshold: 2, healthy_threshold: 1 };
  return { protocol: 'redis', ...times, ...check } as FullHealthCheck;
}

/** Undefined: nobody is ejected. Envoy's own percentage, 10, would eject none of two to nine servers. */
export function outlierDetectionOf({ outlier_detection: detection }: Cluster): FullOutlierDetection | undefined {
  if (detection === undefined) return undefined;
  return {
    consecutive_failures: 5,
    interval: '10s',
    base_ejection_time: defaultBaseEjectionTime,
    max_ejection_percent: 100,
    ...detection,
  } as FullOutlierDetection;
}

/** True when Envoy knows of the health of its servers. */
export function isHealthKnown({ health_check, outlier_detection }: Cluster): boolean {
  return health_check !== undefined || outlier_detection !== undefined;
}

/** True when the keys of a shard stay with it, whether it answers or not. */
export function hasFixedPlacement(cluster: Cluster): boolean {
  return cluster.kind === 'sharded' && (cluster.placement ?? 'fixed') === 'fixed';
}

/** With a smaller percentage of healthy servers Envoy uses all of them. Undefined: it knows of no health. */
export function panicThresholdOf(cluster: Cluster): number | undefined {
  if (!isHealthKnown(cluster)) return undefined;
  if (hasFixedPlacement(cluster)) return 100;
  return ('panic_threshold' in cluster ? cluster.panic_threshold : undefined) ?? leastPanicThreshold;
}

/** The fields about health with every default written out; of what is not declared, none. */
export function withHealthDefaults(cluster: Cluster): Record<string, unknown> {
  const defaults = {
    health_check: healthCheckOf(cluster),
    outlier_detection: outlierDetectionOf(cluster),
    panic_threshold: cluster.kind === undefined || cluster.kind === 'sharded' ? panicThresholdOf(cluster) : undefined,
    placement: cluster.kind === 'sharded' ? (cluster.placement ?? 'fixed') : undefined,
  };
  return Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined));
}
