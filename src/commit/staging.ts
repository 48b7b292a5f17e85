// What is declared in its two views: what is committed, and what is staged, which is what is committed with the staged
// objects laid over it. An object that is staged as it is committed is not staged.

import { SortedByName } from '../collections/sorted-by-name.ts';
import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import { InventoryError } from '../inventory/errors.ts';
import { Inventory } from '../inventory/inventory.ts';
import { maxClusters, maxListeners } from '../model/limits.ts';
import type { Cluster, Config, Listener, ObjectKind } from '../model/objects.ts';
import type { CommitEntry, Deed, LogState, ObjectRef, StagedObject } from '../store/log-store.ts';
import type { Declarations, View } from './desk.ts';
import { isSameObject } from './differences.ts';

const maxObjects: Readonly<Record<ObjectKind, number>> = { cluster: maxClusters, listener: maxListeners };

export class Staging implements Declarations {
  #revision: number;
  #lastEntry: number;
  #committedClusters: SortedByName<Cluster>;
  #committedListeners: SortedByName<Listener>;
  readonly #clusters: Inventory;
  readonly #listeners: Map<string, Listener>;
  // By kind and name.
  readonly #staged = new Map<string, StagedObject>();

  constructor({ revision, lastEntry, committed, staged }: LogState) {
    this.#revision = revision;
    this.#lastEntry = lastEntry;
    this.#committedClusters = SortedByName.of(committed.clusters);
    this.#committedListeners = SortedByName.of(committed.listeners);
    this.#clusters = new Inventory(committed.clusters);
    this.#listeners = new Map(committed.listeners.map((listener) => [listener.name, listener]));
    for (const each of staged) this.#lay(each);
  }

  get revision(): number {
    return this.#revision;
  }

  get lastEntry(): number {
    return this.#lastEntry;
  }

