// Redis listeners that leave keys without a server because nothing says which cluster is their catch-all. Each node
// group has clusters and listeners of its own: one that has a single cluster needs no word. Pure.

import type { Listener, RedisListener } from '../model/objects.ts';
import { catchAllOf } from '../model/redis-targets.ts';
import { findPublished, redisListenerName } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { defaultNodeGroup } from '../snapshot/snapshot.ts';
import type { NodeGroup } from '../snapshot/snapshot.ts';
import { countByGroup, describeGroups, findNamedGroups, isFor } from './node-groups.ts';
import type { AllObjects } from './node-groups.ts';

const keyless = 'keys without a prefix, and commands without a key such as INFO, SCAN and SELECT, find no server';

type Grouped = Pick<AllObjects, 'clusters' | 'listeners'>;

/** One line for each listener, and each reason. */
export function findMissingCatchAlls({ clusters, listeners }: Grouped, options: RenderOptions): string[] {
  const named = options.redisCatchAll === undefined ? undefined : clusters.get(options.redisCatchAll);
  const counts = countClusters({ clusters, listeners });
  const groupsByProblem = new Map<string, NodeGroup[]>();
  for (const [group, count] of counts) {
    if (named === undefined ? isEnough(count, options) : isFor(group, named) || count === 0) continue;
    const why = describeReason(count, named !== undefined, options);
    for (const { name } of findAutomatic(group, listeners, options)) {
      const problem = `${name === redisListenerName ? '' : `listener ${JSON.stringify(name)}: `}${why}: ${keyless}`;
      groupsByProblem.set(problem, [...(groupsByProblem.get(problem) ?? []), group]);
    }
  }
  return Array.from(groupsByProblem, ([problem, concerned]) => {
    return concerned.length === counts.size ? problem : `${problem} (${describeGroups(concerned)})`;
  });
}

/** How many clusters each group is given that an object names, and the others. */
function countClusters({ clusters, listeners }: Grouped): ReadonlyMap<NodeGroup, number> {
  const counts = countByGroup(clusters);
  const common = counts.get(undefined) ?? 0;
  const named = findNamedGroups({ clusters, listeners, draining: [] });
  return new Map([
    [defaultNodeGroup, common],
    ...named.map((group) => [group, common + (counts.get(group) ?? 0)] as const),
  ]);
}

// The only cluster is the catch-all, unless another one is named.
function isEnough(count: number, { redisCatchAll }: RenderOptions): boolean {
  return count === 0 || (count === 1 && redisCatchAll === undefined);
}

/** The Redis listeners of the group that do not say themselves what their catch-all is. */
function findAutomatic(
  group: NodeGroup,
  listeners: ReadonlyMap<string, Listener>,
  options: RenderOptions,
): readonly RedisListener[] {
  return Array.from(new Set([redisListenerName, ...listeners.keys()])).flatMap((name) => {
    const declared = listeners.get(name);
    const isGiven = declared !== undefined && isFor(group, declared);
    const listener = findPublished(name, isGiven ? declared : undefined, options);
    if (listener === undefined || listener.kind === 'tcp' || listener.kind === 'http') return [];
    return catchAllOf(listener) === 'auto' ? [listener] : [];
  });
}

function describeReason(count: number, isForOthers: boolean, { redisCatchAll }: RenderOptions): string {
  if (redisCatchAll === undefined) return `none of ${count} clusters is the catch-all (--redis-catch-all names it)`;
  const state = isForOthers ? 'for other node groups' : 'not committed';
  return `the catch-all ${JSON.stringify(redisCatchAll)} (--redis-catch-all) is ${state}`;
}
