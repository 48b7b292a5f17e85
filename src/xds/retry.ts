// Sends once more what was refused, for a fault of the Envoy's side that has been mended there.

import type { ResourceKind } from '../snapshot/resource.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import { looksOf } from './shared-looks.ts';
import type { LookOptions } from './shared-looks.ts';
import type { StreamHub } from './stream-hub.ts';

/** A stream on which something is sent again. */
export interface Retried {
  readonly stream: DiscoveryStream;
  readonly kinds: readonly ResourceKind[];
}

/** Has it sent to those that refused, and to nobody else. @param nodeId of all nodes when undefined. */
export function retryRefused(hub: StreamHub, nodeId: string | undefined): Retried[] {
  const streams = Array.from(hub.streams).filter((stream) => nodeId === undefined || stream.nodeId === nodeId);
  return streams.map((stream) => ({ stream, kinds: stream.retry() })).filter(({ kinds }) => kinds.length > 0);
}

/** Waits until each of these streams has settled or closed; gives those that are open. */
export async function awaitRetried(
  hub: StreamHub,
  retried: readonly Retried[],
  options: LookOptions,
): Promise<Retried[]> {
  const looks = looksOf(hub);
  const haveAllSettled = (): boolean => retried.every(({ stream }) => looks.isSettled(stream));
  if (!haveAllSettled()) await looks.until(haveAllSettled, options);
  return retried.filter(({ stream }) => hub.streams.has(stream));
}
