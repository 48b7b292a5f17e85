// A primary and two replicas, with Sentinels and without, and the cluster that is declared of them.

import type { Scope } from '../../test/support/child-process.ts';
import { startPrimary, startReplica, startWatchedGroup } from '../../test/support/redis-sentinel.ts';
import type { RedisServer } from '../../test/support/redis-server.ts';

export interface Group {
  readonly primary: RedisServer;
  readonly replicas: readonly RedisServer[];
  /** Of the Sentinels, on 127.0.0.1; without them none. */
  readonly sentinelPorts: readonly number[];
  /** As /api/v2 takes it, without its name. */
  readonly cluster: object;
}

export async function startWithSentinels(scope: Scope): Promise<Group> {
  const { primary, replicas, sentinels } = await startWatchedGroup(scope);
  const failover = { by: 'sentinel', master: 'mymaster', sentinels: sentinels.map(({ address }) => address) };
  const sentinelPorts = sentinels.map(({ port }) => port);
  return { primary, replicas, sentinelPorts, cluster: { kind: 'replicated', failover } };
}

/** @param failover who says which server takes the writes, as /api/v2 takes it. */
export async function startWithoutSentinels(scope: Scope, failover: object): Promise<Group> {
  const primary = await startPrimary(scope);
  const replicas = await Promise.all([startReplica(scope, primary.port), startReplica(scope, primary.port)]);
  const endpoints = [primary, ...replicas].map(({ address, port }) => ({ address, port }));
  const cluster = { kind: 'replicated', primary: addressOf(primary), endpoints, failover };
  return { primary, replicas, sentinelPorts: [], cluster };
}

/** ADDRESS:PORT. */
export function addressOf({ address, port }: RedisServer): string {
  return `${address}:${port}`;
}
