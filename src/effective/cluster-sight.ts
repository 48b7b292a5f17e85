// What the nodes of one Redis Cluster say of it, taken together: what holds, who is asked in vain, who says something
// else. Pure. A node can be cut off, left behind, or be of another cluster by now: it counts what most say.

import { compareText } from '../model/compare-text.ts';
import { textOfView } from './cluster-view.ts';
import type { ClusterView, NodeLook, NodeLooks } from './cluster-view.ts';

export interface ClusterSight {
  /** What holds, as the node has it that knows most; undefined: no node of the cluster answers. */
  readonly view: ClusterView | undefined;
  /** The ids of the nodes that most of those who serve count among them; empty: nobody serves. */
  readonly members: ReadonlySet<string>;
  /** More than half of the primaries that are asked answer, and serve: none of it is said by a part that is cut off. */
  readonly isMajority: boolean;
  /** At which addresses something else is said, and not only for a moment; sorted. */
  readonly differing: readonly string[];
  /** At which addresses a node of another cluster answers, and not only for a moment; sorted. */
  readonly foreign: readonly string[];
}

/** Ids of nodes. */
type Ids = ReadonlySet<string> | ReadonlyMap<string, unknown>;

interface Said {
  readonly address: string;
  readonly view: ClusterView;
  readonly isSettled: boolean;
}

/** @param ids of the nodes that it had before; a view that has few of them is one of another cluster. */
export function takeTogether(looks: NodeLooks, ids: Ids): ClusterSight {
  const said = Array.from(looks).flatMap(([address, { view, isSettled, failure }]): Said[] => {
    return view === undefined || failure !== undefined ? [] : [{ address, view, isSettled }];
  });
  const own = said.filter(({ view }) => isSameCluster(view, ids));
  const serving = own.filter(({ view }) => view.state === 'ok');
  const best = findBest(serving.length > 0 ? serving : own);
  const isOther = ({ view, isSettled }: Said): boolean => {
    return isSettled && best?.isSettled === true && textOfView(view) !== textOfView(best.view);
  };
  return {
    view: best?.view,
    members: findMembers(serving),
    isMajority: best !== undefined && hasMajority(best.view, serving, looks),
    differing: own.filter(isOther).map(({ address }) => address).sort(),
    foreign: said.filter((each) => each.isSettled && !own.includes(each) && hasSlots(each.view)).map(({ address }) => address).sort(),
  };
}

/** Nodes come and go, and one may have moved to another cluster: more than half of the fewer ones are the same. */
export function isSameCluster({ nodes }: ClusterView, ids: Ids): boolean {
  const same = nodes.filter(({ id }) => ids.has(id)).length;
  return same * 2 > Math.min(nodes.length, ids.size);
}

/** False of a node that was reset: it is alone, and of no cluster. */
export function hasSlots({ nodes }: ClusterView): boolean {
  return nodes.some(({ slots }) => slots.length > 0);
}

/** Undefined: the last look has failed, or there was none. */
export function viewAt({ view, failure }: NodeLook): ClusterView | undefined {
  return failure === undefined ? view : undefined;
}


// The newest, and of these what most say.
function findBest(said: readonly Said[]): Said | undefined {
  const counts = new Map<string, number>();
  for (const { view } of said) counts.set(textOfView(view), (counts.get(textOfView(view)) ?? 0) + 1);
  const countOf = ({ view }: Said): number => counts.get(textOfView(view)) ?? 0;
  const [best] = said.toSorted((a, b) => {
    return (b.view.epoch ?? 0) - (a.view.epoch ?? 0) || countOf(b) - countOf(a) || compareText(a.address, b.address);
  });
  return best;
}

function findMembers(serving: readonly Said[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { view } of serving) for (const { id } of view.nodes) counts.set(id, (counts.get(id) ?? 0) + 1);
  return new Set(Array.from(counts).flatMap(([id, count]) => (count * 2 > serving.length ? [id] : [])));
}

// Of a large cluster not all are asked.
function hasMajority({ nodes }: ClusterView, serving: readonly Said[], looks: NodeLooks): boolean {
  const answering = new Set(serving.map(({ view }) => view.ownId));
  const primaries = nodes.filter(({ slots }) => slots.length > 0);
  const asked = primaries.filter(({ id, address }) => answering.has(id) || (address !== undefined && looks.has(address)));
  return asked.filter(({ id }) => answering.has(id)).length * 2 > asked.length;
}
