// What happens on the discovery streams, told to whoever counts it.

import type { ResourceKind } from '../snapshot/resource.ts';
import type { Answer } from './delivery.ts';
import type { StreamMethod } from './stream-method.ts';

/**
 * Told of every event once, in order, from the hot path: implementations are cheap and never throw.
 * `streamClosed` follows `streamOpened` exactly once, however the stream ended.
 */
export interface DiscoveryObserver {
  streamOpened(method: StreamMethod): void;
  streamClosed(method: StreamMethod): void;
  requestReceived(method: StreamMethod, kind: ResourceKind): void;
  /** A request for a type that is not published; it is not answered. */
  unknownTypeRequested(method: StreamMethod): void;
  /** @param sinceCommitMs from publishing to writing; undefined when the response answers a request, not a commit. */
  responseSent(method: StreamMethod, kind: ResourceKind, bytes: number, sinceCommitMs: number | undefined): void;
  /** @param sinceCommitMs from publishing to this answer, when the response it answers was the push of a commit. */
  answerReceived(method: StreamMethod, kind: ResourceKind, answer: Answer, sinceCommitMs: number | undefined): void;
}

/** An observer that does nothing. */
export const noObserver: DiscoveryObserver = {
  streamOpened: () => undefined,
  streamClosed: () => undefined,
  requestReceived: () => undefined,
  unknownTypeRequested: () => undefined,
  responseSent: () => undefined,
  answerReceived: () => undefined,
};
