// The one write path over a log in memory, for tests that need no file.

import { ControlPlane } from '../../src/commit/control-plane.ts';
import type { ControlPlaneParts } from '../../src/commit/control-plane.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { defaultOptions } from '../render/examples.ts';
import { openSecret } from './test-vault.ts';

/** @param parts in place of the usual ones. */
export function openDesk(parts: Partial<ControlPlaneParts> = {}): Promise<ControlPlane> {
  return ControlPlane.open({
    store: createMemoryLogStore(),
    snapshots: new SnapshotCache(),
    renderOptions: { ...defaultOptions, openSecret },
    ...parts,
  });
}
