// Whom an operator wants to see in sync, whoever else is there.

import { clientState } from './client.ts';
import type { Client } from './client.ts';

/** What must hold, both of it where both is given. */
export interface Expectation {
  /** So many nodes are in sync. */
  readonly atLeast: number | undefined;
  /** These are, by id. */
  readonly nodeIds: readonly string[];
}

/** How it stands. */
export interface Expected {
  /** Nodes that are in sync on each of their connections. */
  readonly inSync: number;
  /** Ids of those that are expected and not in sync, connected or not, as they were given. */
  readonly missing: readonly string[];
  readonly isMet: boolean;
}

export function checkExpectation({ atLeast = 0, nodeIds }: Expectation, clients: readonly Client[]): Expected {
  const isInSync = new Map<string, boolean>();
  for (const client of clients) {
    const { id } = client.node;
    isInSync.set(id, isInSync.get(id) !== false && clientState(client) === 'synced');
  }
  const inSync = isInSync.values().reduce((count, each) => count + (each ? 1 : 0), 0);
  const missing = nodeIds.filter((id) => isInSync.get(id) !== true);
  return { inSync, missing, isMet: inSync >= atLeast && missing.length === 0 };
}
