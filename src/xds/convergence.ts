// Waits until the Envoys have said what they think of the newest snapshot.

import type { DiscoveryStream } from './discovery-stream.ts';
import type { Expectation } from './expectation.ts';
import { keptId, returnTimeMs } from './presence.ts';
import { looksOf } from './shared-looks.ts';
import type { LookOptions } from './shared-looks.ts';
import type { StreamHub } from './stream-hub.ts';
import type { StreamStatus } from './stream-status.ts';
import { nextTurn } from './turns.ts';
import { findUnasked } from './unasked.ts';
import type { Unasked } from './unasked.ts';

/** What it gives when it is aborted is how things stand then. */
export interface ConvergenceOptions extends LookOptions {
  /** Aborted, as `signal` too, when nobody wants to know any more: then it gives nobody. */
  readonly abandoned?: AbortSignal;
  /** Told at the start, and each time that more streams have settled, or have gone. */
  readonly onProgress?: (settled: number, total: number) => void;
  /** Who has to be there, and is waited for; by default those that are, and those that went a moment ago. */
  readonly expectation?: Expectation | undefined;
  /** Until when nodes that are not known may come, and are waited for. Default 0. */
  readonly returningUntilMs?: number;
}

/** Every stream that was waited for and is open is in one of the first two lists. */
export interface Convergence {
  /** ACKed or refused the newest of all that they want; each as it was then. */
  readonly settled: readonly StreamStatus[];
  /** Not yet, when the waiting ended. */
  readonly waiting: readonly StreamStatus[];
  /** Of the nodes of these streams: clusters that they took, and whose endpoints they do not ask for. */
  readonly unasked: ReadonlyMap<string, Unasked>;
  /** Nodes that were there before, or when the waiting began, and have no stream now; as {@link keptId}, sorted. */
  readonly gone: readonly string[];
}

/**
 * Waits for the streams that are open and identified now, each for what its own node group is given, and for those that
 * the same nodes open meanwhile, as an Envoy does to get the endpoints of a new cluster on a stream of its own, which it
 * has to do before it counts as settled. Nodes that went less than {@link returnTimeMs} ago are given the rest of it to
 * come back. Other nodes that come later have the newest from the start, and count only when whoever comes is waited
 * for. Resolves when each of them has settled or closed, when the time is up, or when it is aborted.
 */
export async function awaitConvergence(hub: StreamHub, options: ConvergenceOptions): Promise<Convergence> {
  const waiting = new Waiting(hub, options);
  const isOver = options.timeoutMs > 0 && waiting.look();
  if (!isOver) await looksOf(hub).until(() => waiting.look(), options);
  // Many may have waited for the same, or until the same moment.
  await nextTurn();
  return options.abandoned?.aborted === true ? nobody : waiting.result();
}

const nobody: Convergence = { settled: [], waiting: [], unasked: new Map(), gone: [] };

class Waiting {
  readonly #hub: StreamHub;
  readonly #options: ConvergenceOptions;
  readonly #left: Set<DiscoveryStream>;
  readonly #settled = new Map<DiscoveryStream, StreamStatus>();
  // Nodes with a stream at the start.
  readonly #firstNodeIds: ReadonlySet<string>;
  // As they are kept: of who went nothing else is known.
  readonly #keptIds: ReadonlySet<string>;
  readonly #isAnybodyWaitedFor: boolean;
  #unasked: ReadonlyMap<string, Unasked> = new Map();
  #mostSettled = 0;

