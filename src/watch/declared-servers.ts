// The servers that clusters declare, and what each is declared to be.

import type { Cluster } from '../inventory/cluster.ts';
import { isPrimary } from '../model/primary.ts';
import { tlsRefsOf } from '../model/tls-refs.ts';
import type { Part } from './contradictions.ts';
import { findSecretProblem } from './find-secret.ts';
import type { FindSecret, SecretUse } from './find-secret.ts';
import type { Credentials } from './look.ts';
import { buildServerTls } from './upstream-tls.ts';
import type { ServerTls } from './upstream-tls.ts';

export interface DeclaredServer {
  readonly cluster: string;
  /** True where it may be something else than Redis: what a prefix of HTTP paths leads to is a cluster like any other. */
  readonly mayBeOther: boolean;
  readonly host: string;
  readonly port: number;
  readonly part: Part;
  /** Undefined: it is spoken to without TLS. */
  readonly tls?: ServerTls | undefined;
  /** Undefined: none are declared. */
  readonly credentials?: Credentials | undefined;
  /** One line on a secret that it is to be asked with, and can't be: without it nobody is asked. */
  readonly secretProblem?: string | undefined;
}

interface Server {
  readonly address: string;
  readonly port: number;
  readonly upstream_auth?: Cluster['upstream_auth'];
}

/** In the order of the clusters, and in each as it is sorted. */
export function serversOf(clusters: Iterable<Cluster>, findSecret: FindSecret = () => undefined): DeclaredServer[] {
  return Array.from(clusters).flatMap((cluster) => {
    const mayBeOther = cluster.kind === undefined || cluster.kind === 'plain';
    const tlsProblem = findSecretProblem(tlsRefsOf(cluster), findSecret);
    const tls = tlsProblem === undefined ? buildServerTls(cluster, findSecret) : undefined;
    return partsOf(cluster).map(([{ address, port, upstream_auth: own }, part]): DeclaredServer => {
      const server = { cluster: cluster.name, mayBeOther, host: address, port, part };
      const auth = own ?? cluster.upstream_auth;
      const secretProblem = tlsProblem ?? findSecretProblem(passwordsOf(auth), findSecret);
      if (secretProblem !== undefined) return { ...server, secretProblem };
      return { ...server, tls, credentials: findCredentials(auth, findSecret) };
    });
  });
}

function passwordsOf(auth: Cluster['upstream_auth']): SecretUse[] {
  return auth === undefined ? [] : [{ field: 'upstream_auth.password', secret: auth.password.secret, kind: 'password' }];
}

function findCredentials(auth: Cluster['upstream_auth'], findSecret: FindSecret): Credentials | undefined {
  const password = auth && findSecret(auth.password.secret);
  return password?.kind === 'password' ? { username: auth?.username, password: password.value } : undefined;
}

type Placed = readonly [server: Server, part: Part];

function partsOf(cluster: Cluster): Placed[] {
  switch (cluster.kind) {
    case 'sharded':
      return cluster.shards.flatMap((shard): Placed[] => {
        return shard.endpoint === undefined ? partsOfGroup(shard) : [[shard.endpoint, 'any']];
      });
    case 'replicated':
      return partsOfGroup(cluster);
    default: {
      const part = cluster.kind === 'redis_cluster' ? 'cluster-node' : 'any';
      return cluster.endpoints.map((endpoint) => [endpoint, part] as const);
    }
  }
}

interface Group {
  readonly primary?: string | undefined;
  readonly endpoints: readonly Server[];
}

function partsOfGroup(group: Group): Placed[] {
  return group.endpoints.map((endpoint) => [endpoint, isPrimary(group, endpoint) ? 'primary' : 'replica']);
}