  get staged(): readonly StagedObject[] {
    return [...this.#staged.values()].sort(compareRefs);
  }

  get committedClusters(): SortedByName<Cluster> {
    return this.#committedClusters;
  }

  get committedListeners(): SortedByName<Listener> {
    return this.#committedListeners;
  }

  /** With the rules for every change; what it gives is staged by {@link noteStaged} alone. */
  get inventory(): Inventory {
    return this.#clusters;
  }

  get stagedClusters(): Clusters {
    return this.#clusters.clusters;
  }

  get(view: View, kind: ObjectKind, name: string): Cluster | Listener | undefined {
    return this.#all(view, kind).get(name);
  }

  list(view: View, kind: 'cluster'): readonly Cluster[];
  list(view: View, kind: 'listener'): readonly Listener[];
  list(view: View, kind: ObjectKind): readonly (Cluster | Listener)[] {
    const values = [...this.#all(view, kind).values()];
    return view === 'committed' ? values : values.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What a commit would change. */
  get edits(): Edits {
    return editsOf(this.staged);
  }

  /**
   * Why the edits can't follow what is committed: after them two clusters would have one prefix. Staging keeps prefixes
   * apart, but a rollback may bring back one that is staged for another cluster.
   */
  findTwinPrefixes({ clusters }: Edits): string[] {
    if (clusters.every(({ name, after }) => this.#committedClusters.get(name)?.prefix === after?.prefix)) return [];
    const owners = new Map<string, string>();
    const after = this.#committedClusters.with(clusters.map((edit) => [edit.name, edit.after]));
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
    for (const kind of ['cluster', 'listener'] as const) {
      const added = refsOf(edits).filter((step) => step.kind === kind && step.after !== undefined);
      const isNew = ({ name }: Step): boolean => this.get('staged', kind, name) === undefined;
      const count = added.filter(isNew).length;
      if (count === 0 || this.#all('staged', kind).size + count <= maxObjects[kind]) continue;
      throw new InventoryError('too-many-objects', `${kind}s: at most ${maxObjects[kind]} are taken`);
    }
  }

  /** Edits that change what is staged, of these. */
  withoutIdle(edits: Edits): Edits {
    const changes = ({ kind, name, after }: Step): boolean => !isSameObject(this.get('staged', kind, name), after);
    return editsOf(refsOf(edits).filter(changes));
  }

  /** The edits that lead back from what is staged to what is committed. */
  editsBack(objects: readonly ObjectRef[]): Edits {
    return editsOf(objects.map(({ kind, name }) => ({ kind, name, after: this.get('committed', kind, name) })));
  }

  /** The edits after which these objects are staged, and no others. */
  editsTo(staged: readonly StagedObject[]): Edits {
    const wanted = new Set(staged.map(({ kind, name }) => keyOf(kind, name)));
    const others = this.staged.filter(({ kind, name }) => !wanted.has(keyOf(kind, name)));
    const back = others.map(({ kind, name }) => ({ kind, name, after: this.get('committed', kind, name) }));
    return this.withoutIdle(editsOf([...back, ...staged]));
  }

  /** Takes up what the log has as its entry `number`. */
  noteStaged(edits: Edits, deed: Deed, number: number): void {
    for (const { name, after } of edits.clusters) this.#lay({ kind: 'cluster', name, after, ...deed });
    for (const { name, after } of edits.listeners) this.#lay({ kind: 'listener', name, after, ...deed });
    this.#lastEntry = number;
  }

  /** Takes up what the log has as its entry `number`. */
  noteCommitted({ edits, revision }: CommitEntry, number: number): void {
    this.#committedClusters = this.#committedClusters.with(edits.clusters.map(({ name, after }) => [name, after]));
    this.#committedListeners = this.#committedListeners.with(edits.listeners.map(({ name, after }) => [name, after]));
    for (const { kind, name, after } of refsOf(edits)) {
      const staged = this.#staged.get(keyOf(kind, name));
      if (staged !== undefined && isSameObject(staged.after, after)) this.#staged.delete(keyOf(kind, name));
      else if (staged === undefined) this.#put(kind, name, after);
    }
    this.#revision = revision;
    this.#lastEntry = number;
  }

  #lay(object: StagedObject): void {
    const { kind, name, after } = object;
    if (isSameObject(this.get('committed', kind, name), after)) this.#staged.delete(keyOf(kind, name));
    else this.#staged.set(keyOf(kind, name), object);
    this.#put(kind, name, after);
  }

  #put(kind: ObjectKind, name: string, after: Cluster | Listener | undefined): void {
    if (kind === 'cluster') this.#clusters.apply({ name, after: after as Cluster | undefined });
    else if (after === undefined) this.#listeners.delete(name);
    else this.#listeners.set(name, after as Listener);
  }

  #all(view: View, kind: ObjectKind): ReadonlyMap<string, Cluster | Listener> {
    if (view === 'committed') return kind === 'cluster' ? this.#committedClusters : this.#committedListeners;
    return kind === 'cluster' ? this.#clusters.clusters : this.#listeners;
  }
}

/** An object as it is to be; undefined: it is to go. */
export interface Step extends ObjectRef {
  readonly after: Cluster | Listener | undefined;
}

/** Every object that the edits name, clusters first. */
export function refsOf(edits: Edits): Step[] {
  return [
    ...edits.clusters.map((edit) => ({ kind: 'cluster' as const, ...edit })),
    ...edits.listeners.map((edit) => ({ kind: 'listener' as const, ...edit })),
  ];
}

/** As edits, in the order given. */
export function editsOf(steps: readonly Step[]): Edits {
  const of = <T>(wanted: ObjectKind): { name: string; after: T | undefined }[] => {
    const meant = steps.filter(({ kind }) => kind === wanted);
    return meant.map(({ name, after }) => ({ name, after: after as T | undefined }));
  };
  return { clusters: of<Cluster>('cluster'), listeners: of<Listener>('listener') };
}

/** The whole of a state after edits, in order of name. */
export function applyTo({ clusters, listeners }: Config, edits: Edits): Config {
  return {
    clusters: [...SortedByName.of(clusters).with(edits.clusters.map(({ name, after }) => [name, after])).values()],
    listeners: [...SortedByName.of(listeners).with(edits.listeners.map(({ name, after }) => [name, after])).values()],
  };
}

function keyOf(kind: ObjectKind, name: string): string {
  return `${kind} ${name}`;
}

function compareRefs(a: ObjectRef, b: ObjectRef): number {
  const [x, y] = [keyOf(a.kind, a.name), keyOf(b.kind, b.name)];
  return x === y ? 0 : x < y ? -1 : 1;
}
