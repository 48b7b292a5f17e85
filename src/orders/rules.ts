// Which servers may be left out, and why others may not: what is published must never take more than was told. Pure.

import { hasNamesForEnvoys } from '../inventory/cluster.ts';
import { loadBalancingOf } from '../model/defaults.ts';
import type { Cluster } from '../model/objects.ts';
import { serverNameOf } from '../net/address.ts';
import { isOfShard } from './leave-out.ts';

/**
 * `redis-cluster`: it says itself who has which keys; `last-server`: nobody would be left; `primary`, `shard-primary`:
 * it has the keys alone; `last-replica`: reads would be answered by nobody; `moves-keys`: its keys would be looked for at
 * others; `resolved-by-envoys`: what they look up themselves is part of the cluster, and to change it cuts connections.
 */
export type RefusalCode =
  | 'redis-cluster'
  | 'last-server'
  | 'primary'
  | 'shard-primary'
  | 'last-replica'
  | 'moves-keys'
  | 'resolved-by-envoys';

export interface Refusal {
  readonly code: RefusalCode;
  /** One line: the reason alone, without cluster and server. */
  readonly reason: string;
  /** False: not even when it is forced. */
  readonly isForcible: boolean;
}

/**
 * Why a server is not to be left out of a cluster that has it; undefined: it may be.
 * @param others those that are left out already.
 */
export function findRefusal(
  cluster: Cluster,
  server: string,
  others: ReadonlySet<string> = new Set(),
): Refusal | undefined {
  const refuse = (code: RefusalCode, reason: string): Refusal => {
    return { code, reason, isForcible: code !== 'redis-cluster' };
  };
  if (cluster.kind === 'redis_cluster') {
    const reason = 'a Redis Cluster spreads its keys itself, and Envoys ask it who has them: use its own tools';
    return refuse('redis-cluster', reason);
  }
  if (cluster.kind === 'sharded') {
    const shard = cluster.shards.find((each) => isOfShard(each, server));
    if (shard === undefined) return undefined;
    return refuse('shard-primary', `it alone has the keys of shard ${JSON.stringify(shard.name)}`);
  }
  const left = cluster.endpoints.map(serverNameOf).filter((name) => name !== server && !others.has(name));
  if (cluster.kind === 'replicated') {
    const isOfPrimary = (name: string): boolean => name === cluster.primary;
    if (isOfPrimary(server)) return refuse('primary', 'it is the primary: first make another one the primary');
    if (cluster.reads === 'replica' && left.every(isOfPrimary)) {
      return refuse('last-replica', 'it is the last replica, and reads go to replicas alone');
    }
  } else {
    if (left.length === 0) return refuse('last-server', 'it is the last server that takes commands');
    const { policy } = loadBalancingOf(cluster);
    if (policy === 'maglev' || policy === 'ring_hash') {
      return refuse('moves-keys', `with load_balancing ${policy} its keys would be looked for at other servers`);
    }
  }
  if (!hasNamesForEnvoys(cluster)) return undefined;
  const reason = 'Envoys look up names of this cluster, and lose all connections to its servers when one is left out';
  return refuse('resolved-by-envoys', reason);
}

/** What the servers that are left out take from the cluster, each once; those of a commit are held against it. */
export function findTaken(cluster: Cluster, leftOut: ReadonlySet<string>): (Refusal & { readonly server: string })[] {
  return Array.from(leftOut).flatMap((server) => {
    const refusal = findRefusal(cluster, server, leftOut.difference(new Set([server])));
    return refusal === undefined ? [] : [{ ...refusal, server }];
  });
}

/** An order that was refused; nothing has changed. `message` is one line with cluster, server and reason. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
  /** `other-order`: what is to be taken back is not what was told. */
  readonly code: RefusalCode | 'other-order';

  constructor(code: OrderError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
