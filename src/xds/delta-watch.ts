// Delta: a request says what is wanted in addition and what no longer; a response carries
// what is new or changed, and the names of what has gone.

import type { Difference } from '../snapshot/difference.ts';
import { Holding } from '../snapshot/holding.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { Subscription, SubscriptionTable } from '../snapshot/subscription.ts';
import type { View } from '../snapshot/view.ts';
import type { Answer } from './delivery.ts';
import { limitNames } from './discovery-request.ts';
import type { DeltaRequest } from './discovery-request.ts';
import { encodeDelta } from './discovery-response.ts';
import type { ResponseBody } from './discovery-response.ts';
import { Watch, mayBeWildcard } from './watch.ts';
import type { Sending } from './watch.ts';

const wildcard = '*';

export class DeltaWatch extends Watch<DeltaRequest> {
  readonly #subscriptions: SubscriptionTable;

  constructor(kind: ResourceKind, subscriptions: SubscriptionTable, first: DeltaRequest, sending: Sending = {}) {
    const subscription = firstSubscription(kind, first, subscriptions);
    const holding = holdingOf(first, subscription);
    super(kind, subscription, { isResumed: first.initialVersions.size > 0, holding }, sending);
    this.#subscriptions = subscriptions;
  }

  /**
   * Takes a request after the first. A nonce, stale or not, is no reason to pass over a change of
   * names (xDS protocol, "Incremental xDS"); initial_resource_versions no longer count.
   * @throws MalformedRequestError, and then nothing has changed.
   */
  override receive(request: DeltaRequest): Answer {
    if (request.subscribe.length > 0 || request.unsubscribe.length > 0) this.#resubscribe(request);
    return this.settle(request.responseNonce, '', request.errorDetail);
  }

  protected override get isFullState(): boolean {
    return false;
  }

  protected override get isRemovalSaid(): boolean {
    return true;
  }

  protected override isWorthSending({ changed, absent, removed }: Difference): boolean {
    return changed.length > 0 || absent.length > 0 || removed.length > 0;
  }

  protected override encode(view: View, difference: Difference, held: Holding): ResponseBody {
    return encodeDelta(view, difference, held, this.sending.onEncoded);
  }

  // A name in both lists ends up unsubscribed.
  #resubscribe({ subscribe, unsubscribe }: DeltaRequest): void {
    const before = this.subscription;
    const isWildcard = (before.wildcard || asksForAll(this.kind, subscribe)) && !unsubscribe.includes(wildcard);
    const added = subscribe.filter((name) => name !== wildcard);
    const after = this.#subscriptions.step(before, isWildcard, added, unsubscribe);
    limitNames('resource_names_subscribe', after.names);
    this.resubscribe(after);
    // What is subscribed again is sent again: the client may have forgotten it. What is dropped while
    // everything is wanted has to be told of again, present or not ("Unsubscribing from Resources").
    const again = added.filter((name) => this.holds(name));
    const dropped = isWildcard ? unsubscribe.filter((name) => before.names.has(name)) : [];
    // A response that is still on its way may say what the client has dropped and, with everything, wants again.
    const onItsWay = isWildcard && !before.wildcard ? this.#unansweredNames().filter((name) => !before.includes(name)) : [];
    this.forget([...again, ...dropped, ...onItsWay]);
    if (before.wildcard && isWildcard && subscribe.includes(wildcard)) this.#answerWildcardAgain();
  }

  // Everything was subscribed again. There is an answer even where there is nothing.
  #answerWildcardAgain(): void {
    this.forgetAll();
    this.mustAnswer = true;
  }

  #unansweredNames(): string[] {
    return this.delivery.unanswered.flatMap(({ difference }) => difference.changedNames);
  }
}

function asksForAll(kind: ResourceKind, subscribe: readonly string[]): boolean {
  return mayBeWildcard(kind) && subscribe.includes(wildcard);
}

function firstSubscription(kind: ResourceKind, first: DeltaRequest, subscriptions: SubscriptionTable): Subscription {
  const isWildcard = mayBeWildcard(kind) && (first.subscribe.length === 0 || asksForAll(kind, first.subscribe));
  const dropped = new Set([wildcard, ...first.unsubscribe]);
  const names = first.subscribe.filter((name) => !dropped.has(name));
  return subscriptions.intern(isWildcard || isOldWildcard(kind, first), names);
}

// Envoys before 1.19 that want everything list what they hold by name when they reconnect:
// taken literally they would never learn of a new cluster (envoyproxy/envoy#16063).
function isOldWildcard(kind: ResourceKind, { subscribe, initialVersions }: DeltaRequest): boolean {
  if (!mayBeWildcard(kind) || subscribe.length === 0 || subscribe.length !== initialVersions.size) return false;
  return subscribe.every((name) => initialVersions.has(name));
}

// What is not wanted was forgotten. A version '' asks for the resource whatever it is, and to be told when it is gone.
function holdingOf({ initialVersions }: DeltaRequest, subscription: Subscription): Holding {
  if (initialVersions.size === 0) return Holding.nothing;
  const versions = new Map<string, string>();
  for (const [name, version] of initialVersions) {
    if (subscription.includes(name)) versions.set(name, version || 'unknown');
  }
  return new Holding(undefined, versions);
}
