// What a commit would change for Envoys: resources by kind. Pure.

import { dialects } from '../snapshot/dialect.ts';
import { publishOrder } from '../snapshot/resource.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { NodeGroup, Snapshot } from '../snapshot/snapshot.ts';
import type { ResourceChanges } from './desk.ts';

// Which resources differ is the same in every way of asking for them.
const dialect = dialects.v3.ads;

/** Of each kind of which anything differs. @param before undefined: nothing was published. */
export function findResourceChanges(
  group: NodeGroup,
  before: Snapshot | undefined,
  after: Snapshot,
): ResourceChanges[] {
  return publishOrder.flatMap((kind) => {
    const [from, to] = [resourcesOf(before, kind), resourcesOf(after, kind)];
    const added = namesWhere(to, (name) => !from.has(name));
    const removed = namesWhere(from, (name) => !to.has(name));
    const changed = namesWhere(to, (name) => from.has(name) && from.get(name) !== to.get(name));
    return added.length + removed.length + changed.length === 0 ? [] : [{ group, kind, added, changed, removed }];
  });
}

/** Versions by name, sorted by name. */
function resourcesOf(snapshot: Snapshot | undefined, kind: ResourceKind): ReadonlyMap<string, string> {
  const resources = snapshot?.resources(kind, dialect).resources.values() ?? [];
  return new Map(Array.from(resources, ({ name, version }) => [name, version]));
}

function namesWhere(versions: ReadonlyMap<string, string>, isMeant: (name: string) => boolean): string[] {
  return [...versions.keys()].filter(isMeant);
}
