// A log for tests: keeps what it is given in memory, writes down every append, and fails on demand.

import { hostsOf } from '../../src/inventory/cluster.ts';
import type { ClusterEdit } from '../../src/inventory/cluster.ts';
import type { Entry, LogStore } from '../../src/store/log-store.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { StoreError } from '../../src/store/log-store.ts';

type FailingCall = 'load' | Entry['type'];

export interface LogStoreDouble extends LogStore {
  /** What it was told to append, even in vain: `stage NAME [ENDPOINTS]`, `commit NAME gone, ...; NAME drains`. */
  readonly calls: string[];
  /** The call that rejects with a StoreError, having done nothing. */
  failing: FailingCall | undefined;
  /** Called in the middle of each commit. */
  whileCommitting: () => void;
}

export function createLogStoreDouble(store: LogStore = createMemoryLogStore()): LogStoreDouble {
  const double: LogStoreDouble = {
    ...store,
    calls: [],
    failing: undefined,
    whileCommitting: () => undefined,
    load: async () => {
      failOn('load');
      return store.load();
    },
    append: async (expected, entry) => {
      double.calls.push(describeEntry(entry));
      failOn(entry.type);
      if (entry.type === 'commit') double.whileCommitting();
      return store.append(expected, entry);
    },
  };
  return double;

  function failOn(call: FailingCall): void {
    if (double.failing === call) throw new StoreError(`${call}: disk full`);
  }
}

function describeEntry(entry: Entry): string {
  if (entry.type === 'discard') return `discard ${entry.objects.map(({ name }) => name).join(', ')}`;
  if (entry.type === 'order') return `order ${entry.order} ${entry.cluster} ${entry.server}`;
  const drain = entry.type === 'commit' ? entry.draining.map(({ cluster }) => `; ${cluster.name} drains`).join('') : '';
  return `${entry.type} ${entry.edits.clusters.map(describeEdit).join(', ')}${drain}`;
}

function describeEdit({ name, after }: ClusterEdit): string {
  if (after === undefined) return `${name} gone`;
  return `${name} [${hostsOf(after).map(({ address, port }) => `${address}:${port}`).join(', ')}]`;
}
