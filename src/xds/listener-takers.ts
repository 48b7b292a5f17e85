// Which nodes take their listeners from here, in whatever way: what such a node is given of clusters and endpoints, on
// whichever stream or by polling, must be fit for these listeners (docs/adr/0017).

/** How long a node without an open stream is taken to have listeners of ours: Envoy's own drain time. */
const keepMs = 600_000;

/** Of nodes without an open stream no more are remembered; the ones that showed longest ago go. */
const maxIdleNodes = 20_000;

export interface TakerSurroundings {
  /** True while the node has a stream open, for whatever. */
  readonly isConnected: (nodeId: string) => boolean;
  /** Told of a node of which something else is known from now on. */
  readonly onChange: (nodeId: string) => void;
  /** Until when nodes of before the start come back, by the monotonic clock. */
  readonly returnUntilMs: number;
}

export class ListenerTakers {
  // Streams that ask for listeners, by node id.
  readonly #streams = new Map<string, number>();
  // When nodes without one last showed, by the monotonic clock; oldest first.
  readonly #seenAtMs = new Map<string, number>();
  // Nodes with streams that came back, and whether they may be takers.
  readonly #returned = new Map<string, 'may' | 'other'>();
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
    if (isNew) this.#surroundings.onChange(nodeId);
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
    if (isNew) this.#surroundings.onChange(nodeId);
  }

  /**
   * A stream of the node holds something of an earlier one. Soon after the start it may have listeners of ours, though
   * the stream that these come by, or the next poll, is not there yet.
   */
  noteReturned(nodeId: string, nowMs: number): void {
    if (this.#returned.has(nodeId) || nowMs >= this.#surroundings.returnUntilMs) return;
    this.#returned.set(nodeId, 'may');
    this.#surroundings.onChange(nodeId);
  }

  /** It holds what is given to no node that takes listeners from here. */
  noteOther(nodeId: string): void {
    if (this.isOther(nodeId)) return;
    this.#returned.set(nodeId, 'other');
    this.#surroundings.onChange(nodeId);
  }

  /** True for a node that came back with what shows that it took no listeners from here. */
  isOther(nodeId: string): boolean {
    return this.#returned.get(nodeId) === 'other';
  }

  /** Until when a node may be one of those that take listeners from here, for what it came back with; 0: it is not. */
  mayBeUntilMs(nodeId: string): number {
    return this.#returned.get(nodeId) === 'may' ? this.#surroundings.returnUntilMs : 0;
  }

  /** The last stream of the node is over: its time begins. */
  noteDisconnected(nodeId: string, nowMs: number): void {
    this.#returned.delete(nodeId);
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
