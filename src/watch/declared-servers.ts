// The servers that clusters declare, and what each is declared to be.

import { hostsOf } from '../inventory/cluster.ts';
import type { Cluster } from '../inventory/cluster.ts';
import type { Part } from './contradictions.ts';
import type { Credentials } from './look.ts';

export interface DeclaredServer {
  readonly cluster: string;
  /** True where it may be something else than Redis: what a prefix of HTTP paths leads to is a cluster like any other. */
  readonly mayBeOther: boolean;
  readonly host: string;
  readonly port: number;
  readonly part: Part;
  /** Undefined: none are declared, or their password is not known. */
  readonly credentials?: Credentials | undefined;
}

/** In the order of the clusters, and in each as it is sorted. @param passwordOf the value of a secret, when it is known. */
export function serversOf(
  clusters: Iterable<Cluster>,
  passwordOf: (secret: string) => string | undefined = () => undefined,
): DeclaredServer[] {
  return Array.from(clusters).flatMap((cluster) =>
    hostsOf(cluster).map(({ address, port, upstream_auth: own }): DeclaredServer => {
      const auth = own ?? cluster.upstream_auth;
      const password = auth && passwordOf(auth.password.secret);
      const credentials = password === undefined ? undefined : { username: auth?.username, password };
      const mayBeOther = cluster.kind !== 'sharded';
      return { cluster: cluster.name, mayBeOther, host: address, port, part: 'any', credentials };
    }),
  );
}
