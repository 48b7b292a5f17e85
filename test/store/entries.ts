// Entries of the log, and stores as they read back, for the store's tests.

import type { TestContext } from 'node:test';

import type { ClusterEdit } from '../../src/inventory/cluster.ts';
import type { DrainingCluster } from '../../src/inventory/draining.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import type { Edits, ListenerEdit, SecretEdit } from '../../src/inventory/edits.ts';
import { parseListener } from '../../src/model/parse.ts';
import type { OrderVerb } from '../../src/orders/order.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import type { CommitEntry, DiscardEntry, Entry, LogStore, ObjectRef } from '../../src/store/log-store.ts';
import type { OrderEntry, StageEntry } from '../../src/store/log-store.ts';
import { openSqliteLogStore } from '../../src/store/sqlite-log-store.ts';
import { sealed } from '../support/test-vault.ts';
import { makeDirectory } from './clusters.ts';

export const deed = { author: 'alice', atMs: 1_700_000_000_000 };

export function editsOf(...clusters: readonly ClusterEdit[]): Edits {
  return { ...noEdits, clusters };
}

/** The edit that puts a Redis listener at a port of every address. */
export function putListener(name: string, port: number): ListenerEdit {
  return { name, after: parseListener({ name, address: `0.0.0.0:${port}` }) };
}

export function putSecret(name: string, value: string): SecretEdit {
  return { name, after: sealed({ name, kind: 'password', value }) };
}

export function stage(...clusters: readonly ClusterEdit[]): StageEntry {
  return { type: 'stage', ...deed, edits: editsOf(...clusters) };
}

export function discard(...objects: readonly ObjectRef[]): DiscardEntry {
  return { type: 'discard', ...deed, objects };
}

export function order(verb: OrderVerb, cluster: string, server: string): OrderEntry {
  return { type: 'order', ...deed, order: verb, cluster, server };
}

type Rest = Partial<Omit<CommitEntry, 'type' | 'revision'>>;

export function commit(revision: number, clusters: readonly ClusterEdit[], rest: Rest = {}): CommitEntry {
  const edits = editsOf(...clusters);
  const routes = { catchAll: undefined, old: [], mirrors: [{ cluster: 'a', mirror: 'b', untilMs: 7 }] };
  return { type: 'commit', ...deed, revision, message: `revision ${revision}`, edits, draining: [], routes, ...rest };
}

export function drainAs(drained: DrainingCluster, untilMs: number, followed?: string): DrainingCluster {
  return { ...drained, untilMs, followed };
}

/** Appends them, each after the one before; gives the last number. */
export async function appendAll(store: LogStore, ...entries: readonly Entry[]): Promise<number> {
  let { lastEntry } = await store.load();
  for (const entry of entries) {
    const number = await store.append(lastEntry, entry);
    if (number !== lastEntry + 1) throw new Error(`entry ${lastEntry + 1} was given the number ${number}`);
    lastEntry = number;
  }
  return lastEntry;
}

export function openStore(directory: string, keptRevisions?: number): LogStore {
  return openSqliteLogStore(directory, { nowMs: 1_800_000_000_000, keptRevisions });
}

/** Closed with the test. */
export function openUntilEnd(t: TestContext, directory: string, keptRevisions?: number): LogStore {
  const store = openStore(directory, keptRevisions);
  t.after(() => store.close());
  return store;
}

export const twins: Readonly<Record<string, (t: TestContext, keptRevisions?: number) => LogStore>> = {
  memory: (_t, keptRevisions) => createMemoryLogStore(keptRevisions),
  sqlite: (t, keptRevisions) => openUntilEnd(t, makeDirectory(t), keptRevisions),
};

/** As JSON has it: with what is undefined left out, whoever wrote it. */
export function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