  constructor(hub: StreamHub, options: ConvergenceOptions) {
    const { expectation, returningUntilMs = 0, onProgress } = options;
    this.#hub = hub;
    this.#options = options;
    this.#left = new Set(this.#openStreams());
    this.#firstNodeIds = new Set(Array.from(this.#left, (stream) => stream.nodeId ?? ''));
    const others = expectation === undefined ? this.#mayReturn() : expectation.nodeIds.map(keptId);
    this.#keptIds = new Set([...Array.from(this.#firstNodeIds, keptId), ...others]);
    this.#isAnybodyWaitedFor = expectation?.atLeast !== undefined || performance.now() < returningUntilMs;
    onProgress?.(0, this.#left.size);
  }

  /** True when nobody is waited for any more. */
  look(): boolean {
    if (this.#unasked.size > 0) this.#unasked = this.#findUnasked();
    for (const stream of this.#left) {
      if (!this.#hub.streams.has(stream)) this.#left.delete(stream);
      else if (looksOf(this.#hub).isSettled(stream) && !this.#unasked.has(stream.nodeId ?? '')) this.#take(stream);
    }
    if (this.#left.size === 0) this.#addOpenedSince();
    if (this.#left.size === 0) this.#putBackUnasked();
    this.#tellProgress();
    return this.#left.size === 0 && !this.#isSomebodyMissing();
  }

  result(): Convergence {
    const presence = this.#hub.presence;
    const closed = [...this.#firstNodeIds].filter((nodeId) => !presence.has(nodeId)).map(keptId);
    const gone = presence.gone().map(({ nodeId }) => nodeId);
    const isOpen = ([stream]: readonly [DiscoveryStream, StreamStatus]): boolean => this.#hub.streams.has(stream);
    return {
      settled: [...this.#settled].filter(isOpen).map(([, status]) => status),
      waiting: Array.from(this.#left, (stream) => stream.status()),
      unasked: this.#findUnasked(),
      gone: [...new Set([...closed, ...gone])].sort(),
    };
  }

  #take(stream: DiscoveryStream): void {
    this.#left.delete(stream);
    this.#settled.set(stream, stream.status());
  }

  // What is there already when it is first seen is taken at once: it may be all that is left of a node.
  #addOpenedSince(): void {
    for (const stream of this.#openStreams()) {
      if (this.#settled.has(stream) || !this.#isWaitedFor(stream)) continue;
      if (stream.isSettled()) this.#take(stream);
      else this.#left.add(stream);
    }
  }

  // When they ask at last, they have to be sent the endpoints, and to answer.
  #putBackUnasked(): void {
    this.#unasked = this.#findUnasked();
    if (this.#unasked.size === 0) return;
    for (const stream of this.#openStreams()) {
      if (!this.#unasked.has(stream.nodeId ?? '')) continue;
      this.#settled.delete(stream);
      this.#left.add(stream);
    }
  }

  #findUnasked(): ReadonlyMap<string, Unasked> {
    const waitedFor = this.#openStreams().filter((stream) => this.#isWaitedFor(stream));
    return findUnasked(waitedFor.map((stream) => stream.status()), 0);
  }

  #isSomebodyMissing(): boolean {
    const { expectation, returningUntilMs = 0 } = this.#options;
    const presence = this.#hub.presence;
    if (expectation === undefined) return performance.now() < returningUntilMs || this.#mayReturn().length > 0;
    const { atLeast = 0, nodeIds } = expectation;
    return presence.count < atLeast || !nodeIds.every((nodeId) => presence.has(nodeId));
  }

  /** Kept ids. */
  #mayReturn(): string[] {
    const sinceMs = performance.now() - returnTimeMs;
    const gone = this.#hub.presence.gone();
    return gone.filter(({ goneAtMs }) => goneAtMs > sinceMs).map(({ nodeId }) => nodeId);
  }

  #openStreams(): DiscoveryStream[] {
    return Array.from(this.#hub.streams).filter(({ nodeId }) => nodeId !== undefined);
  }

  #isWaitedFor({ nodeId }: DiscoveryStream): boolean {
    return this.#isAnybodyWaitedFor || this.#keptIds.has(keptId(nodeId ?? ''));
  }

  #tellProgress(): void {
    const total = this.#settled.size + this.#left.size;
    if (this.#settled.size <= this.#mostSettled) return;
    this.#mostSettled = this.#settled.size;
    this.#options.onProgress?.(this.#settled.size, total);
  }
}
