// Which seeds of a Redis Cluster Envoys are given: those that are declared, until too few of them are left. Pure.
//
// Another seed is another Cluster message, which renews all connections of every Envoy to it and fails what is in flight;
// and an Envoy that has once been answered asks the servers that it knows of, and needs no seed. So they stay exactly as
// they are while an Envoy that starts finds one that answers, and are then replaced in one change (docs/adr/0040).

import { hasSlots, isSameCluster, takeTogether, viewAt } from '../effective/cluster-sight.ts';
import type { ClusterSight } from '../effective/cluster-sight.ts';
import type { ClusterView, NodeLook, NodeLooks } from '../effective/cluster-view.ts';
import { parseAddress } from '../net/address.ts';
import { nameSome } from '../text/name-some.ts';

/** What is known of a Redis Cluster. Seeds are ADDRESS:PORT, sorted. */
export interface KnownCluster {
  /** When others are, what was seen before holds no more. */
  readonly declared: readonly string[];
  /** What Envoys are given in their place; undefined: they are given those. */
  readonly seeds: readonly string[] | undefined;
  /** Since when they are other ones (Unix, ms), and why, in a few words; undefined: they are not. */
  readonly replaced: { readonly sinceMs: number; readonly why: string } | undefined;
  /** Its nodes as they were when most of it was seen last: their addresses by their ids; empty: it never was. */
  readonly nodes: ReadonlyMap<string, string | undefined>;
  /** What its nodes say, and what it comes to. */
  readonly looks: NodeLooks;
  readonly sight: ClusterSight;
}

const noLooks: NodeLooks = new Map();

/** Before anything is seen. @param declared sorted */
export function beginCluster(declared: readonly string[]): KnownCluster {
  const nodes = new Map<string, string | undefined>();
  return { declared, seeds: undefined, replaced: undefined, nodes, looks: noLooks, sight: takeTogether(noLooks, nodes) };
}

export function publishedSeeds({ declared, seeds }: KnownCluster): readonly string[] {
  return seeds ?? declared;
}

// Fewer than so many are not made of more.
const fewestSeeds = 3;

/** What is known with what is seen now. */
export function followCluster(before: KnownCluster, looks: NodeLooks, nowMs: number): KnownCluster {
  const published = publishedSeeds(before);
  const nodes = adopt(before.nodes, published, looks);
  const sight = takeTogether(looks, nodes);
  if (sight.view === undefined || !sight.isMajority) return { ...before, nodes, looks, sight };
  const after = { ...before, nodes: placesOf(sight.view, sight.members), looks, sight };
  const alive = published.filter((seed) => isAlive(looks.get(seed), sight));
  const foreign = published.filter((seed) => sight.foreign.includes(seed));
  if (alive.length >= enoughOf(published) && foreign.length === 0) return after;
  const size = Math.max(before.declared.length, fewestSeeds);
  const added = choose(findCandidates(sight, sight.view, looks, alive), alive, size);
  if (added.length === 0 && (foreign.length === 0 || alive.length === 0)) return after;
  // Who is lost may come back; it is better than nobody.
  const lost = published.filter((seed) => !alive.includes(seed) && !foreign.includes(seed));
  const seeds = [...alive, ...added, ...lost].slice(0, Math.max(size, alive.length)).sort();
  return { ...after, seeds, replaced: { sinceMs: nowMs, why: describe(published, alive, foreign) } };
}

/** At least half of them, and two where there are two: with one alone the next thing that ends leaves none. */
function enoughOf(seeds: readonly string[]): number {
  return Math.min(Math.max(Math.ceil(seeds.length / 2), 2), seeds.length);
}

// Which cluster it is that Envoys are given its seeds say: at first, and when it was made anew in the same place.
function adopt(known: KnownCluster['nodes'], seeds: readonly string[], looks: NodeLooks): KnownCluster['nodes'] {
  const all = Array.from(looks.values(), viewAt).filter((view) => view !== undefined);
  if (known.size > 0 && all.some((view) => isSameCluster(view, known))) return known;
  const views = seeds.map((seed) => looks.get(seed)).flatMap((look) => (look && viewAt(look)) ?? []).filter(hasSlots);
  const [first] = views;
  if (first === undefined) return known;
  const found = placesOf(first);
  const isOne = views.every((view) => isSameCluster(view, found));
  const isInItsPlace = known.size === 0 || (views.length === seeds.length && areInTheSamePlaces(known, found));
  return isOne && isInItsPlace ? found : known;
}

function placesOf({ nodes }: ClusterView, members?: ReadonlySet<string>): KnownCluster['nodes'] {
  const own = nodes.filter(({ id }) => members?.has(id) !== false);
  return new Map(own.map(({ id, address }) => [id, address]));
}

function areInTheSamePlaces(before: KnownCluster['nodes'], after: KnownCluster['nodes']): boolean {
  const [old, now] = [before, after].map((nodes) => new Set(nodes.values().filter((address) => address !== undefined)));
  return old !== undefined && now !== undefined && old.intersection(now).size * 2 > old.size;
}

/** Whether a seed is of use. Of whom nothing can be said it is not said that it is gone. */
export function isAlive(look: NodeLook | undefined, { view, members }: ClusterSight): boolean {
  if (look === undefined) return true;
  if (look.isLost) return false;
  const own = viewAt(look)?.ownId;
  if (own === undefined || !look.isSettled) return true;
  return members.has(own) && view?.nodes.find(({ id }) => id === own)?.state !== 'fail';
}

/** The nodes that can be seeds: that we have asked where clients reach them, that are in service, and not yet among them. */
function findCandidates(sight: ClusterSight, view: ClusterView, looks: NodeLooks, alive: readonly string[]): string[] {
  const known = new Set(alive.map((seed) => looks.get(seed)?.view?.ownId));
  return view.nodes.flatMap(({ id, address, state }) => {
    const look = address === undefined ? undefined : looks.get(address);
    const said = look && viewAt(look);
    const isGood = state === 'online' && sight.members.has(id) && said?.ownId === id && said.state === 'ok';
    return isGood && address !== undefined && !known.has(id) ? [address] : [];
  });
}

/** On as many hosts as there are, so that one host is not all of them. */
function choose(candidates: readonly string[], alive: readonly string[], size: number): string[] {
  const chosen: string[] = [];
  const left = candidates.toSorted();
  while (left.length > 0 && alive.length + chosen.length < size) {
    const hosts = [...alive, ...chosen].map(hostOf);
    const countOn = (address: string): number => hosts.filter((host) => host === hostOf(address)).length;
    const next = left.reduce((best, each) => (countOn(each) < countOn(best) ? each : best));
    left.splice(left.indexOf(next), 1);
    chosen.push(next);
  }
  return chosen;
}

function hostOf(address: string): string {
  return parseAddress(address).host;
}

function describe(published: readonly string[], alive: readonly string[], foreign: readonly string[]): string {
  const gone = published.filter((seed) => !alive.includes(seed) && !foreign.includes(seed));
  return [
    ...(gone.length === 0 ? [] : [`${nameSome(gone)}: no node of it that answers`]),
    ...(foreign.length === 0 ? [] : [`${nameSome(foreign)}: a node of another cluster`]),
  ].join('; ');
}
