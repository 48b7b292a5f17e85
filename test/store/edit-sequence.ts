// One endless sequence of writes, the same in every process, so that a test can tell
// from a number what a killed writer had been answered.

import type { Store } from '../../src/store/store.ts';
import { drain, put, remove } from './clusters.ts';

/** Write number `index`: mostly a staged edit, now and then a commit of several. */
export function applyWrite(store: Store, index: number): void {
  const [name, other] = [`cluster ${index % 37}`, `cluster ${(index * 7) % 37}`];
  const edits = [put('first', index), put(name, index), remove(other)];
  if (index % 10 === 9) store.saveCommit(edits, [drain(other, index), drain('last', index)]);
  else if (index % 10 === 5) store.saveStaged(remove(name));
  else store.saveStaged(put(name, 1, 2 + index));
}
