// Steps from one state of what is declared to the next.

import type { Listener } from '../model/objects.ts';
import type { ClusterEdit } from './cluster.ts';

/** As {@link ClusterEdit}. */
export interface ListenerEdit {
  readonly name: string;
  readonly after: Listener | undefined;
}

/** Of each object there is one edit at most. */
export interface Edits {
  readonly clusters: readonly ClusterEdit[];
  readonly listeners: readonly ListenerEdit[];
}

export const noEdits: Edits = { clusters: [], listeners: [] };
