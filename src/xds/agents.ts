// The clients that a commit is judged by: those that may be too old, and those that are given no secrets, by node group.

import type { NodeGroup } from '../snapshot/snapshot.ts';
import type { Node } from './node.ts';

/** The clients of one release in one node group. */
export interface Agents {
  readonly group: NodeGroup;
  /** As "1.40.0". */
  readonly version: string;
  /** Node ids, each once, sorted. */
  readonly ids: readonly string[];
}

interface IdentifiedStream {
  readonly group: NodeGroup | undefined;
  readonly node: Node | undefined;
}

/** By their release, which says what they understand: those that call themselves Envoy and tell it. */
export function findAgents(streams: Iterable<IdentifiedStream>): Agents[] {
  const found = new Map<string, { group: NodeGroup; version: string; ids: Set<string> }>();
  for (const { group, node } of streams) {
    if (group === undefined || node?.userAgentName !== 'envoy' || node.userAgentVersion === '') continue;
    const { userAgentVersion: version, id } = node;
    const key = `${version}\n${group}`;
    let agents = found.get(key);
    if (agents === undefined) found.set(key, (agents = { group, version, ids: new Set() }));
    agents.ids.add(id);
  }
  return Array.from(found.values(), ({ group, version, ids }) => ({ group, version, ids: [...ids].sort() }));
}

interface JudgedStream extends IdentifiedStream {
  readonly isGivenSecrets: boolean;
}

/** Node ids of those that are given no passwords and no private keys. */
export function findWithoutSecrets(clients: Iterable<JudgedStream>): Map<NodeGroup, Set<string>> {
  const found = new Map<NodeGroup, Set<string>>();
  for (const { group, node, isGivenSecrets } of clients) {
    if (group === undefined || node === undefined || isGivenSecrets) continue;
    const ids = found.get(group);
    if (ids === undefined) found.set(group, new Set([node.id]));
    else ids.add(node.id);
  }
  return found;
}
