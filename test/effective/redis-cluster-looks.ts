// What is seen of a made-up Redis Cluster: as many shards as told, each a primary and a replica.

import type { ClusterNode, ClusterView, NodeLook } from '../../src/effective/cluster-view.ts';
import { slotCount } from '../../src/effective/cluster-view.ts';

export interface MadeNode extends ClusterNode {
  readonly address: string;
}

/** `a0` at 10.0.0.1:7000 has replica `a1` at 10.0.0.2:7001, `b0` at 10.0.0.2:7000 has `b1` at 10.0.0.3:7001, … */
export function nodesOf(shards: number, net = '10.0.0'): MadeNode[] {
  return Array.from({ length: shards }, (_, shard): MadeNode[] => {
    const letter = String.fromCharCode(97 + shard);
    const [first, end] = [shard, shard + 1].map((share) => Math.floor((share * slotCount) / shards));
    const prefix = net === '10.0.0' ? letter : `${net}/${letter}`;
    return [
      {
        id: `${prefix}0`,
        address: `${net}.${shard + 1}:7000`,
        role: 'primary',
        state: 'online',
        slots: [{ first: first ?? 0, last: (end ?? 1) - 1 }],
      },
      {
        id: `${prefix}1`,
        address: `${net}.${((shard + 1) % shards) + 1}:7001`,
        role: 'replica',
        state: 'online',
        slots: [],
        follows: `${prefix}0`,
      },
    ];
  }).flat();
}

export function viewOf(ownId: string, nodes: readonly ClusterNode[], state: ClusterView['state'] = 'ok', epoch = 1): ClusterView {
  return { ownId, state, epoch, nodes: nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

export function answering(view: ClusterView, isSettled = true): NodeLook {
  return { view, isSettled, failure: undefined, isLost: false };
}

/** @param view what it said before it was lost. */
export function lost(view?: ClusterView): NodeLook {
  return { view, isSettled: false, failure: { reason: 'refused', sinceMs: 0 }, isLost: true };
}

/** Every node says the same, and is asked. */
export function allAnswering(nodes: readonly MadeNode[], state: ClusterView['state'] = 'ok'): Map<string, NodeLook> {
  return new Map(nodes.map(({ id, address }) => [address, answering(viewOf(id, nodes, state))]));
}
