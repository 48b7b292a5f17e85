// Errors of the parts below, each as the problem that tells of it.

import { ConflictError, NoRevisionError, OrderError } from '../../commit/desk.ts';
import { BackupError, CommitError } from '../../commit/published.ts';
import { MalformedTextError } from '../../config-file/malformed-text.ts';
import type { PlacedFault } from '../../config-file/place.ts';
import { InventoryError } from '../../inventory/errors.ts';
import type { InventoryErrorCode } from '../../inventory/errors.ts';
import { FailoverError } from '../../failover/failovers.ts';
import { FaultsError } from '../../model/faults.ts';
import { NoSecretKeyError } from '../../secrets/key-file.ts';
import { BodyError } from '../body.ts';
import type { FaultMessage } from './messages.ts';
import { ProblemError } from './problem.ts';

const maxFaults = 1_000;
const maxShownValue = 200;

const inventoryStatuses: Readonly<Record<InventoryErrorCode, number>> = {
  'missing-parameter': 422,
  'invalid-parameter': 422,
  'cluster-exists': 409,
  'prefix-exists': 409,
  'cluster-has-endpoints': 409,
  'cluster-is-sharded': 409,
  'cluster-not-plain': 409,
  'endpoint-is-primary': 409,
  'too-many-objects': 409,
  'endpoint-exists': 409,
  'cluster-not-found': 404,
  'endpoint-not-found': 404,
};

/** Undefined: it is a fault of this program. */
export function toProblem(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof FaultsError) return toFaultsProblem(error);
  if (error instanceof BodyError) return new ProblemError(error.status, error.message);
  if (error instanceof ConflictError) {
    const { code, findings } = error;
    return new ProblemError(409, error.message, { code, ...(findings.length === 0 ? {} : { findings }) });
  }
  if (error instanceof OrderError) return new ProblemError(409, error.message, { code: error.code });
  if (error instanceof FailoverError) return new ProblemError(409, error.message, { code: error.code });
  if (error instanceof InventoryError) {
    return new ProblemError(inventoryStatuses[error.code], error.message, { code: error.code });
  }
  if (error instanceof NoSecretKeyError) return new ProblemError(409, error.message, { code: 'no-secret-key' });
  if (error instanceof BackupError) return new ProblemError(422, error.message);
  if (error instanceof NoRevisionError) return new ProblemError(404, error.message);
  if (error instanceof CommitError) return new ProblemError(409, error.message);
  // Of Express, for a path with a percent sign that begins no character.
  if (error instanceof URIError) return new ProblemError(400, 'the path must be percent-encoded UTF-8');
  return undefined;
}

function toFaultsProblem(error: FaultsError): ProblemError {
  const faults: readonly PlacedFault[] = error.faults;
  const status = error instanceof MalformedTextError ? 400 : 422;
  return new ProblemError(status, error.message, { faults: faults.slice(0, maxFaults).map(buildFaultMessage) });
}

function buildFaultMessage({ value, ...fault }: PlacedFault): FaultMessage {
  return value === undefined ? fault : { ...fault, value: shorten(value) };
}

// Whoever sent it has all of it.
function shorten(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= maxShownValue ? value : `${text.slice(0, maxShownValue)}…`;
}
