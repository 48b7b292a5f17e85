// What is declared in its two views: what is committed, and what is staged, which is what is committed with the staged
// objects laid over it. An object that is staged as it is committed is not staged.

import { SortedByName } from '../collections/sorted-by-name.ts';
import type { Clusters } from '../inventory/cluster.ts';
import { listEdits, toEdits } from '../inventory/edits.ts';
import type { Edits, ObjectEdit } from '../inventory/edits.ts';
import { InventoryError } from '../inventory/errors.ts';
import { Inventory } from '../inventory/inventory.ts';
import { byKind, listOfKind, objectKinds } from '../model/kinds.ts';
import { maxClusters, maxListeners, maxSecrets } from '../model/limits.ts';
import type { Cluster, Config, DeclaredObject, ObjectKind, ObjectsByKind } from '../model/objects.ts';
import type { CommitEntry, Deed, LogState, ObjectRef, StagedObject } from '../store/log-store.ts';
import type { Declarations, View } from './desk.ts';
import { isSameObject } from './differences.ts';

const maxObjects: Readonly<Record<ObjectKind, number>> = {
  cluster: maxClusters,
  listener: maxListeners,
  secret: maxSecrets,
};

type Committed = { readonly [Kind in ObjectKind]: SortedByName<ObjectsByKind[Kind]> };

export class Staging implements Declarations {
  #revision: number;
  #lastEntry: number;
  #logEnd: number;
  #committed: Committed;
  readonly #clusters: Inventory;
  // By name; those of clusters are in the inventory.
  readonly #others: Readonly<Record<ObjectKind, Map<string, DeclaredObject>>>;
  // By kind and name.
  readonly #staged = new Map<string, StagedObject>();

