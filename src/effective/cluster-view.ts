// What one node of a Redis Cluster says of all of it, and how it is known: the shapes, and what can be said of the slots.

/** From `first` to `last`, both of them among it. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

export interface ClusterNode {
  /** Stays the node's own as long as it is in a cluster. */
  readonly id: string;
  /** ADDRESS:PORT at which clients reach it, as the cluster says; undefined: it does not say. */
  readonly address: string | undefined;
  readonly role: 'primary' | 'replica';
  /** `fail`: the cluster has given it up; `loading`: a replica that is not yet one. */
  readonly state: 'online' | 'loading' | 'fail';
  /** That are its own, in order; a replica has none. */
  readonly slots: readonly SlotRange[];
  /** Of a replica: the id of its primary; undefined: it is not told. */
  readonly follows?: string | undefined;
}

export interface ClusterView {
  /** Of the node that says so. */
  readonly ownId: string;
  /** `fail`: it serves nothing, or not all: too few primaries are there, or a slot is nobody's. */
  readonly state: 'ok' | 'fail';
  /** Grows with each change of who has what; undefined: it is not told. */
  readonly epoch: number | undefined;
  /** In order of id, the one that says so among them. */
  readonly nodes: readonly ClusterNode[];
}

/** What came of asking at one address, again and again. */
export interface NodeLook {
  /** As it said last; undefined: it has said nothing since it is asked. */
  readonly view: ClusterView | undefined;
  /** Two looks in turn said the same. */
  readonly isSettled: boolean;
  /** Of the last look; `sinceMs` is wall-clock time (Unix, ms). */
  readonly failure: { readonly reason: string; readonly sinceMs: number } | undefined;
  /** So many looks in turn have failed that it does not come back in a moment. */
  readonly isLost: boolean;
}

/** By ADDRESS:PORT. */
export type NodeLooks = ReadonlyMap<string, NodeLook>;

/** By the name of the cluster. */
export type SeenNodes = ReadonlyMap<string, NodeLooks>;

export const slotCount = 16_384;

/** The slots that nobody serves: nobody has them, or who has them is given up. */
export function uncoveredSlots({ nodes }: ClusterView): SlotRange[] {
  const covered = nodes
    .filter(({ state }) => state !== 'fail')
    .flatMap(({ slots }) => slots)
    .toSorted((a, b) => a.first - b.first);
  const uncovered: SlotRange[] = [];
  let next = 0;
  for (const { first, last } of [...covered, { first: slotCount, last: slotCount }]) {
    if (first > next) uncovered.push({ first: next, last: first - 1 });
    next = Math.max(next, last + 1);
  }
  return uncovered;
}

export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((count, { first, last }) => count + last - first + 1, 0);
}

/** As Redis writes it: `0-5460`, or `7` for a single one. */
export function formatSlots({ first, last }: SlotRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

const texts = new WeakMap<ClusterView, string>();

/** What two nodes that agree say alike: who there is, who is given up, and who has what. */
export function textOfView(view: ClusterView): string {
  let text = texts.get(view);
  if (text === undefined) {
    const told = view.nodes.map(({ id, role, state, slots, follows }) => [id, role, state === 'fail', slots, follows]);
    texts.set(view, (text = JSON.stringify(told)));
  }
  return text;
}
