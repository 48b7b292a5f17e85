// The servers that clusters declare, and what each is declared to be.

import { hostNamesOf, withAddresses } from '../effective/addresses.ts';
import type { Cluster } from '../inventory/cluster.ts';
import { isPrimary } from '../model/primary.ts';
import { tlsRefsOf } from '../model/tls-refs.ts';
import { formatAddress } from '../net/address.ts';
import type { Credentials } from './connection.ts';
import type { Part } from './contradictions.ts';
import type { FoundNames } from './find-names.ts';
import { findSecretProblem } from './find-secret.ts';
import type { FindSecret, SecretUse } from './find-secret.ts';
import { buildServerTls } from './upstream-tls.ts';
import type { ServerTls } from './upstream-tls.ts';

export interface DeclaredServer {
  readonly cluster: string;
  /** True where it may be something else than Redis: what a prefix of HTTP paths leads to is a cluster like any other. */
  readonly mayBeOther: boolean;
  /** The name itself where it leads nowhere. */
  readonly host: string;
  readonly port: number;
  /** The name that is declared in place of the address; undefined: the host is declared so. */
  readonly hostName?: string | undefined;
  /** Why the name leads nowhere, in a few words: nobody is asked. */
  readonly nameProblem?: string | undefined;
  readonly part: Part;
  /** Where it is one of a shard that replicates: which. */
  readonly shard?: string | undefined;
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

/** How many are declared, whatever their names lead to. */
export function countDeclared(clusters: readonly Cluster[]): number {
  return clusters.reduce((count, cluster) => count + partsOf(cluster).length, 0);
}

const noNames: FoundNames = { addresses: new Map(), problems: new Map() };

/**
 * In the order of the clusters, and in each as it is sorted. For a name that the control plane looks up there is a server
 * for each address that is published for it, and for one that leads nowhere one that nobody can ask.
 */
export function serversOf(
  clusters: Iterable<Cluster>,
  findSecret: FindSecret = () => undefined,
  names: FoundNames = noNames,
): DeclaredServer[] {
  return Array.from(clusters).flatMap((cluster) => {
    const mayBeOther = cluster.kind === undefined || cluster.kind === 'plain';
    const tlsProblem = findSecretProblem(tlsRefsOf(cluster), findSecret);
    const tls = tlsProblem === undefined ? buildServerTls(cluster, findSecret) : undefined;
    return placesOf(cluster, names).map(([{ address, port, upstream_auth: own }, place]): DeclaredServer => {
      const server = { cluster: cluster.name, mayBeOther, host: address, port, ...place };
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

type Place = Pick<DeclaredServer, 'part' | 'shard' | 'hostName' | 'nameProblem'>;
type Placed = readonly [server: Server, place: Place];

function placesOf(cluster: Cluster, { addresses, problems }: FoundNames): Placed[] {
  if (hostNamesOf(cluster).length === 0) return partsOf(cluster);
  const declared = partsOf(cluster);
  // A name that all of a group have leads to the primary too, which is told by its own.
  const primaryFirst = declared.toSorted(([, a], [, b]) => Number(b.part === 'primary') - Number(a.part === 'primary'));
  const nameByAddress = new Map<string, string>();
  for (const [{ address: name, port }, { part }] of primaryFirst) {
    const isOne = part === 'primary' || (cluster.kind === 'sharded' && part === 'any');
    for (const host of addresses.get(name)?.slice(0, isOne ? 1 : undefined) ?? []) {
      const address = formatAddress({ host, port });
      if (!nameByAddress.has(address)) nameByAddress.set(address, name);
    }
  }
  // Of a copy: what is published of the cluster itself is remembered, and stays as it is.
  const found = partsOf(withAddresses({ ...cluster }, addresses)).map(([server, place]): Placed => {
    const hostName = nameByAddress.get(formatAddress({ host: server.address, port: server.port }));
    return [server, { ...place, hostName }];
  });
  const lost = declared.flatMap(([server, place]): Placed[] => {
    const nameProblem = problems.get(server.address);
    return nameProblem === undefined ? [] : [[server, { ...place, hostName: server.address, nameProblem }]];
  });
  return [...found, ...lost];
}

function partsOf(cluster: Cluster): Placed[] {
  switch (cluster.kind) {
    case 'sharded':
      return cluster.shards.flatMap((shard): Placed[] => {
        if (shard.endpoint !== undefined) return [[shard.endpoint, { part: 'any' }]];
        return partsOfGroup(shard).map(([server, place]) => [server, { ...place, shard: shard.name }]);
      });
    case 'replicated':
      return partsOfGroup(cluster);
    default: {
      const part = cluster.kind === 'redis_cluster' ? 'cluster-node' : 'any';
      return cluster.endpoints.map((endpoint) => [endpoint, { part }] as const);
    }
  }
}

interface Group {
  readonly primary?: string | undefined;
  readonly endpoints: readonly Server[];
}

function partsOfGroup(group: Group): Placed[] {
  return group.endpoints.map((endpoint) => [endpoint, { part: isPrimary(group, endpoint) ? 'primary' : 'replica' }]);
}
