// What Envoys are to be given: what is declared, with what was ordered and what was seen laid over it. Pure, and at the
// cost of what changed.

import { SortedByName } from '../collections/sorted-by-name.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import { watchOf } from '../model/watch-defaults.ts';
import { findMisplacedKeys, hostNamesOf, withAddresses } from './addresses.ts';
import type { Addresses } from './addresses.ts';
import { withHealth } from './health.ts';
import type { Outages } from './verdicts-by-cluster.ts';
import { leaveOut, nobodyLeftOut } from '../orders/leave-out.ts';
import type { LeftOut } from '../orders/leave-out.ts';

/** As it is declared, and what drains beside it. */
export interface Declared {
  readonly clusters: SortedByName<Cluster>;
  readonly draining: readonly DrainingCluster[];
}

/** What is laid over it. */
export interface Overlay {
  /** The servers that orders leave out. */
  readonly leftOut: LeftOut;
  /** What host names lead to. */
  readonly addresses: Addresses;
  /** Who is left out for its health. */
  readonly outages: Outages;
}

/** The same as it is to be published, and what was laid over it. */
export interface Effective extends Declared, Overlay {}

const nothing: Effective = {
  clusters: SortedByName.of<Cluster>([]),
  draining: [],
  leftOut: nobodyLeftOut,
  addresses: new Map(),
  outages: new Map(),
};

export interface Step {
  readonly effective: Effective;
  /** From what was published to it. */
  readonly edits: readonly ClusterEdit[];
}

/**
 * @param last undefined: nothing was published.
 * @param edited clusters of `declared` that are not what they were in `last`, and those that have gone.
 */
export function effectiveAfter(
  last: Effective | undefined,
  declared: Declared,
  edited: readonly ClusterEdit[],
  overlay: Overlay,
): Step {
  if (last === undefined) {
    const all = Array.from(declared.clusters.values(), (after) => ({ name: after.name, after }));
    return effectiveAfter(nothing, declared, all, overlay);
  }
  const { leftOut, addresses, outages } = overlay;
  const before = last.clusters;
  const names = new Set(edited.map(({ name }) => name));
  const isTouched = [...last.leftOut.keys(), ...leftOut.keys(), ...last.outages.keys(), ...outages.keys()];
  const touched = [...findNamed(declared.clusters).map(({ name }) => name), ...isTouched];
  const edits = [
    ...edited.map(({ name, after }) => ({ name, after: after && layOver(after, overlay) })),
    ...[...new Set(touched).difference(names)]
      .flatMap((name) => declared.clusters.get(name) ?? [])
      // What no commit announced moves no keys: what was published stays.
      .filter((cluster) => findMisplacedKeys(cluster, addresses) === undefined)
      .map((cluster) => ({ name: cluster.name, after: layOver(cluster, overlay) }))
      .filter(({ name, after }) => before.get(name) !== after),
  ];
  const clusters = before.with(edits.map(({ name, after }) => [name, after]));
  return { effective: { clusters, draining: drainingAt(declared.draining, addresses), ...overlay }, edits };
}

/** The cluster as it is published while none of its servers is left out for its health. */
export function ifAllWereWell(cluster: Cluster, { leftOut, addresses }: Omit<Overlay, 'outages'>): Cluster {
  // Orders name servers as they are declared.
  return withAddresses(leaveOut(cluster, leftOut.get(cluster.name)), addresses);
}

function layOver(cluster: Cluster, overlay: Overlay): Cluster {
  return withHealth(ifAllWereWell(cluster, overlay), overlay.outages.get(cluster.name));
}

/** Every name that the control plane is to look up, and the clusters that have it. */
export function findHostNames({ clusters, draining }: Declared): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const cluster of [...findNamed(clusters), ...draining.map((each) => each.cluster)]) {
    for (const host of hostNamesOf(cluster)) {
      const known = found.get(host);
      if (known === undefined) found.set(host, [cluster.name]);
      else known.push(cluster.name);
    }
  }
  return found;
}

const watchedByRun = new WeakMap<readonly Cluster[], readonly Cluster[]>();

/** The clusters whose servers are watched, in order of name; at the cost of what changed, and of these. */
export function findWatched({ runs }: SortedByName<Cluster>): readonly Cluster[] {
  return runs.flatMap((run) => {
    let watched = watchedByRun.get(run);
    if (watched === undefined) {
      watchedByRun.set(run, (watched = run.filter((cluster) => watchOf(cluster) !== undefined)));
    }
    return watched;
  });
}

function drainingAt(draining: readonly DrainingCluster[], addresses: Addresses): readonly DrainingCluster[] {
  if (!draining.some(({ cluster }) => hostNamesOf(cluster).length > 0)) return draining;
  return draining.map((each) => ({ ...each, cluster: withAddresses(each.cluster, addresses) }));
}

// A commit leaves most runs as they were.
const namedByRun = new WeakMap<readonly Cluster[], readonly Cluster[]>();

/** The clusters of which names are looked up. */
export function findNamed({ runs }: SortedByName<Cluster>): readonly Cluster[] {
  return runs.flatMap((run) => {
    let named = namedByRun.get(run);
    if (named === undefined) {
      namedByRun.set(run, (named = run.filter((cluster) => hostNamesOf(cluster).length > 0)));
    }
    return named;
  });
}
