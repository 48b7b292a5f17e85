// Which nodes take their listeners from here, in whatever way: what such a node is given of clusters and endpoints, on
// whichever stream or by polling, must be fit for these listeners (docs/adr/0017).

/** How long a node without an open stream is taken to have listeners of ours: Envoy's own drain time. */
const keepMs = 600_000;

/** Of nodes without an open stream no more are remembered; the ones that showed longest ago go. */
const maxIdleNodes = 20_000;

export interface TakerSurroundings {
  /** True while the node has a stream open, for whatever. */
  readonly isConnected: (nodeId: string) => boolean;
  /** Told of a node that was not known to take listeners from here. */
  readonly onNew: (nodeId: string) => void;
}

export class ListenerTakers {
  // Streams that ask for listeners, by node id.
  readonly #streams = new Map<string, number>();
  // When nodes without one last showed, by the monotonic clock; oldest first.
  readonly #seenAtMs = new Map<string, number>();
  readonly #surroundings: TakerSurroundings;

  constructor(surroundings: TakerSurroundings) {
    this.#surroundings = surroundings;
  }

  /** True for a node that asks for listeners, or did not long ago. No clock ends it while the node is connected. */
  has(nodeId: string, nowMs: number): boolean {
    if (this.#streams.has(nodeId)) return true;
    const seenAtMs = this.#seenAtMs.get(nodeId);
    return seenAtMs !== undefined && (nowMs - seenAtMs < keepMs || this.#surroundings.isConnected(nodeId));
  }

  /** True when there is any such node. */
  hasAny(nowMs: number): boolean {
    return this.#streams.size > 0 || [...this.#seenAtMs.keys()].reverse().some((nodeId) => this.has(nodeId, nowMs));
  }

  /** A stream asks for listeners. */
  opened(nodeId: string, nowMs: number): void {
    const isNew = !this.has(nodeId, nowMs);
    this.#streams.set(nodeId, (this.#streams.get(nodeId) ?? 0) + 1);
    this.#seenAtMs.delete(nodeId);
    if (isNew) this.#surroundings.onNew(nodeId);
  }

  /** To be told once of each that was opened, when it is over. */
  closed(nodeId: string, nowMs: number): void {
    const left = (this.#streams.get(nodeId) ?? 1) - 1;
    if (left > 0) {
      this.#streams.set(nodeId, left);
    } else {
      this.#streams.delete(nodeId);
      this.#remember(nodeId, nowMs);
    }
  }

  /** The node polled, or said that it holds what only such nodes are given. */
  noteSeen(nodeId: string, nowMs: number): void {
    if (this.#streams.has(nodeId)) return;
    const isNew = !this.has(nodeId, nowMs);
    this.#remember(nodeId, nowMs);
    if (isNew) this.#surroundings.onNew(nodeId);
  }

  /** The last stream of the node is over: its time begins. */
  noteDisconnected(nodeId: string, nowMs: number): void {
    if (this.#seenAtMs.has(nodeId)) this.#remember(nodeId, nowMs);
  }

  #remember(nodeId: string, nowMs: number): void {
    this.#seenAtMs.delete(nodeId);
    this.#seenAtMs.set(nodeId, nowMs);
    const [oldest] = this.#seenAtMs.keys();
    if (this.#seenAtMs.size <= maxIdleNodes || oldest === undefined) return;
    this.#seenAtMs.delete(oldest);
    // No more of these than there may be streams.
    if (this.#surroundings.isConnected(oldest)) this.#seenAtMs.set(oldest, nowMs);
  }
}
