// From all that drains to what drains otherwise than before, and back: a commit costs what it changes, however much
// goes on draining beside it. Pure.

import type { DrainingCluster } from '../inventory/draining.ts';
import { contentOf } from '../model/canonical.ts';
import type { Cluster } from '../model/objects.ts';
import type { DrainingEdit } from './log-store.ts';
import { compareText } from './objects.ts';
import { storedTextOf } from './stored-object.ts';

export type Draining = ReadonlyMap<string, DrainingCluster>;

/**
 * The steps from what drained before to all that drains now.
 * @param committedContent of the cluster that was committed before, see {@link storedTextOf}.
 */
export function findDrainingEdits(
  before: Draining,
  committedContent: (name: string) => string | undefined,
  now: Draining,
): DrainingEdit[] {
  const edits: DrainingEdit[] = [];
  for (const name of before.keys()) if (!now.has(name)) edits.push({ name, after: undefined });
  for (const [name, each] of now) {
    const { cluster } = each;
    const last = before.get(name);
    const isKnown =
      last === undefined
        ? storedTextOf('cluster', cluster) === committedContent(name)
        : isSame(last.cluster, cluster);
    if (last !== undefined && isKnown && hasSameTerms(last, each)) continue;
    edits.push({ name, after: { ...each, cluster: isKnown ? undefined : cluster } });
  }
  return edits;
}

/**
 * What drains after such steps.
 * @param committed the cluster that was committed before them.
 * @throws Error when a step leaves a cluster to be known that is not.
 */
export function applyDrainingEdits(
  before: Draining,
  committed: (name: string) => Cluster | undefined,
  edits: readonly DrainingEdit[],
): Draining {
  if (edits.length === 0) return before;
  const next = new Map(before);
  for (const { name, after } of edits) {
    if (after === undefined) {
      next.delete(name);
      continue;
    }
    const cluster = after.cluster ?? before.get(name)?.cluster ?? committed(name);
    if (cluster === undefined) throw new Error(`cluster ${JSON.stringify(name)} drains, and nobody knows its servers`);
    next.set(name, { ...after, cluster });
  }
  return next;
}

export function toDraining(clusters: readonly DrainingCluster[]): Draining {
  return new Map(clusters.map((each) => [each.cluster.name, each]));
}

/** In order of name. */
export function inOrder(draining: Draining): DrainingCluster[] {
  return [...draining.values()].sort((a, b) => compareText(a.cluster.name, b.cluster.name));
}

function isSame(a: Cluster, b: Cluster): boolean {
  return a === b || contentOf(a) === contentOf(b);
}

function hasSameTerms(a: DrainingCluster, b: DrainingCluster): boolean {
  return a.untilMs === b.untilMs && a.wasCatchAll === b.wasCatchAll && a.followed === b.followed;
}
