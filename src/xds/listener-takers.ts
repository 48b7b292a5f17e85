// Which nodes take their listeners from here by other ways than an aggregated stream, on which it shows by itself: what
// such a node is given of clusters and endpoints on other streams must be fit for these listeners (docs/adr/0017).

/** How long a node is taken to have listeners of ours after it last showed: Envoy's own drain time. */
const keepMs = 600_000;

/** Of nodes without an open stream no more are remembered; the ones that showed longest ago go. */
const maxIdleNodes = 20_000;

export class ListenerTakers {
  // Streams of listeners that are open, by node id.
  readonly #streams = new Map<string, number>();
  // When nodes without one last showed, by the monotonic clock; oldest first.
  readonly #seenAtMs = new Map<string, number>();
  readonly #onNew: (nodeId: string) => void;

  /** @param onNew told of a node that was not known to take listeners from here. */
  constructor(onNew: (nodeId: string) => void) {
    this.#onNew = onNew;
  }

  /** True for a node that has a stream of listeners, or had one or polled not long ago. */
  has(nodeId: string, nowMs: number): boolean {
    return this.#streams.has(nodeId) || nowMs - (this.#seenAtMs.get(nodeId) ?? -Infinity) < keepMs;
  }

  /** True when there is any such node. */
  hasAny(nowMs: number): boolean {
    const newestSeenAtMs = [...this.#seenAtMs.values()].at(-1) ?? -Infinity;
    return this.#streams.size > 0 || nowMs - newestSeenAtMs < keepMs;
  }

  /** A stream of listeners was opened. */
  opened(nodeId: string, nowMs: number): void {
    const isNew = !this.has(nodeId, nowMs);
    this.#streams.set(nodeId, (this.#streams.get(nodeId) ?? 0) + 1);
    this.#seenAtMs.delete(nodeId);
    if (isNew) this.#onNew(nodeId);
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
    if (isNew) this.#onNew(nodeId);
  }

  #remember(nodeId: string, nowMs: number): void {
    this.#seenAtMs.delete(nodeId);
    this.#seenAtMs.set(nodeId, nowMs);
    if (this.#seenAtMs.size <= maxIdleNodes) return;
    const [oldest] = this.#seenAtMs.keys();
    if (oldest !== undefined) this.#seenAtMs.delete(oldest);
  }
}
