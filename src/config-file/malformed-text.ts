// A text that is no JSON or YAML, as against one that is and breaks a rule.

import { FaultsError } from '../model/faults.ts';
import type { PlacedFault } from './place.ts';

/** Its faults are {@link PlacedFault}s. */
export class MalformedTextError extends FaultsError {
  constructor(faults: readonly PlacedFault[]) {
    super(faults);
  }
}
