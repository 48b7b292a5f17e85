// Watches a Redis Cluster: asks its seeds, and the nodes that they name, what they say of all of it, again and again.

import type { NodeLook, NodeLooks } from '../effective/cluster-view.ts';
import { viewAt } from '../effective/cluster-sight.ts';
import { compareText } from '../model/compare-text.ts';
import { ClusterNode } from './cluster-node.ts';
import type { Target } from './connection.ts';
import { nodesToAsk } from './nodes-to-ask.ts';
import type { Unreachable, WatchPlan } from './watched-servers.ts';

export interface ClusterWatcherParts {
  /** Asked before each connection. @param address ADDRESS:PORT */
  readonly findTarget: (address: string) => Target | Unreachable;
  readonly plan: WatchPlan;
  /** Told each time that {@link ClusterWatcher.looks} is another. */
  readonly onChange: () => void;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: (() => number) | undefined;
}

// An answer is long, and seldom another one: from one round to the next it is so many times as long as between two looks
// at a server.
const intervals = 5;
const jitter = 0.1;

export class ClusterWatcher {
  readonly #parts: ClusterWatcherParts;
  #plan: WatchPlan;
  #seeds: readonly string[] = [];
  readonly #nodes = new Map<string, ClusterNode>();
  #looks: NodeLooks = new Map();
  #isAsking = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ClusterWatcherParts) {
    this.#parts = parts;
    this.#plan = parts.plan;
  }

  /** Another map after each change. */
  get looks(): NodeLooks {
    return this.#looks;
  }

  /** From the next round on. */
  set plan(plan: WatchPlan) {
    this.#plan = plan;
  }

  /** These from now on, ADDRESS:PORT of each, and the nodes that they name. */
  follow(seeds: readonly string[]): void {
    if (seeds.join() === this.#seeds.join()) return;
    this.#seeds = seeds;
    if (this.#choose()) this.lookNow();
  }

  /** Something may have happened there. */
  lookNow(): void {
    if (this.#isClosed || this.#isAsking) return;
    clearTimeout(this.#timer);
    this.#timer = this.#lookIn(0);
  }

  /** Who asks, or how, is another. */
  reconnect(): void {
    for (const node of this.#nodes.values()) node.reconnect();
  }

  /** Safe to repeat. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.reconnect();
  }

  #lookIn(waitMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#askAll(), waitMs).unref();
  }

  // Never rejects.
  async #askAll(): Promise<void> {
    this.#isAsking = true;
    await Promise.all(Array.from(this.#nodes.values(), (node) => node.ask(this.#plan)));
    this.#isAsking = false;
    if (this.#isClosed) return this.reconnect();
    const { intervalMs } = this.#plan;
    const waitMs = intervalMs * intervals * (1 + jitter * (2 * Math.random() - 1));
    // Who has just been found is asked soon.
    this.#timer = this.#lookIn(this.#choose() ? Math.min(intervalMs, waitMs) : waitMs);
    if (this.#noteLooks()) this.#parts.onChange();
  }

  /** Decides who is asked. True: somebody new is. */
  #choose(): boolean {
    const views = Array.from(this.#nodes.values(), ({ look }) => viewAt(look)).filter((view) => view !== undefined);
    // While nobody says anything, those who were asked are all that is known.
    const wanted = new Set(views.length === 0 ? [...this.#seeds, ...this.#nodes.keys()] : nodesToAsk(this.#seeds, views));
    for (const [address, node] of this.#nodes) {
      if (wanted.has(address)) continue;
      node.reconnect();
      this.#nodes.delete(address);
    }
    const added = [...wanted].filter((address) => !this.#nodes.has(address));
    for (const address of added) this.#nodes.set(address, this.#begin(address));
    return added.length > 0;
  }

  #begin(address: string): ClusterNode {
    const { findTarget, nowMs = Date.now } = this.#parts;
    return new ClusterNode({ findTarget: () => findTarget(address), nowMs });
  }

  /** Of those that were asked. True: something is otherwise. */
  #noteLooks(): boolean {
    const asked = Array.from(this.#nodes, ([address, { look }]) => [address, look] as const).filter(([, look]) => isAsked(look));
    const looks = new Map(asked.sort(([a], [b]) => compareText(a, b)));
    const isSame = looks.size === this.#looks.size && [...looks].every(([address, look]) => this.#looks.get(address) === look);
    if (!isSame) this.#looks = looks;
    return !isSame;
  }
}

function isAsked({ view, failure }: NodeLook): boolean {
  return view !== undefined || failure !== undefined;
}
