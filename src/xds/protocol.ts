// The two ways to speak xDS on a stream. Everything else about a stream is the same in both.

import type { ResourceKind } from '../snapshot/resource.ts';
import { Splitter } from '../snapshot/splitter.ts';
import type { SplitterOptions } from '../snapshot/splitter.ts';
import { SubscriptionTable } from '../snapshot/subscription.ts';
import { DeltaWatch } from './delta-watch.ts';
import { findDeltaNode, findSotwNode, parseDeltaRequest, parseSotwRequest } from './discovery-request.ts';
import type { RequestHead } from './discovery-request.ts';
import type { EncodeListener } from './discovery-response.ts';
import { NameListTable } from './name-list.ts';
import { SotwWatch } from './sotw-watch.ts';
import type { Sending, Watch } from './watch.ts';

/** @typeParam Request what the protocol's requests are parsed to. */
export interface Protocol<Request extends RequestHead> {
  /** @throws MalformedRequestError */
  readonly parse: (message: Uint8Array) => Request;
  /** The encoded Node of a request that may not be well-formed. May throw anything. */
  readonly findNode: (message: Uint8Array) => Uint8Array | undefined;
  /** The watch that a stream's first request of a kind begins. @throws MalformedRequestError */
  readonly open: (kind: ResourceKind, first: Request) => Watch<Request>;
}

/** Both protocols, over one set of tables: streams that want the same share it whatever they speak. */
export interface Protocols {
  readonly sotw: Protocol<RequestHead>;
  readonly delta: Protocol<RequestHead>;
}

/** @param maxBytes above which a response is split that can be, see {@link Splitter}. */
export function createProtocols(onEncoded?: EncodeListener, maxBytes?: number): Protocols {
  const subscriptions = new SubscriptionTable();
  const tables = { nameLists: new NameListTable(subscriptions.nameSets), subscriptions };
  const sotw = sendingOf({ isRemovalSaid: false, maxBytes }, onEncoded);
  const delta = sendingOf({ isRemovalSaid: true, maxBytes }, onEncoded);
  return {
    sotw: seal({
      parse: parseSotwRequest,
      findNode: findSotwNode,
      open: (kind, first) => new SotwWatch(kind, tables, first, sotw(kind)),
    }),
    delta: seal({
      parse: parseDeltaRequest,
      findNode: findDeltaNode,
      open: (kind, first) => new DeltaWatch(kind, subscriptions, first, delta(kind)),
    }),
  };
}

// A stream that takes up many secrets is sent as many responses before it can answer the first.
const maxUnansweredSecrets = 1_000;

/** Secrets go one by one, so that the NACK of one says which it is of (docs/adr/0030). */
function sendingOf(options: SplitterOptions, onEncoded: EncodeListener | undefined): (kind: ResourceKind) => Sending {
  const usual = { onEncoded, splitter: new Splitter(options) };
  const ofSecrets = {
    onEncoded,
    splitter: new Splitter({ ...options, isEachAlone: true }),
    maxUnanswered: maxUnansweredSecrets,
  };
  return (kind) => (kind === 'secret' ? ofSecrets : usual);
}

// A stream passes what `parse` gave to `open` and to the watch, and never looks inside: the type may be hidden.
function seal<Request extends RequestHead>(protocol: Protocol<Request>): Protocol<RequestHead> {
  return protocol as unknown as Protocol<RequestHead>;
}
