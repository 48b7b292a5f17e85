// The snapshots of one state of what is declared, one for each node group that is given something of its own: each is
// made of the one before by what changed for the group, and they share what is equal.

import { areEmpty } from '../inventory/edits.ts';
import type { Edits } from '../inventory/edits.ts';
import type { ServedCluster } from '../inventory/served-cluster.ts';
import type { RenderOptions } from '../render/options.ts';
import { RenderedSnapshot } from '../render/rendered-snapshot.ts';
import { defaultNodeGroup } from '../snapshot/snapshot.ts';
import type { NodeGroup } from '../snapshot/snapshot.ts';
import type { ResourceChanges } from './desk.ts';
import { drainingFor, editsFor, findNamedGroups, objectsFor, ownEditsOf } from './node-groups.ts';
import type { AllObjects, Leftovers, Objects } from './node-groups.ts';
import { findResourceChanges } from './resource-changes.ts';

interface Rendered {
  readonly snapshot: RenderedSnapshot;
  readonly draining: ReadonlyMap<string, ServedCluster>;
}

type ByGroup = ReadonlyMap<NodeGroup, RenderedSnapshot>;

export class GroupSnapshots {
  readonly #objects: Objects;
  readonly #default: Rendered;
  // By group, of those that have one of their own.
  readonly #own: ReadonlyMap<NodeGroup, Rendered>;

  private constructor(
    declared: AllObjects & Leftovers,
    fallback: Rendered,
    nextOf: (group: NodeGroup) => Rendered | undefined,
  ) {
    this.#objects = declared;
    this.#default = fallback;
    this.#own = new Map(
      findNamedGroups(declared).map((group) => {
        const made = (): Rendered => advance(fallback, ownEditsOf(group, declared), drainingFor(group, declared), fallback);
        return [group, nextOf(group) ?? made()];
      }),
    );
  }

  /** Nothing is rendered before it is asked for. */
  static of(declared: AllObjects & Leftovers, options: RenderOptions): GroupSnapshots {
    const draining = drainingFor(defaultNodeGroup, declared);
    const snapshot = RenderedSnapshot.of(objectsFor(defaultNodeGroup, declared), options, draining);
    return new GroupSnapshots(declared, { snapshot, draining }, () => undefined);
  }

  /** The snapshots after `edits`, which lead to `declared`; the same one for a group that they do not concern. */
  next(edits: Edits, declared: AllObjects & Leftovers): GroupSnapshots {
    const after = (group: NodeGroup, before: Rendered, like?: Rendered): Rendered => {
      return advance(before, editsFor(group, edits, this.#objects), drainingFor(group, declared), like);
    };
    const fallback = after(defaultNodeGroup, this.#default);
    return new GroupSnapshots(declared, fallback, (group) => {
      const before = this.#own.get(group);
      return before && after(group, before, fallback);
    });
  }

  /** What each group is given; {@link defaultNodeGroup} those that have none of their own. */
  get byGroup(): ReadonlyMap<NodeGroup, RenderedSnapshot> {
    const all = [[defaultNodeGroup, this.#default] as const, ...this.#own];
    return new Map(all.map(([group, { snapshot }]) => [group, snapshot]));
  }
}

/** The groups that are given another snapshot than before; undefined: the group has none of its own any more. */
export function findChanged(before: ByGroup | undefined, after: ByGroup): Map<NodeGroup, RenderedSnapshot | undefined> {
  const groups = new Set([...(before?.keys() ?? []), ...after.keys()]);
  const all = Array.from(groups, (group) => [group, after.get(group)] as const);
  return new Map(all.filter(([group, snapshot]) => snapshot !== before?.get(group)));
}

/** What changes for Envoys, group by group. @param before undefined: nothing was published. */
export function compareGroups(before: ByGroup | undefined, after: ByGroup): ResourceChanges[] {
  const givenTo = (group: NodeGroup, byGroup: ByGroup | undefined): RenderedSnapshot | undefined => {
    return byGroup?.get(group) ?? byGroup?.get(defaultNodeGroup);
  };
  return Array.from(findChanged(before, after).keys()).flatMap((group) => {
    const now = givenTo(group, after);
    return now === undefined ? [] : findResourceChanges(group, givenTo(group, before), now);
  });
}

function advance(
  before: Rendered,
  edits: Edits,
  draining: ReadonlyMap<string, ServedCluster>,
  like?: Rendered,
): Rendered {
  if (areEmpty(edits) && isServedAlike(before.draining, draining)) return before;
  return { snapshot: before.snapshot.next(edits, draining, like?.snapshot), draining };
}

// Servers that did not change are the same list.
function isServedAlike(a: ReadonlyMap<string, ServedCluster>, b: ReadonlyMap<string, ServedCluster>): boolean {
  return a.size === b.size && Array.from(b.values()).every(({ name, hosts }) => a.get(name)?.hosts === hosts);
}
