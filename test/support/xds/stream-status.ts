// Statuses of streams that there are not.

import { SubscriptionTable } from '../../../src/snapshot/subscription.ts';
import type { Subscription } from '../../../src/snapshot/subscription.ts';
import type { StreamStatus, TypeStatus } from '../../../src/xds/stream-status.ts';
import { typeUrlOf } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';

const subscriptions = new SubscriptionTable();

/** To these names, or to everything. */
export function subscriptionTo(names?: readonly string[]): Subscription {
  return subscriptions.intern(names === undefined, names ?? []);
}

/** In sync, with everything, by v3, unless `fields` say otherwise. */
export function buildTypeStatus(kind: Kind, fields: Partial<TypeStatus> = {}): TypeStatus {
  return {
    kind,
    typeUrl: typeUrlOf('v3', kind),
    state: 'synced',
    versionSent: 'v-1',
    versionAccepted: 'v-1',
    isEarlierInForce: false,
    unansweredSinceMs: undefined,
    updatedAtMs: undefined,
    lastNack: undefined,
    pause: undefined,
    subscription: subscriptionTo(),
    bytesSent: 1,
    taken: undefined,
    ...fields,
  };
}

/** A stream of node `n` at peer `p`, aggregated, v3, state of the world, unless `fields` say otherwise. */
export function buildStreamStatus(types: readonly TypeStatus[], fields: Partial<StreamStatus> = {}): StreamStatus {
  return {
    method: { apiVersion: 'v3', protocol: 'sotw', kind: undefined },
    peer: 'p',
    node: nodeOf('n'),
    openedAtMs: 0,
    hasSnapshot: true,
    unwrittenSinceMs: undefined,
    types,
    unknownTypeUrls: [],
    ...fields,
  };
}

export function nodeOf(id: string, cluster = 'redis'): NonNullable<StreamStatus['node']> {
  return { id, cluster, userAgentName: 'envoy', userAgentVersion: '1.40.0' };
}
