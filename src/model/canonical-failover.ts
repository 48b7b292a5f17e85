// One form for what is declared of failover.

import type { z } from 'zod';

import { canonicalUpstreamTls } from './canonical-tls.ts';
import { compareText } from './compare-text.ts';
import type { failoverSchema } from './failover.ts';
import type { Failover } from './objects.ts';
import { canonicalPrimary as canonicalAddress } from './primary.ts';

/** Undefined: by nobody. Addresses in one spelling, lists sorted, fields in order. */
export function canonicalFailover(failover: z.output<typeof failoverSchema> | undefined): Failover | undefined {
  if (failover === undefined || failover.by === 'none') return undefined;
  if (failover.by === 'controlplane') {
    const { by, down_after, cooldown, max_lag } = failover;
    return { by, down_after, cooldown, max_lag };
  }
  const { by, master, sentinels, nat_map: natMap, username, password, tls } = failover;
  const mapped = Object.entries(natMap ?? {}).map(([from, to]) => [canonicalAddress(from), canonicalAddress(to)] as const);
  return {
    by,
    master,
    sentinels: sentinels.map(canonicalAddress).sort(),
    nat_map: mapped.length === 0 ? undefined : Object.fromEntries(mapped.sort(([a], [b]) => compareText(a, b))),
    username,
    password,
    tls: canonicalUpstreamTls(tls),
  };
}
