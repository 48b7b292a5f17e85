// Clusters that a client took and whose endpoints nobody asks for on its behalf: it runs them without a server, and
// nothing that was sent to it says so.

import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Subscription } from '../snapshot/subscription.ts';
import type { View } from '../snapshot/view.ts';
import type { StreamStatus } from './stream-status.ts';

/** What a client took on one stream. */
export interface TakenClusters {
  readonly clusters: View;
  /** The endpoints that there are: it has to ask for those of the clusters that have some here. */
  readonly endpoints: ResourceSet;
  /** When it ACKed the last of them, by the monotonic clock. */
  readonly atMs: number;
}

/** Clusters whose endpoints a node does not ask for. */
export interface Unasked {
  readonly count: number;
  /** The first ten, sorted. */
  readonly names: readonly string[];
  /** See {@link TakenClusters}. */
  readonly sinceMs: number;
}

// A client asks for endpoints when it has read the clusters: on a slow day that takes a while.
const graceMs = 5_000;

const maxNames = 10;

interface NodeStreams {
  readonly taken: TakenClusters[];
  readonly asked: Set<Subscription>;
}

/**
 * By node id, for its streams may be on several connections; who asks for all is not in it. Costs what a look at each
 * stream costs: streams in the same state share the rest.
 * @param minAgeMs how long ago a client must have taken its clusters to be in it; by default 5 s.
 */
export function findUnasked(streams: Iterable<StreamStatus>, minAgeMs = graceMs): Map<string, Unasked> {
  const nowMs = performance.now();
  const unasked = new Map<string, Unasked>();
  for (const [nodeId, { taken, asked }] of groupByNode(streams)) {
    for (const { clusters, endpoints, atMs } of taken) {
      if (nowMs - atMs < minAgeMs) continue;
      const names = unaskedOf(namesWithEndpoints(clusters, endpoints), asked);
      if (names.length <= (unasked.get(nodeId)?.count ?? 0)) continue;
      unasked.set(nodeId, { count: names.length, names: names.slice(0, maxNames), sinceMs: atMs });
    }
  }
  return unasked;
}

function groupByNode(streams: Iterable<StreamStatus>): Map<string, NodeStreams> {
  const nodes = new Map<string, NodeStreams>();
  for (const { node, types } of streams) {
    if (node === undefined) continue;
    let of = nodes.get(node.id);
    if (of === undefined) nodes.set(node.id, (of = { taken: [], asked: new Set() }));
    for (const { kind, subscription, taken } of types) {
      if (kind === 'endpoint') of.asked.add(subscription);
      if (taken !== undefined) of.taken.push(taken);
    }
  }
  return nodes;
}

const namesByView = new WeakMap<View, WeakMap<ResourceSet, readonly string[]>>();

function namesWithEndpoints(clusters: View, endpoints: ResourceSet): readonly string[] {
  const filter = (): readonly string[] => clusters.names.filter((name) => endpoints.resources.has(name));
  return remember(namesByView, clusters, endpoints, filter);
}

const unaskedBySubscription = new WeakMap<readonly string[], WeakMap<Subscription, readonly string[]>>();

function unaskedOf(names: readonly string[], asked: ReadonlySet<Subscription>): readonly string[] {
  const [first, ...others] = asked;
  if (first === undefined) return names;
  if (others.length === 0) {
    return remember(unaskedBySubscription, names, first, () => names.filter((name) => !first.includes(name)));
  }
  const all = new Set<string>();
  for (const subscription of asked) for (const name of subscription.names) all.add(name);
  return names.filter((name) => !all.has(name));
}

function remember<A extends object, B extends object, Value>(
  table: WeakMap<A, WeakMap<B, Value>>,
  a: A,
  b: B,
  make: () => Value,
): Value {
  let row = table.get(a);
  if (row === undefined) table.set(a, (row = new WeakMap()));
  let value = row.get(b);
  if (value === undefined) row.set(b, (value = make()));
  return value;
}
