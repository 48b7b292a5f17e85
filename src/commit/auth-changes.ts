// Passwords of servers that a commit changes: they stand in the message of the cluster, and Envoy closes all connections
// of a cluster whose message is another. Pure.

import type { SortedByName } from '../collections/sorted-by-name.ts';
import { serversOf } from '../inventory/cluster.ts';
import type { Cluster } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import type { Secret } from '../model/objects.ts';
import { secretRefsOf } from '../model/secret-refs.ts';
import { findSecretUsers } from '../render/secret-users.ts';
import { quoteSome } from '../text/name-some.ts';
import type { Warning } from './warnings.ts';

interface State {
  readonly clusters: SortedByName<Cluster>;
  readonly secrets: SortedByName<Secret>;
}

/** One warning at most. @param before undefined: nothing is published. */
export function findAuthChanges(before: State | undefined, edits: Edits, after: State): Warning[] {
  if (before === undefined) return [];
  const users = findSecretUsers(after.clusters, (cluster) => cluster, edits.secrets.map(({ name }) => name));
  const suspects = new Set([...edits.clusters.map(({ name }) => name), ...users]);
  const changed = [...suspects].sort().filter((name) => {
    const [old, now] = [before.clusters.get(name), after.clusters.get(name)];
    return old !== undefined && now !== undefined && describe(old, before.secrets) !== describe(now, after.secrets);
  });
  if (changed.length === 0) return [];
  const message =
    `${changed.length === 1 ? 'cluster' : 'clusters'} ${quoteSome(changed)}: how Envoys authenticate changes: they connect to the ` +
    'servers anew, and commands that wait for an answer fail';
  return [{ code: 'upstream-reconnects', message }];
}

/** All that the message of the cluster says of it. */
function describe(cluster: Cluster, secrets: ReadonlyMap<string, Secret>): string {
  // Certificates and CAs come by themselves: a new one changes no cluster.
  const refs = secretRefsOf(cluster).filter(({ kind }) => kind === 'password');
  if (refs.length === 0) return '';
  const ofServers = serversOf(cluster).flatMap(({ address, port, upstream_auth: auth }) => {
    return auth === undefined ? [] : [[address, port, auth.username]];
  });
  const sealed = refs.map(({ secret }) => secrets.get(secret)?.sealed);
  return JSON.stringify([cluster.upstream_auth?.username, ofServers, sealed]);
}
