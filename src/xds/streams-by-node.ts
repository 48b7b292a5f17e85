// The open streams by node: what one of them says of its node counts for the others too.

import type { Publication, SnapshotCache } from '../snapshot/snapshot.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import { ListenerTakers } from './listener-takers.ts';
import type { OtherWays } from './other-ways.ts';

export class StreamsByNode {
  /** Whose streams get a turn when one of them proves to take listeners from here. */
  readonly listenerTakers: ListenerTakers;
  readonly #byNode = new Map<string, Set<DiscoveryStream>>();
  readonly #askingForListeners = new WeakSet<DiscoveryStream>();
  readonly #snapshots: SnapshotCache;
  // What was published at the start.
  readonly #found: WeakSet<Publication>;

  /** @param returnTimeMs how long from now nodes of before the start come back. */
  constructor(snapshots: SnapshotCache, returnTimeMs: number) {
    this.#snapshots = snapshots;
    this.#found = new WeakSet(snapshots.publications());
    this.listenerTakers = new ListenerTakers({
      isConnected: (nodeId) => this.#byNode.has(nodeId),
      onChange: (nodeId) => this.#requestTurns(nodeId),
      returnUntilMs: performance.now() + returnTimeMs,
    });
  }

  /** To be told of each stream that has said who its client is. */
  noteOpened(stream: DiscoveryStream): void {
    const { nodeId } = stream;
    if (nodeId === undefined) return;
    const streams = this.#byNode.get(nodeId);
    if (streams === undefined) this.#byNode.set(nodeId, new Set([stream]));
    else streams.add(stream);
  }

  /** To be told once of each of them that asks for listeners. */
  noteListenersAsked(stream: DiscoveryStream): void {
    if (stream.nodeId === undefined) return;
    this.#askingForListeners.add(stream);
    this.listenerTakers.opened(stream.nodeId, performance.now());
  }

  noteClosed(stream: DiscoveryStream): void {
    const { nodeId } = stream;
    if (nodeId === undefined) return;
    const nowMs = performance.now();
    const streams = this.#byNode.get(nodeId);
    streams?.delete(stream);
    if (streams?.size === 0) this.#byNode.delete(nodeId);
    if (this.#askingForListeners.delete(stream)) this.listenerTakers.closed(nodeId, nowMs);
    if (!this.#byNode.has(nodeId)) this.listenerTakers.noteDisconnected(nodeId, nowMs);
  }

  otherWaysOf(stream: DiscoveryStream): OtherWays {
    const takers = this.listenerTakers;
    return {
      takesListeners: () => takers.has(stream.nodeId ?? '', performance.now()),
      // Most hold what was found at the start: a restart alone is to surprise nobody.
      mayTakeUntilMs: () => (this.#isChangedFor(stream) ? takers.mayBeUntilMs(stream.nodeId ?? '') : 0),
      isOther: () => takers.isOther(stream.nodeId ?? ''),
      noteReturned: () => takers.noteReturned(stream.nodeId ?? '', performance.now()),
      noteHeld: (holder) => {
        if (holder === 'other') takers.noteOther(stream.nodeId ?? '');
        else takers.noteSeen(stream.nodeId ?? '', performance.now());
      },
    };
  }

  #isChangedFor({ group }: DiscoveryStream): boolean {
    const publication = group === undefined ? undefined : this.#snapshots.publication(group);
    return publication !== undefined && !this.#found.has(publication);
  }

  #requestTurns(nodeId: string): void {
    for (const stream of this.#byNode.get(nodeId) ?? []) stream.requestTurn();
  }
}
