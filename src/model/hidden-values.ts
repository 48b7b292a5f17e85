// Faults tell what is there; of what may be a secret, and of what may hold one, they do not.

import type { Fault } from './faults.ts';

// A password that was written where its secret is to be named, or in a field that is not there.
const ofAuth = /\/[^/]*(?:auth|pass|pwd|secret|credential)[^/]*(?:\/|$)/iu;
const harmlessOfAuth = /\/(?:username|secret)$/u;
const harmlessOfSecret = /\/(?:name|kind|fingerprint|labels(?:\/.*)?)$/u;

/** Of faults of clusters and listeners. */
export function hideAuthValues(faults: readonly Fault[]): Fault[] {
  return hide(faults, (pointer) => ofAuth.test(pointer) && !harmlessOfAuth.test(pointer));
}

/** Of faults of secrets: all but what is known to be harmless. */
export function hideSecretValues(faults: readonly Fault[]): Fault[] {
  return hide(faults, (pointer) => !harmlessOfSecret.test(pointer));
}

function hide(faults: readonly Fault[], isHidden: (pointer: string) => boolean): Fault[] {
  return faults.map((fault) => (isHidden(fault.pointer) ? { ...fault, value: undefined } : fault));
}
