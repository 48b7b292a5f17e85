// A store for tests: keeps what it is given in memory, writes down every call, and fails on demand.

import { hostsOf } from '../../src/inventory/cluster.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { StoreError } from '../../src/store/store.ts';
import type { Store, StoredState } from '../../src/store/store.ts';

type FailingCall = 'load' | 'saveStaged' | 'saveCommit';

export interface StoreDouble extends Store {
  /** What it was told to save, even in vain: `staged NAME [ENDPOINTS]`, `commit NAME gone, ...; NAME drains`. */
  readonly calls: string[];
  /** The call that throws a StoreError, having done nothing. */
  failing: FailingCall | undefined;
  /** Called in the middle of each saveCommit. */
  whileSavingCommit: () => void;
}

/** @param initial what `load` gives, whatever is saved; default: what was saved. */
export function createStoreDouble(initial?: StoredState): StoreDouble {
  const store = createMemoryStore();
  const double: StoreDouble = {
    calls: [],
    failing: undefined,
    whileSavingCommit: () => undefined,
    load: () => {
      failOn('load');
      return initial ?? store.load();
    },
    saveStaged: (edit) => {
      double.calls.push(`staged ${describeEdit(edit)}`);
      failOn('saveStaged');
      store.saveStaged(edit);
    },
    saveCommit: (edits, draining = [], routes) => {
      const drain = draining.map(({ cluster }) => `; ${cluster.name} drains`).join('');
      double.calls.push(`commit ${edits.map(describeEdit).join(', ')}${drain}`);
      failOn('saveCommit');
      double.whileSavingCommit();
      store.saveCommit(edits, draining, routes);
    },
    close: () => store.close(),
  };
  return double;

  function failOn(call: FailingCall): void {
    if (double.failing === call) throw new StoreError(`${call}: disk full`);
  }
}

function describeEdit({ name, after }: { readonly name: string; readonly after: Cluster | undefined }): string {
  if (after === undefined) return `${name} gone`;
  return `${name} [${hostsOf(after).map(({ address, port }) => `${address}:${port}`).join(', ')}]`;
}