  constructor({ revision, lastEntry, committed, staged }: LogState) {
    this.#revision = revision;
    this.#lastEntry = lastEntry;
    this.#logEnd = lastEntry;
    this.#committed = sortedOf(committed);
    this.#clusters = new Inventory(committed.clusters);
    this.#others = byKind((kind) => {
      const objects: readonly DeclaredObject[] = kind === 'cluster' ? [] : committed[listOfKind[kind]];
      return new Map(objects.map((object) => [object.name, object]));
    });
    for (const each of staged) this.#lay(each);
  }

  get revision(): number {
    return this.#revision;
  }

  get lastEntry(): number {
    return this.#lastEntry;
  }

  /** The number of the last entry of the log, whatever it is about. */
  get logEnd(): number {
    return this.#logEnd;
  }

  get staged(): readonly StagedObject[] {
    return [...this.#staged.values()].sort(compareRefs);
  }

  get committedClusters(): SortedByName<Cluster> {
    return this.#committed.cluster;
  }

  /** With the rules for every change; what it gives is staged by {@link noteStaged} alone. */
  get inventory(): Inventory {
    return this.#clusters;
  }

  get stagedClusters(): Clusters {
    return this.#clusters.clusters;
  }

  get<Kind extends ObjectKind>(view: View, kind: Kind, name: string): ObjectsByKind[Kind] | undefined {
    return this.#all(view, kind).get(name) as ObjectsByKind[Kind] | undefined;
  }

  list<Kind extends ObjectKind>(view: View, kind: Kind): readonly ObjectsByKind[Kind][] {
    const values = [...this.#all(view, kind).values()] as ObjectsByKind[Kind][];
    return view === 'committed' ? values : values.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** All that is committed. */
  get committed(): Config {
    return listsOf((kind) => this.list('committed', kind));
  }

  /** What a commit would change. */
  get edits(): Edits {
    return toEdits(this.staged);
  }

  /**
   * Why the edits can't follow what is committed: after them two clusters would have one prefix. Staging keeps prefixes
   * apart, but a rollback may bring back one that is staged for another cluster.
   */
  findTwinPrefixes({ clusters }: Edits): string[] {
    if (clusters.every(({ name, after }) => this.#committed.cluster.get(name)?.prefix === after?.prefix)) return [];
    const owners = new Map<string, string>();
    const after = this.#committed.cluster.with(clusters.map((edit) => [edit.name, edit.after]));
    return Array.from(after.values()).flatMap(({ name, prefix }) => {
      const owner = prefix === undefined ? undefined : owners.get(prefix);
      if (prefix !== undefined) owners.set(prefix, name);
      if (owner === undefined) return [];
      const [a, b, both] = [owner, name, prefix].map((text) => JSON.stringify(text));
      return `clusters ${a} and ${b}: both have the prefix ${both}`;
    });
  }

  /** @throws InventoryError when more would be staged than can be committed. */
  requireRoom(edits: Edits): void {
    for (const kind of objectKinds) {
      const added = listEdits(edits).filter((step) => step.kind === kind && step.after !== undefined);
      const isNew = ({ name }: ObjectEdit): boolean => this.get('staged', kind, name) === undefined;
      const count = added.filter(isNew).length;
      if (count === 0 || this.#all('staged', kind).size + count <= maxObjects[kind]) continue;
      throw new InventoryError('too-many-objects', `${kind}s: at most ${maxObjects[kind]} are taken`);
    }
  }

  /** Edits that change what is staged, of these. */
  withoutIdle(edits: Edits): Edits {
    const changes = ({ kind, name, after }: ObjectEdit): boolean => !isSameObject(this.get('staged', kind, name), after);
    return toEdits(listEdits(edits).filter(changes));
  }

  /** The edits that lead back from what is staged to what is committed. */
  editsBack(objects: readonly ObjectRef[]): Edits {
    return toEdits(objects.map(({ kind, name }) => ({ kind, name, after: this.get('committed', kind, name) })));
  }

  /** The edits after which these objects are staged, and no others. */
  editsTo(staged: readonly StagedObject[]): Edits {
    const wanted = new Set(staged.map(({ kind, name }) => keyOf(kind, name)));
    const others = this.staged.filter(({ kind, name }) => !wanted.has(keyOf(kind, name)));
    const back = others.map(({ kind, name }) => ({ kind, name, after: this.get('committed', kind, name) }));
    return this.withoutIdle(toEdits([...back, ...staged]));
  }

  /** Takes up what the log has as its entry `number`. */
  noteStaged(edits: Edits, deed: Deed, number: number): void {
    for (const edit of listEdits(edits)) this.#lay({ ...edit, ...deed });
    this.#noteEntry(number);
  }

  /** Takes up what the log has as its entry `number`. */
  noteCommitted({ edits, revision }: CommitEntry, number: number): void {
    this.#committed = withEdits(this.#committed, edits);
    for (const { kind, name, after } of listEdits(edits)) {
      const staged = this.#staged.get(keyOf(kind, name));
      if (staged !== undefined && isSameObject(staged.after, after)) this.#staged.delete(keyOf(kind, name));
      else if (staged === undefined) this.#put(kind, name, after);
    }
    this.#revision = revision;
    this.#noteEntry(number);
  }

  /** The log has an entry that changes nothing of this. */
  noteOther(number: number): void {
    this.#logEnd = number;
  }

  #noteEntry(number: number): void {
    this.#lastEntry = number;
    this.#logEnd = number;
  }

  #lay(object: StagedObject): void {
    const { kind, name, after } = object;
    if (isSameObject(this.get('committed', kind, name), after)) this.#staged.delete(keyOf(kind, name));
    else this.#staged.set(keyOf(kind, name), object);
    this.#put(kind, name, after);
  }

  #put(kind: ObjectKind, name: string, after: DeclaredObject | undefined): void {
    if (kind === 'cluster') this.#clusters.apply({ name, after: after as Cluster | undefined });
    else if (after === undefined) this.#others[kind].delete(name);
    else this.#others[kind].set(name, after);
  }

  #all(view: View, kind: ObjectKind): ReadonlyMap<string, DeclaredObject> {
    if (view === 'committed') return this.#committed[kind];
    return kind === 'cluster' ? this.#clusters.clusters : this.#others[kind];
  }
}

/** The whole of a state after edits, in order of name. */
export function applyTo(config: Config, edits: Edits): Config {
  const after = withEdits(sortedOf(config), edits);
  return listsOf((kind) => [...after[kind].values()]);
}

function sortedOf(config: Config): Committed {
  return byKind((kind) => SortedByName.of<DeclaredObject>(config[listOfKind[kind]])) as unknown as Committed;
}

function withEdits(committed: Committed, edits: Edits): Committed {
  const after = byKind((kind) => {
    const changes = edits[listOfKind[kind]].map(({ name, after: object }) => [name, object] as const);
    return (committed[kind] as SortedByName<DeclaredObject>).with(changes);
  });
  return after as unknown as Committed;
}

function listsOf(list: (kind: ObjectKind) => readonly DeclaredObject[]): Config {
  return Object.fromEntries(objectKinds.map((kind) => [listOfKind[kind], list(kind)])) as unknown as Config;
}

function keyOf(kind: ObjectKind, name: string): string {
  return `${kind} ${name}`;
}

function compareRefs(a: ObjectRef, b: ObjectRef): number {
  const [x, y] = [keyOf(a.kind, a.name), keyOf(b.kind, b.name)];
  return x === y ? 0 : x < y ? -1 : 1;
}
