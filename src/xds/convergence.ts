// Waits until the Envoys have said what they think of the newest snapshot.

import { setTimeout as sleep } from 'node:timers/promises';

import type { NodeGroup } from '../snapshot/snapshot.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import type { StreamHub } from './stream-hub.ts';
import type { StreamStatus } from './stream-status.ts';

export interface ConvergenceOptions {
  readonly timeoutMs: number;
  /** Ends the waiting before the time is up: what it gives then is how things stand. */
  readonly signal?: AbortSignal;
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

// An answer is noticed this late at most, while the streams are few.
const pauseMs = 10;

// With thousands of streams a look at all that are left takes a while: it must not hold up the pushes it looks for.
const maxShareOfTime = 0.05;

/**
 * Waits for the streams of a group that are open and identified now, and for those that the same nodes open meanwhile,
 * as an Envoy does to get the endpoints of a new cluster on a stream of its own; other nodes' that open later have the
 * newest from the start. Resolves when each of them has settled or closed, when the time is up, or when it is aborted;
 * never rejects.
 */
export async function awaitConvergence(
  hub: StreamHub,
  group: NodeGroup,
  { timeoutMs, signal, onProgress }: ConvergenceOptions,
): Promise<Convergence> {
  const deadlineMs = performance.now() + timeoutMs;
  const left = new Set(Array.from(hub.streams).filter((stream) => stream.group === group));
  const seen = new WeakSet(left);
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
      if (seen.has(stream) || !nodeIds.has(stream.nodeId) || stream.group !== group || stream.isSettled()) continue;
      seen.add(stream);
      left.add(stream);
      total += 1;
    }
  };
  onProgress?.(0, total);
  let lookMs = 0;
  while (left.size > 0 && performance.now() < deadlineMs && signal?.aborted !== true) {
    const untilDeadlineMs = deadlineMs - performance.now();
    await pause(Math.min(Math.max(pauseMs, lookMs / maxShareOfTime), untilDeadlineMs), signal);
    const before = left.size;
    const startMs = performance.now();
    // A closed stream wants nothing any more, and so has settled too.
    for (const stream of left) if (stream.isSettled()) takeOut(stream);
    if (left.size === 0) addOpenedSince();
    lookMs = performance.now() - startMs;
    if (left.size < before) onProgress?.(total - left.size, total);
  }
  const openNodeIds = new Set(Array.from(hub.streams, ({ nodeId }) => nodeId));
  const gone = [...closedNodeIds].filter((nodeId) => !openNodeIds.has(nodeId)).sort();
  return { settled, gone, waiting: Array.from(left, (stream) => stream.status()) };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    // Who aborts wants the pause to end, and nothing else ends it early.
    if (signal?.aborted !== true) throw error;
  }
}
