// Waits until the Envoys have said what they think of the newest snapshot.

import type { NodeGroup } from '../snapshot/snapshot.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import { looksOf } from './shared-looks.ts';
import type { LookOptions } from './shared-looks.ts';
import type { StreamHub } from './stream-hub.ts';
import type { StreamStatus } from './stream-status.ts';
import { nextTurn } from './turns.ts';

/** What it gives when it is aborted is how things stand then. */
export interface ConvergenceOptions extends LookOptions {
  /** Aborted, as `signal` too, when nobody wants to know any more: then it gives nobody. */
  readonly abandoned?: AbortSignal;
  /** Told at the start, and each time that more streams have settled, or have gone. */
  readonly onProgress?: (settled: number, total: number) => void;
}

/** Every stream that was waited for is in one of the first two lists, or closed. */
export interface Convergence {
  /** ACKed or refused the newest of all that they want; each as it was then. */
  readonly settled: readonly StreamStatus[];
  /** Not yet, when the waiting ended. */
  readonly waiting: readonly StreamStatus[];
  /** Ids of nodes with a stream that closed before it had settled, and with none that is open now; sorted. */
  readonly gone: readonly string[];
}

/**
 * Waits for the streams of a group that are open and identified now, and for those that the same nodes open meanwhile,
 * as an Envoy does to get the endpoints of a new cluster on a stream of its own; other nodes' that open later have the
 * newest from the start. Resolves when each of them has settled or closed, when the time is up, or when it is aborted;
 * never rejects.
 */
export async function awaitConvergence(
  hub: StreamHub,
  group: NodeGroup,
  { onProgress, abandoned, ...lookOptions }: ConvergenceOptions,
): Promise<Convergence> {
  const looks = looksOf(hub);
  const left = new Set(Array.from(hub.streams).filter((stream) => stream.group === group));
  const seen = new Set(left);
  const nodeIds = new Set(Array.from(left, ({ nodeId }) => nodeId));
  let total = left.size;
  const settled: StreamStatus[] = [];
  const closedNodeIds = new Set<string>();
  const takeOut = (stream: DiscoveryStream): void => {
    left.delete(stream);
    if (hub.streams.has(stream)) settled.push(stream.status());
    else if (stream.nodeId !== undefined) closedNodeIds.add(stream.nodeId);
  };
  const addOpenedSince = (): void => {
    for (const stream of hub.streams) {
      if (seen.has(stream) || !nodeIds.has(stream.nodeId) || stream.group !== group || looks.isSettled(stream)) continue;
      seen.add(stream);
      left.add(stream);
      total += 1;
    }
  };
  onProgress?.(0, total);
  const look = (): boolean => {
    const before = left.size;
    // A closed stream wants nothing any more, and so has settled too.
    for (const stream of left) if (looks.isSettled(stream)) takeOut(stream);
    if (left.size === 0) addOpenedSince();
    if (left.size < before) onProgress?.(total - left.size, total);
    return left.size === 0;
  };
  if (left.size > 0) await looks.until(look, lookOptions);
  // Many may have waited for the same, or until the same moment.
  await nextTurn();
  if (abandoned?.aborted === true) return { settled: [], waiting: [], gone: [] };
  const openNodeIds = new Set(Array.from(hub.streams, ({ nodeId }) => nodeId));
  const gone = [...closedNodeIds].filter((nodeId) => !openNodeIds.has(nodeId)).sort();
  return { settled, gone, waiting: Array.from(left, (stream) => stream.status()) };
}
