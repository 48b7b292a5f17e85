// One type on one stream: what the client wants and what it holds. A state machine
// without I/O; sotw-watch.ts and delta-watch.ts fill in the protocol.

import type { Difference } from '../snapshot/difference.ts';
import { Holding } from '../snapshot/holding.ts';
import type { Resource, ResourceKind } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Part, Splitter } from '../snapshot/splitter.ts';
import type { Subscription } from '../snapshot/subscription.ts';
import type { View } from '../snapshot/view.ts';
import { Delivery, isAccepted } from './delivery.ts';
import type { Answer, Sent, Verdict } from './delivery.ts';
import type { ErrorDetail } from './discovery-request.ts';
import type { EncodeListener, ResponseBody } from './discovery-response.ts';
import { Refusals } from './refusals.ts';

/** A response that is due, without its nonce. */
export interface Due {
  readonly body: ResponseBody;
  /** False for a part: more of the same set is due. */
  readonly isLast: boolean;
  readonly view: View;
  readonly difference: Difference;
}

/** How all watches of a protocol send. */
export interface Sending {
  readonly onEncoded?: EncodeListener | undefined;
  /** Undefined: nothing is split. */
  readonly splitter?: Splitter | undefined;
  /** How many responses that are not accepted are remembered, see {@link Delivery}. */
  readonly maxUnanswered?: number | undefined;
}

/** What the first request of a type says of an earlier stream. */
export interface Earlier {
  /** True when the client holds something of it. */
  readonly isResumed: boolean;
  /** What that is, as far as it is wanted; by default nothing that is known by name. */
  readonly holding?: Holding;
  /** The version that it runs; by default '', it says none. */
  readonly acceptedVersion?: string;
}

/** Asking for nothing in particular means everything for these kinds only (xDS protocol, "How the client specifies what resources to return"). */
export function mayBeWildcard(kind: ResourceKind): boolean {
  return kind === 'cluster' || kind === 'listener';
}

/** @typeParam Request what {@link Watch.receive} takes: a request of the watch's protocol. */
export abstract class Watch<Request = unknown> {
  readonly kind: ResourceKind;
  /** True when the client said in its first request that it holds resources of this kind of an earlier stream. */
  readonly isResumed: boolean;
  /** What was sent and answered. To be read only, but by the watch itself. */
  readonly delivery: Delivery;
  /** The first request of a stream is answered even when there is nothing to say; so is a change of wanted clusters or listeners. */
  protected mustAnswer = true;
  protected readonly sending: Sending;
  readonly #refusals = new Refusals();
  #subscription: Subscription;
  #holding: Holding;
  #lastSet: ResourceSet | undefined;
  // True after a part, until the last one.
  #isUnfinished = false;
  #lastChanges: readonly string[] = [];

