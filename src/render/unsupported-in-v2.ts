// What Envoys that speak v2 are not told, since that API has no field for it; of all that is declared.

import type { Cluster, Listener } from '../model/objects.ts';
import { findHealthUnsupportedInV2 } from './health.ts';
import { findListenersUnsupportedInV2 } from './listener-in-v2.ts';
import { findPoliciesUnsupportedInV2 } from './load-balancing.ts';
import { findNamesUnsupportedInV2 } from './named-hosts.ts';
import { findReadsUnsupportedInV2 } from './reads-in-v2.ts';
import { findAuthUnsupportedInV2 } from './redis-auth.ts';

/** One line each. */
export function findUnsupportedInV2(clusters: readonly Cluster[], listeners: readonly Listener[]): string[] {
  return [
    ...findPoliciesUnsupportedInV2(clusters),
    ...findHealthUnsupportedInV2(clusters),
    ...findNamesUnsupportedInV2(clusters),
    ...findReadsUnsupportedInV2(clusters, listeners),
    ...findAuthUnsupportedInV2(clusters, listeners),
    ...findListenersUnsupportedInV2(listeners),
  ];
}
