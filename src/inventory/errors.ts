// The closed catalogue of what the inventory refuses. Imports nothing.

/** Stable codes; /api/v1 answers `message` as it is, /api/v2 will map the code to a status. */
export type InventoryErrorCode =
  | 'missing-parameter'
  | 'invalid-parameter'
  | 'cluster-exists'
  | 'prefix-exists'
  | 'cluster-not-found'
  | 'cluster-has-endpoints'
  | 'cluster-is-sharded'
  | 'cluster-not-plain'
  | 'endpoint-is-primary'
  | 'too-many-objects'
  | 'endpoint-exists'
  | 'endpoint-not-found';

/** A change that breaks a rule; nothing was changed. `message` names the rule, and for values the field and the value. */
export class InventoryError extends Error {
  override readonly name = 'InventoryError';
  readonly code: InventoryErrorCode;

  constructor(code: InventoryErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
