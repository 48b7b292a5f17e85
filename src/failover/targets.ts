// Whom a promotion asks, and as whom: servers as they are watched, Sentinels as they are declared.

import { sentinelOf } from '../model/failover-defaults.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { sentinelRefsOf } from '../model/secret-refs.ts';
import { tlsRefsOf } from '../model/tls-refs.ts';
import { parseServerAddress } from '../net/address.ts';
import { findSecretProblem } from '../watch/find-secret.ts';
import type { FindSecret } from '../watch/find-secret.ts';
import { buildServerTls } from '../watch/upstream-tls.ts';
import { targetOf, watchedServersOf } from '../watch/watched-servers.ts';
import type { FindTarget } from './redis-acts.ts';

export type SentinelTarget = ReturnType<FindTarget> & { readonly sentinel: string };

export function createTargetFinder(cluster: ReplicatedCluster, findSecret: FindSecret): FindTarget {
  const servers = new Map(watchedServersOf(cluster).map((server) => [server.address, server]));
  return (name) => {
    const server = servers.get(name);
    if (server === undefined) return { problem: 'it is no server of the cluster' };
    const problem = findSecretProblem(tlsRefsOf(cluster), findSecret);
    if (problem !== undefined) return { problem };
    const target = targetOf(server, buildServerTls(cluster, findSecret), findSecret);
    return 'trouble' in target ? { problem: target.detail } : target;
  };
}

/** Of each of the Sentinels that are declared, in their order. */
export function findSentinelTargets(cluster: ReplicatedCluster, findSecret: FindSecret): SentinelTarget[] {
  const declared = sentinelOf(cluster);
  if (declared === undefined) return [];
  const { sentinels, username, password, tls } = declared;
  const problem = findSecretProblem(sentinelRefsOf(cluster), findSecret);
  const auth = password && { field: 'failover.password', username, secret: password.secret };
  return sentinels.map((sentinel) => {
    if (problem !== undefined) return { sentinel, problem };
    const server = { address: sentinel, ...parseServerAddress(sentinel), auth };
    const target = targetOf(server, buildServerTls({ upstream_tls: tls }, findSecret, 'failover.tls'), findSecret);
    return { sentinel, ...('trouble' in target ? { problem: target.detail } : target) };
  });
}
