// State of the world: every request lists all names that are wanted, every response of
// clusters or listeners lists all there are.

import type { Difference } from '../snapshot/difference.ts';
import type { Holding } from '../snapshot/holding.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { Subscription, SubscriptionTable } from '../snapshot/subscription.ts';
import type { View } from '../snapshot/view.ts';
import type { Answer } from './delivery.ts';
import type { SotwRequest } from './discovery-request.ts';
import { encodeChanges, encodeFullState } from './discovery-response.ts';
import type { ResponseBody } from './discovery-response.ts';
import type { NameList, NameListTable } from './name-list.ts';
import { Watch, mayBeWildcard } from './watch.ts';
import type { Sending } from './watch.ts';

export interface SotwTables {
  /** Over the sets of names of `subscriptions`. */
  readonly nameLists: NameListTable;
  readonly subscriptions: SubscriptionTable;
}

export class SotwWatch extends Watch<SotwRequest> {
  readonly #tables: SotwTables;
  #nameList: NameList;
  #wereNamesGiven: boolean;

  /** @throws MalformedRequestError */
  constructor(kind: ResourceKind, tables: SotwTables, first: SotwRequest, sending: Sending = {}) {
    const nameList = tables.nameLists.decode(first.encodedNames);
    const acceptedVersion = first.versionInfo;
    const subscription = subscriptionTo(kind, nameList, true, tables.subscriptions);
    super(kind, subscription, { isResumed: acceptedVersion !== '', acceptedVersion }, sending);
    this.#tables = tables;
    this.#nameList = nameList;
    this.#wereNamesGiven = nameList.count > 0;
  }

  /**
   * Takes a request after the first. Its names are what the client wants now even when its nonce
   * is stale: requests of a stream come in order, and a name that crossed with a push must not be lost.
   * @throws MalformedRequestError, and then nothing has changed.
   */
  override receive(request: SotwRequest): Answer {
    if (!isSameBytes(request.encodedNames, this.#nameList.encoded)) this.#receiveNames(request.encodedNames);
    return this.settle(request.responseNonce, request.versionInfo, request.errorDetail);
  }

  // What a client holds of an earlier stream it says by a version only: it may be anything.
  override lacking(names: readonly string[]): readonly string[] {
    return this.isResumed ? [] : super.lacking(names);
  }

  // What is left out of a response of the other kinds is unchanged (xDS protocol, "Deleting Resources").
  protected override get isFullState(): boolean {
    return this.kind === 'cluster' || this.kind === 'listener';
  }

  protected override get isRemovalSaid(): boolean {
    return this.isFullState;
  }

  protected override isWorthSending({ changed, absent, removed }: Difference): boolean {
    return changed.length > 0 || absent.length > 0 || (this.isFullState && removed.length > 0);
  }

  protected override encode(view: View, difference: Difference, held: Holding): ResponseBody {
    if (this.isFullState) return encodeFullState(view, this.sending.onEncoded);
    return encodeChanges(view, difference, held, this.sending.onEncoded);
  }

  #receiveNames(encodedNames: Uint8Array): void {
    const nameList = this.#tables.nameLists.decode(encodedNames, this.#nameList);
    this.#nameList = nameList;
    if (nameList.count > 0) this.#wereNamesGiven = true;
    const subscription = subscriptionTo(this.kind, nameList, !this.#wereNamesGiven, this.#tables.subscriptions);
    if (subscription === this.subscription) return;
    this.resubscribe(subscription);
    this.mustAnswer ||= this.isFullState;
  }
}

// No names at all mean everything, until the first time that names were given.
function subscriptionTo(
  kind: ResourceKind,
  { count, hasWildcard, names }: NameList,
  isEmptyWildcard: boolean,
  subscriptions: SubscriptionTable,
): Subscription {
  const asksForAll = count === 0 ? isEmptyWildcard : hasWildcard;
  return subscriptions.of(asksForAll && mayBeWildcard(kind), names);
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
