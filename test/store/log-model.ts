// What a log must answer, worked out in the simplest way: every state is kept whole, and compared.

import { listEdits } from '../../src/inventory/edits.ts';
import type { Edits } from '../../src/inventory/edits.ts';
import type { Endpoint } from '../../src/model/objects.ts';
import { byKind, listOfKind, objectKinds } from '../../src/model/kinds.ts';
import type { GivenOrder } from '../../src/orders/order.ts';
import type { Entry, Revision } from '../../src/store/log-store.ts';
import { toPlain } from './entries.ts';

/** By kind and name; null: it is to go. */
type Objects = Readonly<Record<string, object | null>>;

const compare = (a: string, b: string) => (a < b ? -1 : 1);
const text = (value: unknown) => JSON.stringify(value);

export class LogModel {
  readonly #keptRevisions: number;
  readonly #entries: { number: number; type: string; author: string; atMs: number }[] = [];
  /** Of each revision; at 0 that of before the first. */
  readonly #contents: Objects[] = [{}];
  readonly #revisions: (Revision & { entry: number })[] = [];
  #staged: Readonly<Record<string, { after: object | null; author: string; atMs: number }>> = {};
  #draining: unknown = [];
  #routes: unknown;
  #orders: readonly GivenOrder[] = [];

  constructor(keptRevisions: number) {
    this.#keptRevisions = keptRevisions;
  }

  get lastEntry(): number {
    return this.#entries.length;
  }

  get revision(): number {
    return this.#revisions.length;
  }

  append(entry: Entry): void {
    const { type, author, atMs } = entry;
    this.#entries.push({ number: this.lastEntry + 1, type, author, atMs });
    if (type === 'discard') this.#unstage(entry.objects.map(({ kind, name }) => `${kind} ${name}`));
    else if (type === 'order') this.#order(entry);
    else if (type === 'stage') {
      const laid = Object.entries(flatten(entry.edits)).map(([key, after]) => [key, { after, author, atMs }]);
      this.#staged = { ...this.#staged, ...Object.fromEntries(laid) };
    } else {
      const before = this.#contents.at(-1) ?? {};
      const content = withoutNulls({ ...before, ...flatten(entry.edits) });
      this.#contents.push(content);
      const { revision, message, rollbackTo } = entry;
      const summary = byKind((kind) => count(kind, before, content));
      this.#revisions.push({ revision, message, rollbackTo, author, atMs, summary, entry: this.lastEntry });
      this.#draining = entry.draining.toSorted((a, b) => compare(a.cluster.name, b.cluster.name));
      this.#routes = entry.routes;
      const edited = new Set(entry.edits.clusters.map(({ name }) => name));
      this.#orders = this.#orders.filter((order) => {
        return isUnder(order, entry.atMs) && (!edited.has(order.cluster) || hasServer(content, order));
      });
    }
    const committed = this.#contents.at(-1) ?? {};
    const isCommitted = (key: string) => text(this.#staged[key]?.after) === text(committed[key] ?? null);
    this.#unstage(Object.keys(this.#staged).filter(isCommitted));
  }

  observe(): unknown {
    const committed = this.#contents.at(-1) ?? {};
    const kept = this.#revisions.slice(-this.#keptRevisions);
    const begin = kept[0] === undefined || kept[0].revision === 1 ? 1 : kept[0].entry;
    return toPlain({
      lastEntry: this.lastEntry,
      revision: this.revision,
      committed: Object.fromEntries(objectKinds.map((kind) => [listOfKind[kind], listOf(kind, committed)])),
      staged: Object.keys(this.#staged).sort(compare).map((key) => {
        const { after, author, atMs } = this.#staged[key] ?? {};
        return { kind: kindOf(key), name: nameOf(key), after: after ?? undefined, author, atMs };
      }),
      draining: this.#draining,
      routes: this.#routes,
      orders: this.#orders,
      entries: this.#entries.filter(({ number }) => number >= begin),
      revisions: kept.map(({ entry: _entry, ...revision }) => revision).reverse(),
      ways: Array.from({ length: this.revision + 2 }, (_, number) => {
        const isKept = kept.some(({ revision }) => revision === number);
        return isKept ? wayTo(committed, this.#contents[number] ?? {}) : 'none';
      }),
    });
  }

  #order(entry: Entry & { readonly type: 'order' }): void {
    const { type: _type, ...order } = entry;
    const others = this.#orders.filter(({ cluster, server, ...rest }) => {
      return isUnder(rest, order.atMs) && !(cluster === order.cluster && server === order.server);
    });
    const stands = order.order === 'drain' || order.order === 'disable';
    const key = ({ cluster, server }: GivenOrder) => `${cluster}\n${server}`;
    this.#orders = [...others, ...(stands ? [order] : [])].sort((a, b) => compare(key(a), key(b)));
  }

  #unstage(keys: readonly string[]): void {
    this.#staged = Object.fromEntries(Object.entries(this.#staged).filter(([key]) => !keys.includes(key)));
  }
}

function isUnder({ untilMs }: Pick<GivenOrder, 'untilMs'>, nowMs: number): boolean {
  return untilMs === undefined || untilMs > nowMs;
}

function hasServer(content: Objects, { cluster, server }: GivenOrder): boolean {
  const { endpoints = [] } = (content[`cluster ${cluster}`] ?? {}) as { readonly endpoints?: readonly Endpoint[] };
  return endpoints.some(({ address, port }) => `${address}:${port}` === server);
}

function flatten(edits: Edits): Objects {
  return Object.fromEntries(listEdits(edits).map(({ kind, name, after = null }) => [`${kind} ${name}`, after]));
}

function withoutNulls(objects: Objects): Objects {
  return Object.fromEntries(Object.entries(objects).filter(([, object]) => object !== null));
}

function listOf(kind: string, objects: Objects): unknown[] {
  return Object.keys(objects).filter((key) => kindOf(key) === kind).sort(compare).map((key) => objects[key]);
}

function differing(kind: string, before: Objects, after: Objects): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compare);
  return keys.filter((key) => kindOf(key) === kind && text(before[key]) !== text(after[key]));
}

function count(kind: string, before: Objects, after: Objects) {
  const keys = differing(kind, before, after);
  const added = keys.filter((key) => !(key in before)).length;
  const removed = keys.filter((key) => !(key in after)).length;
  return { added, changed: keys.length - added - removed, removed };
}

function wayTo(from: Objects, to: Objects) {
  const lists = objectKinds.map((kind) => {
    return [listOfKind[kind], differing(kind, from, to).map((key) => ({ name: nameOf(key), after: to[key] }))];
  });
  return Object.fromEntries(lists) as object;
}

function kindOf(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1);
}
