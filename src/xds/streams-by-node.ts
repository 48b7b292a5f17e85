// The open streams by node: what one of them says of its node counts for the others too.

import type { DiscoveryStream } from './discovery-stream.ts';
import { ListenerTakers } from './listener-takers.ts';
import type { OtherWays } from './other-ways.ts';

export class StreamsByNode {
  /** Whose streams get a turn when one of them proves to take listeners from here. */
  readonly listenerTakers = new ListenerTakers({
    isConnected: (nodeId) => this.#byNode.has(nodeId),
    onNew: (nodeId) => this.#requestTurns(nodeId),
  });
  readonly #byNode = new Map<string, Set<DiscoveryStream>>();
  readonly #askingForListeners = new WeakSet<DiscoveryStream>();

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
    return {
      takesListeners: () => this.listenerTakers.has(stream.nodeId ?? '', performance.now()),
      noteTaken: () => this.listenerTakers.noteSeen(stream.nodeId ?? '', performance.now()),
    };
  }

  #requestTurns(nodeId: string): void {
    for (const stream of this.#byNode.get(nodeId) ?? []) stream.requestTurn();
  }
}
