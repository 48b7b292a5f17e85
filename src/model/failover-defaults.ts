// What stands where a field about failover is left out.

import { parseDuration } from '../text/duration.ts';
import type { Cluster, Failover, OwnFailover, SentinelFailover } from './objects.ts';

/** Who says who takes the writes of a replicated cluster; undefined: it is none. */
export function failoverOf(cluster: Cluster): Failover | undefined {
  return cluster.kind === 'replicated' ? (cluster.failover ?? { by: 'none' }) : undefined;
}

/** Undefined: it is not by Sentinel. */
export function sentinelOf(cluster: Cluster): SentinelFailover | undefined {
  const failover = failoverOf(cluster);
  return failover?.by === 'sentinel' ? failover : undefined;
}

export interface OwnFailoverTerms {
  readonly downAfterMs: number;
  readonly cooldownMs: number;
  /** In bytes; undefined: no limit. */
  readonly maxLag: number | undefined;
}

/** Undefined: it is not by the control plane. */
export function ownFailoverOf(cluster: Cluster): OwnFailoverTerms | undefined {
  const failover = failoverOf(cluster);
  if (failover?.by !== 'controlplane') return undefined;
  const { down_after, cooldown, max_lag: maxLag } = withOwnDefaults(failover);
  return { downAfterMs: parseDuration(down_after, Infinity), cooldownMs: parseDuration(cooldown, Infinity), maxLag };
}

/** The field with every default written out. */
export function withFailoverDefaults(cluster: Cluster): Record<string, unknown> {
  const failover = failoverOf(cluster);
  if (failover === undefined) return {};
  return { failover: failover.by === 'controlplane' ? withOwnDefaults(failover) : failover };
}

function withOwnDefaults(failover: OwnFailover): OwnFailover & { readonly down_after: string; readonly cooldown: string } {
  return { ...failover, down_after: failover.down_after ?? '10s', cooldown: failover.cooldown ?? '1h' };
}
