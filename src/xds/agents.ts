// Which programs are connected, by release and node group: what each understands is known by its release alone.

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

/** Those that call themselves Envoy and tell their release; of others nothing is known. */
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
