// A desk in memory: what is staged laid over what is committed, and a list of revisions. Publishes nothing.

import type { PublishedStatus } from '../../../src/commit/control.ts';
import { ConflictError, NoRevisionError } from '../../../src/commit/desk.ts';
import type {
  CommitOutcome,
  CommitRequest,
  Declarations,
  Desk,
  Diff,
  NumberedEntry,
  ObjectChange,
  ObjectRef,
  Plan,
  Revision,
  RollbackOutcome,
  RollbackRequest,
  StagedObject,
} from '../../../src/commit/desk.ts';
import type { Edits } from '../../../src/inventory/edits.ts';
import { InventoryError } from '../../../src/inventory/errors.ts';
import { contentOf } from '../../../src/model/canonical.ts';
import type { Cluster, Config, Listener, ObjectKind } from '../../../src/model/objects.ts';

type Declared = Cluster | Listener;
type Objects = ReadonlyMap<string, Declared>;
type Entry = NumberedEntry extends infer Each ? (Each extends unknown ? Omit<Each, 'number'> : never) : never;

interface Kept extends Revision {
  readonly objects: Objects;
}

const kinds: readonly ObjectKind[] = ['cluster', 'listener'];

export class DeskDouble implements Desk {
  /** What the next call fails with. */
  failure: Error | undefined;
  /** What guards say of a commit without `force`. */
  guards: Plan['guards'] = [];
  #staged = new Map<string, StagedObject>();
  readonly #revisions: Kept[] = [];
  readonly #entries: NumberedEntry[] = [];

