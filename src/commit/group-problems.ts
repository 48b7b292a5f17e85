// Why listeners can't be published, as each node group is given them: what is right for one may be wrong for another,
// which lacks a cluster that they route to, or has another listener at their address.

import { findUnpublishableListeners } from '../render/check-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { defaultNodeGroup } from '../snapshot/snapshot.ts';
import type { NodeGroup } from '../snapshot/snapshot.ts';
import { describeGroups, findNamedGroups, objectsFor } from './node-groups.ts';
import type { AllObjects } from './node-groups.ts';

/** One line each, which says of whom it is unless it is of all; empty when there are none. */
export function findGroupProblems(objects: AllObjects, options: RenderOptions): string[] {
  const groups = [defaultNodeGroup, ...findNamedGroups({ ...objects, draining: [] })];
  const groupsByProblem = new Map<string, NodeGroup[]>();
  for (const group of groups) {
    const { clusters, listeners } = groups.length === 1 ? objects : objectsFor(group, objects);
    for (const problem of findUnpublishableListeners(clusters, listeners, options)) {
      const known = groupsByProblem.get(problem);
      if (known === undefined) groupsByProblem.set(problem, [group]);
      else if (known.at(-1) !== group) known.push(group);
    }
  }
  return Array.from(groupsByProblem, ([problem, concerned]) => {
    return concerned.length === groups.length ? problem : `${problem} (${describeGroups(concerned)})`;
  });
}
