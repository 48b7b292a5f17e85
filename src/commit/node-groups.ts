// What each node group is given of all that is declared: what names no group, and what names this one. Pure.

import type { SortedByName } from '../collections/sorted-by-name.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { serveDraining } from '../inventory/draining.ts';
import { noEdits } from '../inventory/edits.ts';
import type { Edits } from '../inventory/edits.ts';
import type { ServedCluster } from '../inventory/served-cluster.ts';
import type { Cluster, Listener, Secret } from '../model/objects.ts';
import { defaultNodeGroup } from '../snapshot/snapshot.ts';
import type { NodeGroup } from '../snapshot/snapshot.ts';

/** Objects by name. */
export interface Objects {
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly listeners: ReadonlyMap<string, Listener>;
  /** Given to all groups: what is rendered of them is what objects of a group name. */
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** What of it was removed, but is still served. */
export interface Leftovers {
  readonly draining: readonly DrainingCluster[];
  readonly successors: ReadonlyMap<string, string>;
}

interface Grouped {
  readonly groups?: readonly NodeGroup[] | undefined;
}

/** Of all that is declared, in a form in which what a commit leaves is not looked at again. */
export interface AllObjects extends Objects {
  readonly clusters: SortedByName<Cluster>;
  readonly listeners: SortedByName<Listener>;
}

/** By group; undefined: what names no group. */
type CountsByGroup = ReadonlyMap<NodeGroup | undefined, number>;

/** The groups that an object names, sorted. One whose last object drains is one of them until that is over. */
export function findNamedGroups({
  clusters,
  listeners,
  draining,
}: Pick<AllObjects, 'clusters' | 'listeners'> & Pick<Leftovers, 'draining'>): NodeGroup[] {
  const given = [...countByGroup(clusters).keys(), ...countByGroup(listeners).keys()];
  const named = new Set([...given, ...draining.flatMap(({ cluster }) => cluster.groups ?? [])]);
  return [...named].filter((group) => group !== undefined).sort();
}

/** How many of the objects name each group, at the cost of what changed since it was asked of much the same ones. */
export function countByGroup<Value extends Grouped & { readonly name: string }>(
  objects: SortedByName<Value>,
): CountsByGroup {
  const counts = new Map<NodeGroup | undefined, number>();
  for (const run of objects.runs) {
    for (const [group, count] of countRun(run)) counts.set(group, (counts.get(group) ?? 0) + count);
  }
  return counts;
}

const countsByRun = new WeakMap<readonly Grouped[], CountsByGroup>();

function countRun(run: readonly Grouped[]): CountsByGroup {
  const known = countsByRun.get(run);
  if (known !== undefined) return known;
  const counts = new Map<NodeGroup | undefined, number>();
  for (const { groups = [undefined] } of run) {
    for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  countsByRun.set(run, counts);
  return counts;
}

/** What the group is given of these. */
export function objectsFor(group: NodeGroup, { clusters, listeners, secrets }: Objects): Objects {
  return { clusters: pick(clusters, group), listeners: pick(listeners, group), secrets };
}

/** What the group is given beside what everybody is, as edits. */
export function ownEditsOf(group: NodeGroup, { clusters, listeners }: Objects): Edits {
  return { ...noEdits, clusters: toOwnEdits(clusters, group), listeners: toOwnEdits(listeners, group) };
}

/** What the edits are for the group: an object that is no more for it has gone. @param before the edits. */
export function editsFor(group: NodeGroup, edits: Edits, before: Objects): Edits {
  return {
    clusters: restrict(edits.clusters, before.clusters, group),
    listeners: restrict(edits.listeners, before.listeners, group),
    secrets: edits.secrets,
  };
}

/** The clusters that drain for the group, by name, as {@link serveDraining} has them. */
export function drainingFor(
  group: NodeGroup,
  { clusters, draining, successors }: Pick<Objects, 'clusters'> & Leftovers,
): Map<string, ServedCluster> {
  const own = draining.filter(({ cluster }) => isFor(group, cluster));
  const takers = Array.from(successors.values(), (name) => clusters.get(name)).filter((cluster) => cluster !== undefined);
  const given = new Map(takers.filter((cluster) => isFor(group, cluster)).map((cluster) => [cluster.name, cluster]));
  return serveDraining(own, successors, given);
}

/** True when some node may be given both. */
export function haveNodesInCommon(a: Grouped, b: Grouped): boolean {
  return a.groups === undefined || b.groups === undefined || a.groups.some((group) => isFor(group, b));
}

/** In words: whom something is about that is not about all. */
export function describeGroups([first = defaultNodeGroup, ...others]: readonly NodeGroup[]): string {
  const text = first === defaultNodeGroup ? 'for nodes of no group that is named' : `in node group ${JSON.stringify(first)}`;
  return others.length === 0 ? text : `${text}, and ${others.length} more`;
}

export function isFor(group: NodeGroup, { groups }: Grouped): boolean {
  return groups === undefined || groups.includes(group);
}

function pick<Value extends Grouped>(objects: ReadonlyMap<string, Value>, group: NodeGroup): ReadonlyMap<string, Value> {
  return new Map(Array.from(objects).filter(([, object]) => isFor(group, object)));
}

function toOwnEdits<Value extends Grouped>(
  objects: ReadonlyMap<string, Value>,
  group: NodeGroup,
): { readonly name: string; readonly after: Value }[] {
  return Array.from(objects)
    .filter(([, { groups }]) => groups?.includes(group) === true)
    .map(([name, after]) => ({ name, after }));
}

function restrict<Value extends Grouped>(
  edits: readonly { readonly name: string; readonly after: Value | undefined }[],
  before: ReadonlyMap<string, Value>,
  group: NodeGroup,
): { readonly name: string; readonly after: Value | undefined }[] {
  return edits.flatMap(({ name, after }) => {
    const old = before.get(name);
    const [was, is] = [old !== undefined && isFor(group, old), after !== undefined && isFor(group, after)];
    return was || is ? [{ name, after: is ? after : undefined }] : [];
  });
}