  get declarations(): Declarations {
    const list = (view: 'staged' | 'committed', kind: ObjectKind) =>
      [...this.#objects(view).entries()].filter(([key]) => key.startsWith(`${kind} `)).map(([, object]) => object);
    return {
      get: (view, kind, name) => this.#objects(view).get(`${kind} ${name}`),
      list: list as Declarations['list'],
      staged: [...this.#staged.entries()].sort(byKey).map(([, object]) => object),
      revision: this.#revisions.length,
      lastEntry: this.#entries.length,
    };
  }

  status(): PublishedStatus {
    return { warnings: [], draining: [], oldRoutes: [] };
  }

  async stage(decide: (declarations: Declarations) => Edits, author: string): Promise<void> {
    this.#failIfTold();
    const edits = decide(this.declarations);
    const staged = new Map(this.#staged);
    for (const kind of kinds) {
      for (const { name, after } of kind === 'cluster' ? edits.clusters : edits.listeners) {
        const key = `${kind} ${name}`;
        if (isSame(this.#objects('committed').get(key), after)) staged.delete(key);
        else staged.set(key, { kind, name, after, author, atMs: Date.now() });
      }
    }
    checkPrefixes(lay(this.#objects('committed'), staged.values()));
    this.#staged = staged;
    if (edits.clusters.length + edits.listeners.length > 0) this.#append({ type: 'stage', author, atMs: Date.now(), edits });
  }

  async discard(objects: readonly ObjectRef[] | 'all', author: string): Promise<readonly ObjectRef[]> {
    this.#failIfTold();
    const wanted = objects === 'all' ? this.declarations.staged : objects;
    const gone = wanted.filter(({ kind, name }) => this.#staged.delete(`${kind} ${name}`));
    if (gone.length > 0) this.#append({ type: 'discard', author, atMs: Date.now(), objects: gone });
    return gone;
  }

  async plan(): Promise<Plan> {
    this.#failIfTold();
    const { changes } = await this.diff();
    const { revision } = this.declarations;
    return { token: this.#token, revision, changes, errors: [], guards: this.guards, warnings: [], resources: [] };
  }

  async diff(from?: number, to?: number): Promise<Diff> {
    this.#failIfTold();
    const before = from === undefined ? this.#objects('committed') : this.#contentOf(from);
    return { changes: compare(before, to === undefined ? this.#objects('staged') : this.#contentOf(to)) };
  }

  async commit({ author, message = '', force, expectedRevision, plan }: CommitRequest): Promise<CommitOutcome> {
    this.#failIfTold();
    if (plan !== undefined && plan !== this.#token) throw new ConflictError('stale-plan', 'plan: something has changed since');
    this.#check(force, expectedRevision);
    const next = this.#objects('staged');
    const outcome = this.#revise(next, author, message);
    this.#staged.clear();
    return outcome;
  }

  async rollback({ author, message = '', force, expectedRevision, revision }: RollbackRequest): Promise<RollbackOutcome> {
    this.#failIfTold();
    this.#check(force, expectedRevision);
    const rollbackTo = revision ?? this.#revisions.length - 1;
    if (rollbackTo < 1) throw new NoRevisionError('there is no revision before the newest');
    const outcome = this.#revise(this.#contentOf(rollbackTo), author, message, rollbackTo);
    const stillStaged = outcome.changes.filter(({ kind, name }) => this.#staged.has(`${kind} ${name}`));
    return { ...outcome, rollbackTo, stillStaged };
  }

  async revisions(before: number, limit: number): Promise<readonly Revision[]> {
    return this.#revisions.filter(({ revision }) => revision < before).toReversed().slice(0, limit);
  }

  async content(revision: number): Promise<Config> {
    const objects = [...this.#contentOf(revision)];
    const of = (kind: ObjectKind) => objects.filter(([key]) => key.startsWith(`${kind} `)).map(([, object]) => object);
    return { clusters: of('cluster') as Cluster[], listeners: of('listener') as Listener[] };
  }

  async entriesAfter(number: number, limit: number): Promise<readonly NumberedEntry[]> {
    return this.#entries.slice(number, number + limit);
  }

  async backup(): Promise<void> {
    throw new Error('there is nothing to copy');
  }

  get #token(): string {
    return `plan-${this.#entries.length}`;
  }

  #failIfTold(): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #check(force = false, expectedRevision?: number): void {
    const { revision } = this.declarations;
    if (expectedRevision !== undefined && expectedRevision !== revision) {
      throw new ConflictError('stale-revision', `expected_revision ${expectedRevision}: the newest is ${revision}`);
    }
    if (!force && this.guards.length > 0) throw new ConflictError('guard', 'a guard refuses it', this.guards);
  }

  #objects(view: 'staged' | 'committed'): Objects {
    const committed = this.#revisions.at(-1)?.objects ?? new Map();
    return view === 'committed' ? committed : lay(committed, this.#staged.values());
  }

  #contentOf(revision: number): Objects {
    const kept = revision === 0 ? { objects: new Map() } : this.#revisions[revision - 1];
    if (kept === undefined) throw new NoRevisionError(`revision ${revision}: no such revision`);
    return kept.objects;
  }

  #revise(objects: Objects, author: string, message: string, rollbackTo?: number): CommitOutcome {
    const changes = compare(this.#objects('committed'), objects);
    if (changes.length === 0) return { changed: false, revision: this.#revisions.length, changes };
    const revision = this.#revisions.length + 1;
    const atMs = Date.now();
    const count = (kind: ObjectKind) => {
      const of = (change: string) => changes.filter((each) => each.kind === kind && each.change === change).length;
      return { added: of('added'), changed: of('changed'), removed: of('removed') };
    };
    const summary = { cluster: count('cluster'), listener: count('listener') };
    this.#revisions.push({ revision, author, atMs, message, rollbackTo, summary, objects });
    const edits: Edits = {
      clusters: changes.filter(({ kind }) => kind === 'cluster').map(({ name, after }) => ({ name, after: after as Cluster })),
      listeners: changes.filter(({ kind }) => kind === 'listener').map(({ name, after }) => ({ name, after: after as Listener })),
    };
    const routes = { catchAll: undefined, old: [] };
    this.#append({ type: 'commit', author, atMs, revision, message, rollbackTo, edits, draining: [], routes });
    return { changed: true, revision, changes };
  }

  #append(entry: Entry): void {
    this.#entries.push({ ...entry, number: this.#entries.length + 1 });
  }
}

function lay(committed: Objects, staged: Iterable<StagedObject>): Objects {
  const laid = new Map(committed);
  for (const { kind, name, after } of staged) {
    if (after === undefined) laid.delete(`${kind} ${name}`);
    else laid.set(`${kind} ${name}`, after);
  }
  return new Map([...laid].sort(byKey));
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function checkPrefixes(objects: Objects): void {
  const prefixes = [...objects.values()].flatMap((object) => ('prefix' in object && object.prefix !== undefined ? [object.prefix] : []));
  if (new Set(prefixes).size < prefixes.length) throw new InventoryError('prefix-exists', 'prefix already exists');
}

function compare(before: Objects, after: Objects): ObjectChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key): ObjectChange[] => {
    const [old, now] = [before.get(key), after.get(key)];
    if (isSame(old, now)) return [];
    const [kind, name] = [key.split(' ')[0] as ObjectKind, key.slice(key.indexOf(' ') + 1)];
    if (old === undefined || now === undefined) {
      return [{ kind, name, change: old === undefined ? 'added' : 'removed', before: old, after: now, fields: [] }];
    }
    const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    const fields = names
      .map((field) => ({ field, before: Reflect.get(old, field) as unknown, after: Reflect.get(now, field) as unknown }))
      .filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after));
    return [{ kind, name, change: 'changed', before: old, after: now, fields }];
  });
}

function isSame(a: Declared | undefined, b: Declared | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && contentOf(a) === contentOf(b));
}
