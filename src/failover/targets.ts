// Whom a promotion asks, and as whom: as the servers of the cluster are watched, and its Sentinels as they are declared.

import { sentinelOf } from '../model/failover-defaults.ts';
import type { ReplicatedCluster } from '../model/objects.ts';
import { tlsRefsOf } from '../model/tls-refs.ts';
import { parseServerAddress } from '../net/address.ts';
import type { Target } from '../watch/connection.ts';
import { findSecretProblem } from '../watch/find-secret.ts';
import type { FindSecret } from '../watch/find-secret.ts';
import { buildServerTls } from '../watch/upstream-tls.ts';
import { targetOf, watchedServersOf } from '../watch/watched-servers.ts';
import type { FindTarget } from './redis-acts.ts';

type Found = ReturnType<FindTarget>;

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
export function findSentinelTargets(cluster: ReplicatedCluster, findSecret: FindSecret): (Found & { sentinel: string })[] {
  const declared = sentinelOf(cluster);
  if (declared === undefined) return [];
  const { sentinels, username, password, tls } = declared;
  const found = ofSentinels(cluster, { username, password, tls }, findSecret);
  return sentinels.map((sentinel) => {
    if ('problem' in found) return { ...found, sentinel };
    const { host, port } = parseServerAddress(sentinel);
    return { ...found, host, port, sentinel };
  });
}

type Terms = Pick<NonNullable<ReturnType<typeof sentinelOf>>, 'username' | 'password' | 'tls'>;

function ofSentinels(
  cluster: ReplicatedCluster,
  { username, password, tls: declared }: Terms,
  findSecret: FindSecret,
): Pick<Target, 'tls' | 'credentials'> | { readonly problem: string } {
  const ofTls = { ...cluster, upstream_tls: declared, failover: undefined };
  const uses = password === undefined ? [] : [{ field: 'failover.password', secret: password.secret, kind: 'password' as const }];
  const problem = findSecretProblem([...tlsRefsOf(ofTls), ...uses], findSecret);
  if (problem !== undefined) return { problem };
  const tls = buildServerTls(ofTls, findSecret);
  if (tls !== undefined && 'problem' in tls) return tls;
  const secret = password && findSecret(password.secret);
  const credentials = secret?.kind === 'password' ? { username, password: secret.value } : undefined;
  return { tls: tls?.options, credentials };
}
