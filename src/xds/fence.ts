// Whether every Envoy has taken the newest: what a promotion waits for before it goes on.

import { clientState, foldClients } from './client.ts';
import { awaitConvergence } from './convergence.ts';
import type { StreamHub } from './stream-hub.ts';

export interface Acked {
  readonly acked: number;
  readonly total: number;
  /** Who has not, or refuses it, or is gone, and may run on with what it had: node ids, each once. */
  readonly missing: readonly string[];
}

/**
 * Resolves when every Envoy has taken what is published when it is called, or when the time is up.
 * @param returningUntilMs by the monotonic clock: until then Envoys that nobody knows of may come back, and have what
 * was published before.
 */
export async function awaitAcks(hub: StreamHub, timeoutMs: number, returningUntilMs: number): Promise<Acked> {
  const { settled, waiting, unasked, gone } = await awaitConvergence(hub, { timeoutMs, returningUntilMs });
  const clients = foldClients([...settled, ...waiting], unasked);
  const others = clients.filter((client) => clientState(client) !== 'synced');
  const missing = [...new Set([...others.map(({ node }) => node.id), ...gone])].sort();
  return { acked: clients.length - others.length, total: clients.length + gone.length, missing };
}
