// What the API may ask of the control plane: the one way in.

import type { Change } from '../inventory/change.ts';

export { StoreError } from '../store/store.ts';

/** What a commit did. */
export interface CommitResult {
  /** False when nothing was staged that differs from what is committed: nothing was pushed. */
  readonly changed: boolean;
}

/** A commit that was refused before anything was persisted or published: what is staged stays staged. */
export class CommitError extends Error {
  override readonly name = 'CommitError';
}

export interface Control {
  /** Stages one change, durably when it returns. Throws InventoryError or StoreError, and then nothing has changed. */
  stage(change: Change): void;
  /** Publishes everything staged as one snapshot, durably when it returns. Throws CommitError or StoreError, and then nothing has changed. */
  commit(): CommitResult;
}
