// Who has what was published: asked stream by stream, in the order in which they are written to, each until it has
// answered. So each is asked about once, however often is looked.

import type { DiscoveryStream } from './discovery-stream.ts';

type Asked = Pick<DiscoveryStream, 'nodeId' | 'isSettled' | 'isRefusing' | 'acceptedAtMs'>;

/** Of those that were asked. */
export interface AckResult {
  /** How many nodes have it, on all their streams. */
  readonly acked: number;
  /** Ids of the nodes that have refused it, or not answered. */
  readonly missing: readonly string[];
  /** When something was last accepted, by the monotonic clock. */
  readonly lastAckAtMs: number;
}

// In a row: nothing else is done meanwhile.
const maxAsked = 1_000;

export class AckCount<Stream extends Asked = DiscoveryStream> {
  readonly #open: ReadonlySet<Stream>;
  /** Those that are open when is looked first. */
  #streams: readonly Stream[] | undefined;
  #next = 0;
  // By node id: whether all its streams have it.
  readonly #nodes = new Map<string, boolean>();
  #lastAckAtMs = 0;

  /** @param open the open streams, a live view. */
  constructor(open: ReadonlySet<Stream>) {
    this.#open = open;
  }

  get hasBegun(): boolean {
    return this.#streams !== undefined;
  }

  /** True when each has answered, or is gone. */
  look(): boolean {
    const streams = (this.#streams ??= Array.from(this.#open));
    for (let asked = 0; asked < maxAsked; asked += 1) {
      const stream = streams[this.#next];
      if (stream === undefined) return true;
      if (!stream.isSettled()) return false;
      this.#next += 1;
      this.#take(stream, !stream.isRefusing);
    }
    return false;
  }

  /** To be called when nobody is waited for any more: the others are asked as well. */
  end(): void {
    for (const stream of (this.#streams ?? []).slice(this.#next)) {
      this.#take(stream, stream.isSettled() && !stream.isRefusing);
    }
    this.#next = this.#streams?.length ?? 0;
  }

  result(): AckResult {
    const missing = Array.from(this.#nodes).flatMap(([nodeId, hasIt]) => (hasIt ? [] : [nodeId]));
    return { acked: this.#nodes.size - missing.length, missing, lastAckAtMs: this.#lastAckAtMs };
  }

  // One that has closed says nothing of its node.
  #take(stream: Stream, hasIt: boolean): void {
    const { nodeId, acceptedAtMs } = stream;
    if (nodeId === undefined || !this.#open.has(stream)) return;
    this.#nodes.set(nodeId, (this.#nodes.get(nodeId) ?? true) && hasIt);
    this.#lastAckAtMs = Math.max(this.#lastAckAtMs, acceptedAtMs);
  }
}
