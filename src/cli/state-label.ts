// The states of a client and its types, as a terminal shows them.

import { styleText } from 'node:util';

import type { SyncState } from '../api/v2/messages.ts';

const labels = {
  synced: ['in sync', 'green'],
  stale: ['stale', 'yellow'],
  error: ['rejected', 'red'],
  'not-sent': ['waiting', 'yellow'],
} as const;

/** The word for a state. */
export function stateLabel(state: SyncState): string {
  return labels[state][0];
}

/** The word in its colour, where standard output shows colours. */
export function coloredStateLabel(state: SyncState): string {
  const [label, color] = labels[state];
  return styleText(color, label, { stream: process.stdout });
}
