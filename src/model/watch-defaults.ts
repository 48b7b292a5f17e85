// What stands where a field about watching is left out.

import type { Cluster, WatchTerms } from './objects.ts';

/** With every default; who looks has none: it is whom Envoy is. */
export type FullWatchTerms = WatchTerms & {
  readonly [Field in keyof typeof defaults]-?: NonNullable<WatchTerms[Field]>;
};

const defaults = { interval: '1s', timeout: '500ms', down_after: 3, up_after: 2, max_down_percent: 50 };

/** Undefined: its servers are not watched. */
export function watchOf(cluster: Cluster): FullWatchTerms | undefined {
  const { watch } = cluster;
  const speaksRedis = !('protocol' in cluster) || cluster.protocol === undefined || cluster.protocol === 'redis';
  if (watch === 'off' || !speaksRedis) return undefined;
  const told = typeof watch === 'object' ? watch : {};
  return { ...defaults, ...told } as FullWatchTerms;
}

/** The fields about watching with every default written out. */
export function withWatchDefaults(cluster: Cluster): Record<string, unknown> {
  const isPlain = cluster.kind === undefined || cluster.kind === 'plain';
  return { ...(isPlain && { protocol: cluster.protocol ?? 'redis' }), watch: watchOf(cluster) ?? 'off' };
}
