// Promotions over a desk, for tests that make none.

import type { Desk } from '../../src/commit/desk.ts';
import { clustersOf } from '../../src/failover/clusters.ts';
import { createFailoverControl } from '../../src/failover/failover-control.ts';
import type { FailoverControl, FailoverControlParts } from '../../src/failover/failover-control.ts';

/** Nothing of it is kept, and no Envoy is there to take anything. */
export function failoversOf(desk: Desk, parts: Partial<FailoverControlParts> = {}): FailoverControl {
  return createFailoverControl({
    clusters: clustersOf(() => desk),
    notes: new Map(),
    keepNote: async (_name, _text, apply) => apply(),
    fence: { acked: async () => ({ acked: 0, total: 0, missing: [] }) },
    findSecret: () => undefined,
    ...parts,
  });
}
