// How soon listeners may follow each other on a stream. Each push of them makes Envoy build all routes anew,
// keep the old ones for its drain time and close connections (ADR 0006): commits that come fast merge into one.

import type { ResourceSet } from '../snapshot/resource-set.ts';
import { isAccepted } from './delivery.ts';
import type { Verdict } from './delivery.ts';

/** Between two pushes of listeners on one stream. */
export interface ListenerPause {
  /** Also when the client answers at once. */
  readonly minMs: number;
  /** Also when the client takes long to answer, or never does. */
  readonly maxMs: number;
}

// So much longer than it took the client to answer the last one: at least half of its time is for other work.
const pausePerAnswer = 2;

/** A response that made the client take listeners up: the first, or one with a listener that it had otherwise. */
interface Push {
  readonly sentAtMs: number;
  readonly isFirst: boolean;
  readonly isAnswered: boolean;
}

/** What is known of one stream's listeners. Times by the monotonic clock. */
export class ListenerPacing {
  readonly #pause: ListenerPause;
  readonly #inForceBoundMs: number;
  #tookMs = 0;
  #last: Push | undefined;

  /** @param inForceBoundMs how long at least one that was not answered is waited for. */
  constructor(pause: ListenerPause, inForceBoundMs: number) {
    this.#pause = pause;
    this.#inForceBoundMs = inForceBoundMs;
  }

  /** How long after one push the next may come, once that was answered. */
  get pauseMs(): number {
    return Math.min(Math.max(this.#tookMs * pausePerAnswer, this.#pause.minMs), this.#pause.maxMs);
  }

  /** To be told of each response. What is new, gone or sent once more costs the client nothing. */
  noteSent(before: ResourceSet | undefined, set: ResourceSet, sentAtMs: number): void {
    const isFirst = before === undefined;
    if (isFirst || isAnyChanged(before, set)) this.#last = { sentAtMs, isFirst, isAnswered: false };
  }

  /** A refusal may come fast: it says nothing of how long it takes. */
  noteAnswered(verdict: Verdict, nowMs: number): void {
    const last = this.#last;
    if (last === undefined || last.isAnswered || verdict.sent.sentAtMs < last.sentAtMs) return;
    this.#last = { ...last, isAnswered: true };
    if (isAccepted(verdict)) this.#tookMs = nowMs - last.sentAtMs;
  }

  /** When the next push may come. The first answer, once that was answered, keeps none waiting. */
  get nextAtMs(): number {
    if (this.#last === undefined) return 0;
    const { sentAtMs, isFirst, isAnswered } = this.#last;
    if (isAnswered) return isFirst ? 0 : sentAtMs + this.pauseMs;
    return sentAtMs + Math.min(Math.max(this.#inForceBoundMs, this.pauseMs), this.#pause.maxMs);
  }
}

/** True when a listener is not what it was. One that comes or goes costs the others nothing. */
export function isAnyChanged(before: ResourceSet, after: ResourceSet): boolean {
  return [...before.resources.values()].some(({ name, version }) => {
    const resource = after.resources.get(name);
    return resource !== undefined && resource.version !== version;
  });
}