  protected constructor(
    kind: ResourceKind,
    subscription: Subscription,
    { isResumed, holding = Holding.nothing, acceptedVersion = '' }: Earlier,
    sending: Sending,
  ) {
    this.kind = kind;
    this.sending = sending;
    this.isResumed = isResumed;
    this.delivery = new Delivery(acceptedVersion, sending.maxUnanswered);
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

  /**
   * True when the client refused the newest response, or an older one of which something was neither sent again nor
   * changed since.
   */
  get isRefused(): boolean {
    return this.delivery.isRefused || !this.#refusals.isEmpty;
  }

  /** The newest set that the client was brought up to, or by parts is being so; undefined before the first. */
  get lastSet(): ResourceSet | undefined {
    return this.#lastSet;
  }

  /** The newest response when it was a part, and more is due. */
  get latestPart(): Sent | undefined {
    return this.#isUnfinished ? this.delivery.latest : undefined;
  }

  /** Names that changed with the newest response, or with it and those before it that are parts of the same. */
  get lastChanges(): readonly string[] {
    return this.#lastChanges;
  }

  /** True when the client was told of `name`. */
  holds(name: string): boolean {
    return this.#holding.versionOf(name) !== undefined;
  }

  /** True when the client was told of `resource`, or said that it has it, as it is. */
  isHeld({ name, version }: Resource): boolean {
    return this.#holding.versionOf(name) === version;
  }

  /** Those of `names` that the client can't have: it was not sent them, and did not say that it has them. */
  lacking(names: readonly string[]): readonly string[] {
    return this.#holding.lacking(names);
  }

  /** True when nothing of `set` is left to send. */
  isSent(set: ResourceSet): boolean {
    return !this.mustAnswer && this.#holding === set.view(this.#subscription).held;
  }

  /** True when there is something to say of `set`, which a change of what is wanted need not bring. */
  hasNews(set: ResourceSet): boolean {
    return this.#isDue(set.view(this.#subscription).differenceFrom(this.#holding));
  }

  /** Sends these again although they did not change. The same names are the same work for any number of streams. */
  forget(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#holding = this.#holding.forgetting(names);
  }

  /** Has what was refused sent again although nothing changed; false when nothing is. */
  retry(): boolean {
    if (!this.isRefused) return false;
    this.mustAnswer = true;
    this.forget(this.#refusals.takeAll());
    return true;
  }

  /** Sends everything again that is wanted. */
  protected forgetAll(): void {
    this.#holding = this.#holding.forgettingAll();
  }

  /**
   * What has to be sent now; undefined when the client holds all of `set` that it wants. It may be a part of that:
   * the rest is due then, of `set` or of what there is by that time.
   * The caller must write it: from here on the client is taken to hold it.
   * @param nonce what the response is sent with; see {@link Sent} for this and the times.
   */
  advance(set: ResourceSet, nonce: string, sentAtMs: number, publishedAtMs?: number): Due | undefined {
    const view = set.view(this.#subscription);
    if (!this.mustAnswer && this.#holding === view.held) return undefined;
    this.#mendRefused(view);
    const whole = view.differenceFrom(this.#holding);
    const part = this.#partOf(whole, view);
    const difference = part?.difference ?? whole;
    const held = part?.held ?? view.held;
    const isLast = held === view.held;
    const isContinued = this.#isUnfinished;
    const isDue = this.#isDue(difference);
    this.#holding = held;
    this.#lastSet = set;
    this.#isUnfinished = !isLast;
    this.mustAnswer = false;
    if (!isDue) return undefined;
    const { isFullState } = this;
    this.delivery.record({ nonce, version: held.version, difference, sentAtMs, publishedAtMs, isFullState });
    this.#refusals.noteSent(difference);
    const { changedNames } = difference;
    this.#lastChanges = isContinued ? [...this.#lastChanges, ...changedNames] : changedNames;
    return { body: this.encode(view, difference, held), isLast, view, difference };
  }

  /** What a request says of earlier responses; what follows from it is due from now on. */
  protected settle(nonce: string, versionInfo: string, error: ErrorDetail | undefined): Answer {
    const answer = this.delivery.settle(nonce, versionInfo, error);
    // What is refused of a full state comes again with the next one anyway.
    if ('sent' in answer && !this.isFullState) this.#noteVerdict(answer);
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

  /** True when a response can say that a resource is gone. */
  protected abstract get isRemovalSaid(): boolean;

  /** Whether a difference is to be sent at all, in this protocol and for this kind. */
  protected abstract isWorthSending(difference: Difference): boolean;

  protected abstract encode(view: View, difference: Difference, held: Holding): ResponseBody;

  #isDue(difference: Difference): boolean {
    return !this.#subscription.isEmpty && (this.mustAnswer || this.isWorthSending(difference));
  }

  // Undefined: it is sent whole. A full state always is: what is left out of it is deleted.
  #partOf(whole: Difference, view: View): Part | undefined {
    const { splitter } = this.sending;
    if (splitter === undefined || splitter.fits(whole) || this.isFullState) return undefined;
    return splitter.first(whole, view, this.#holding);
  }

  #noteVerdict(verdict: Verdict): void {
    const { difference } = verdict.sent;
    if (isAccepted(verdict)) {
      this.#refusals.noteAccepted(difference);
      return;
    }
    const newer = this.delivery.unanswered.map((sent) => sent.difference);
    this.#refusals.noteRefused(difference, this.isRemovalSaid, newer);
    // The fix may have been sent before the refusal came.
    if (this.#lastSet !== undefined) this.#mendRefused(this.#lastSet.view(this.#subscription));
  }

  #mendRefused({ set, subscription }: View): void {
    if (this.#refusals.isEmpty) return;
    const again = this.#refusals.takeMended((name) => {
      return subscription.includes(name) ? (set.resources.get(name)?.version ?? '') : undefined;
    });
    this.forget(again);
  }
}
