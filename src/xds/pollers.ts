// Who polls, which leaves no stream behind: kept for a while, so that a commit can be judged by its clients.

import type { NodeGroup } from '../snapshot/snapshot.ts';
import type { Node } from './node.ts';

/** A client as a commit is judged by it. */
export interface JudgedClient {
  readonly node: Node;
  readonly group: NodeGroup;
  /** False when it is given no passwords and no private keys. */
  readonly isGivenSecrets: boolean;
}

/** As long as a node is taken to have listeners that it polled for: Envoy's own drain time. */
const keepMs = 600_000;

/** The ones that polled longest ago go. */
const maxPollers = 20_000;

interface Poller extends JudgedClient {
  readonly seenAtMs: number;
}

export class Pollers {
  // By node id, in the order of their last polls.
  readonly #pollers = new Map<string, Poller>();

  /** @param nowMs by the monotonic clock. */
  note({ node, group, isGivenSecrets }: JudgedClient, nowMs: number): void {
    this.#pollers.delete(node.id);
    this.#pollers.set(node.id, { node, group, isGivenSecrets, seenAtMs: nowMs });
    const [oldest] = this.#pollers.keys();
    if (this.#pollers.size > maxPollers && oldest !== undefined) this.#pollers.delete(oldest);
  }

  /** Those that polled in the last ten minutes, each as it did last. */
  recent(nowMs: number): JudgedClient[] {
    for (const [id, { seenAtMs }] of this.#pollers) {
      if (nowMs - seenAtMs < keepMs) break;
      this.#pollers.delete(id);
    }
    return [...this.#pollers.values()];
  }
}
