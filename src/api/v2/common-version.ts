// One version for what several streams of a client have of a type.

import { addDigest, digestOfVersion, versionOfSum } from '../../snapshot/resource.ts';
import type { TypeStatus } from '../../xds/stream-status.ts';

/**
 * The one that all have, or, when each stream asks for other names, as it is with one per cluster, the version of all
 * that they have together: what a stream that asks for all these names has (docs/adr/0005). Null when there is none.
 * @param versionOf '' for none.
 */
export function commonVersion(types: readonly TypeStatus[], versionOf: (type: TypeStatus) => string): string | null {
  const versions = types.map(versionOf);
  const [first = '', ...others] = new Set(versions);
  if (others.length === 0) return first === '' ? null : first;
  if (!areDisjoint(types)) return null;
  return versionOfSum(versions.reduce((sum, version) => addDigest(sum, digestOfVersion(version)), 0n));
}

function areDisjoint(types: readonly TypeStatus[]): boolean {
  const names = new Set<string>();
  let count = 0;
  for (const { subscription } of types) {
    if (subscription.wildcard) return false;
    count += subscription.names.size;
    for (const name of subscription.names) names.add(name);
  }
  return names.size === count;
}
