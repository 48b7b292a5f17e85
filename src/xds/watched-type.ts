// One type on a stream, and what there is to tell of it.

import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { RequestHead } from './discovery-request.ts';
import type { ListenerPacing } from './listener-pacing.ts';
import type { Nack, SyncState, TypeStatus } from './stream-status.ts';
import type { Watch } from './watch.ts';

export interface WatchedType {
  readonly kind: ResourceKind;
  readonly watch: Watch<RequestHead>;
  bytesSent: number;
  /** When a response was last sent or answered. */
  updatedAtMs: number | undefined;
  lastNack: Nack | undefined;
  /** When a response was last accepted, by the monotonic clock. */
  acceptedAtMs: number;
}

/** What only the stream knows of it. */
interface Circumstances {
  readonly typeUrl: string;
  readonly state: SyncState;
  /** Of listeners. */
  readonly pacing: ListenerPacing | undefined;
  /** All endpoints that are published; asked only when it matters, since they are made when they are asked for. */
  readonly findEndpoints: () => ResourceSet | undefined;
}

export function typeStatusOf(type: WatchedType, { typeUrl, state, pacing, findEndpoints }: Circumstances): TypeStatus {
  const { kind, watch, bytesSent, updatedAtMs, lastNack, acceptedAtMs } = type;
  const { delivery, subscription, lastSet } = watch;
  const endpoints = kind === 'cluster' && state === 'synced' ? findEndpoints() : undefined;
  return {
    kind,
    typeUrl,
    state,
    versionSent: delivery.latest?.version ?? '',
    versionAccepted: delivery.acceptedVersion,
    isEarlierInForce: watch.isResumed && delivery.acceptedVersion === '',
    unansweredSinceMs: delivery.unansweredSinceMs,
    updatedAtMs,
    lastNack,
    pause: state === 'stale' ? pauseOf(pacing) : undefined,
    subscription,
    bytesSent,
    taken: endpoints && lastSet && { clusters: lastSet.view(subscription), endpoints, atMs: acceptedAtMs },
  };
}

// While the pause is on, there may or may not be something to send after it.
function pauseOf(pacing: ListenerPacing | undefined): TypeStatus['pause'] {
  const untilMs = pacing?.nextAtMs;
  if (pacing === undefined || untilMs === undefined || untilMs <= performance.now()) return undefined;
  return { untilMs, everyMs: pacing.pauseMs };
}
