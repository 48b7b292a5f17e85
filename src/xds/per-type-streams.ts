// The streams of one type, by node: what one of them says of its node counts for the others too.

import type { DiscoveryStream } from './discovery-stream.ts';
import { ListenerTakers } from './listener-takers.ts';
import type { OtherWays } from './newest-at-once.ts';

export class PerTypeStreams {
  /** Whose streams of clusters and endpoints get a turn when they prove to take listeners from here. */
  readonly listenerTakers = new ListenerTakers((nodeId) => this.#requestTurns(nodeId));
  // Of clusters and endpoints.
  readonly #byNode = new Map<string, Set<DiscoveryStream>>();

  /** To be told of each stream that has said who its client is; others are passed over. */
  noteOpened(stream: DiscoveryStream): void {
    const { nodeId, onlyKind } = stream;
    if (nodeId === undefined) return;
    if (onlyKind === 'listener') {
      this.listenerTakers.opened(nodeId, performance.now());
    } else if (isUpstreamKind(onlyKind)) {
      const streams = this.#byNode.get(nodeId);
      if (streams === undefined) this.#byNode.set(nodeId, new Set([stream]));
      else streams.add(stream);
    }
  }

  noteClosed(stream: DiscoveryStream): void {
    const { nodeId, onlyKind } = stream;
    if (nodeId === undefined) return;
    if (onlyKind === 'listener') {
      this.listenerTakers.closed(nodeId, performance.now());
    } else if (isUpstreamKind(onlyKind)) {
      const streams = this.#byNode.get(nodeId);
      streams?.delete(stream);
      if (streams?.size === 0) this.#byNode.delete(nodeId);
    }
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

function isUpstreamKind(kind: DiscoveryStream['onlyKind']): boolean {
  return kind === 'cluster' || kind === 'endpoint';
}
