// What a stream knows of its client, for people and for CSDS: plain data, made when asked for.

import type { ResourceKind } from '../snapshot/resource.ts';
import type { Subscription } from '../snapshot/subscription.ts';
import type { Node } from './node.ts';
import type { StreamMethod } from './stream-method.ts';
import type { TakenClusters } from './unasked.ts';

/** `synced`: runs the newest. `stale`: was not sent it, or did not answer yet. `error`: refused it. `not-sent`: asked, and nothing was sent. */
export type SyncState = 'synced' | 'stale' | 'error' | 'not-sent';

/** A refusal, as it is shown: see {@link describeNack}. Times by the monotonic clock (`performance.now()`). */
export interface Nack {
  readonly atMs: number;
  /** The version refused; of an earlier push, when `isInForce`. */
  readonly version: string;
  readonly message: string;
  /** What was new, changed or gone with what was refused, at most ten names: the bad resource may be any of them. */
  readonly names: readonly string[];
  /** True when the client runs this version and the refusal is of a push before it. */
  readonly isInForce: boolean;
}

/** One type on one stream. */
export interface TypeStatus {
  readonly kind: ResourceKind;
  readonly typeUrl: string;
  readonly state: SyncState;
  /** '' when nothing was sent. */
  readonly versionSent: string;
  /** '' before the first ACK. */
  readonly versionAccepted: string;
  /** True before the first ACK when it runs what an earlier stream brought, and does not say which version of all. */
  readonly isEarlierInForce: boolean;
  readonly unansweredSinceMs: number | undefined;
  /** When a response was last sent, or answered: since when things stand as they do. Undefined when nothing was sent. */
  readonly updatedAtMs: number | undefined;
  readonly lastNack: Nack | undefined;
  /** Until when what is to be sent waits because the last one was sent less than `everyMs` ago; undefined: it does not. */
  readonly pause: { readonly untilMs: number; readonly everyMs: number } | undefined;
  readonly subscription: Subscription;
  readonly bytesSent: number;
  /** Of clusters that are in sync; else undefined. */
  readonly taken: TakenClusters | undefined;
}

/** One stream, times by the monotonic clock; `node` is undefined before its first request. */
export interface StreamStatus {
  readonly method: StreamMethod;
  readonly peer: string;
  readonly node: Node | undefined;
  readonly openedAtMs: number;
  /** False until something is published for its node group. */
  readonly hasSnapshot: boolean;
  /**
   * Since when the oldest response waits that the transport has not let go, because the client reads slowly or not at
   * all; undefined when none does. While one waits, nothing newer is written.
   */
  readonly unwrittenSinceMs: number | undefined;
  readonly types: readonly TypeStatus[];
  /** Types that it asked for and that are not published, as they are shown: the first 16. */
  readonly unknownTypeUrls: readonly string[];
}
