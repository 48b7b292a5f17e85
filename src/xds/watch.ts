// One type on one stream: what the client wants and what it holds. A state machine
// without I/O; sotw-watch.ts and delta-watch.ts fill in the protocol.

import type { ResourceKind } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Subscription } from '../snapshot/subscription.ts';
import { Holding } from '../snapshot/view.ts';
import type { Difference, View } from '../snapshot/view.ts';
import { Delivery } from './delivery.ts';
import type { Answer, Sent } from './delivery.ts';
import type { ErrorDetail } from './discovery-request.ts';

/** A response that is due, without its nonce. */
export interface Due {
  readonly body: Uint8Array;
  readonly view: View;
  readonly difference: Difference;
}

/** Asking for nothing in particular means everything for these kinds only (xDS protocol, "How the client specifies what resources to return"). */
export function mayBeWildcard(kind: ResourceKind): boolean {
  return kind === 'cluster' || kind === 'listener';
}

/** @typeParam Request what {@link Watch.receive} takes: a request of the watch's protocol. */
export abstract class Watch<Request = unknown> {
  readonly kind: ResourceKind;
  /** What was sent and answered. To be read only, but by the watch itself. */
  readonly delivery = new Delivery();
  /** The first request of a stream is answered even when there is nothing to say; so is a change of wanted clusters or listeners. */
  protected mustAnswer = true;
  #subscription: Subscription;
  #holding: Holding;
  #lastSet: ResourceSet | undefined;

  /** @param holding what the client holds from an earlier stream. */
  protected constructor(kind: ResourceKind, subscription: Subscription, holding = Holding.nothing) {
    this.kind = kind;
    this.#subscription = subscription;
    this.#holding = holding;
  }

  /**
   * Takes a request after the first.
   * @throws MalformedRequestError, and then nothing has changed.
   */
  abstract receive(request: Request): Answer;

  /** What the client wants now. */
  get subscription(): Subscription {
    return this.#subscription;
  }

  /** False until the first response of this type was sent. */
  get wasAnswered(): boolean {
    return this.delivery.latest !== undefined;
  }

  /** The newest set that the client was brought up to; undefined before the first. */
  get lastSet(): ResourceSet | undefined {
    return this.#lastSet;
  }

  /** True when the client was told of `name`. */
  holds(name: string): boolean {
    return this.#holding.versionOf(name) !== undefined;
  }

  /** True when nothing of `set` is left to send. */
  isSent(set: ResourceSet): boolean {
    return !this.mustAnswer && this.#holding === set.view(this.#subscription).held;
  }

  /** Sends these again although they did not change. The same array is the same work for any number of streams. */
  forget(names: readonly string[]): void {
    this.#holding = this.#holding.forgetting(names);
  }

  /**
   * What has to be sent now; undefined when the client holds all of `set` that it wants.
   * The caller must write it: from here on the client is taken to hold it.
   * @param envelope what the response is sent with.
   */
  advance(set: ResourceSet, envelope: Omit<Sent, 'version' | 'difference'>): Due | undefined {
    const view = set.view(this.#subscription);
    if (!this.mustAnswer && this.#holding === view.held) return undefined;
    const difference = this.#differenceTo(view);
    const isDue = !this.#subscription.isEmpty && (this.mustAnswer || this.isWorthSending(difference));
    this.#holding = view.held;
    this.#lastSet = set;
    this.mustAnswer = false;
    if (!isDue) return undefined;
    const { nonce, sentAtMs, publishedAtMs } = envelope;
    this.delivery.record({ nonce, version: view.version, difference, sentAtMs, publishedAtMs });
    return { body: this.encode(view, difference), view, difference };
  }

  /** What a request says of earlier responses; what follows from it is due from now on. */
  protected settle(nonce: string, versionInfo: string, error: ErrorDetail | undefined): Answer {
    const answer = this.delivery.settle(nonce, versionInfo, error);
    if (this.isFullState) return answer;
    const overtaken = this.delivery.takeOvertaken(answer);
    if (overtaken.length > 0) this.forget(overtaken);
    return answer;
  }

  /** To be called when the client may want something else; it has forgotten what it no longer wants. */
  protected resubscribe(subscription: Subscription): void {
    if (subscription === this.#subscription) return;
    this.#subscription = subscription;
    this.#holding = this.#holding.restrictedTo(subscription);
  }

  /** True when every response carries everything, so that what is left out of it is deleted. */
  protected abstract get isFullState(): boolean;

  /** Whether a difference is to be sent at all, in this protocol and for this kind. */
  protected abstract isWorthSending(difference: Difference): boolean;

  protected abstract encode(view: View, difference: Difference): Uint8Array;

  #differenceTo(view: View): Difference {
    const difference = view.differenceFrom(this.#holding);
    const refused = this.delivery.takeRefused(difference);
    return refused.length === 0 ? difference : view.differenceFrom(this.#holding.forgetting(refused));
  }
}
