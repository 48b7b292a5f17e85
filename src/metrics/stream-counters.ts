// Counts what happens on the discovery streams. On the hot path: an event costs a few
// additions to plain numbers; series are made of them when somebody asks.

import type { ApiVersion } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { Answer } from '../xds/delivery.ts';
import type { DiscoveryObserver } from '../xds/observer.ts';
import type { ProtocolName, StreamMethod } from '../xds/stream-method.ts';
import { Distribution } from './distribution.ts';

/** What a stream carries: one type, or all. */
export type StreamType = ResourceKind | 'aggregated';

/** Events of one type since the start. */
export interface TypeCounts {
  requests: number;
  responses: number;
  responseBytes: number;
  acks: number;
  nacks: number;
  staleNonces: number;
}

/** All that is counted for one API version and mode; a type counts the same on whatever stream it comes. */
export interface ModeCounts {
  readonly openStreams: Record<StreamType, number>;
  readonly types: Readonly<Record<ResourceKind, TypeCounts>>;
  /** Requests for types that are not published. */
  unknownTypeRequests: number;
}

// From a commit on a quiet machine to an Envoy that waits for clusters to warm.
const sinceCommitBoundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class StreamCounters implements DiscoveryObserver {
  readonly counts: Readonly<Record<ApiVersion, Readonly<Record<ProtocolName, ModeCounts>>>> = {
    v2: { sotw: countNothing(), delta: countNothing() },
    v3: { sotw: countNothing(), delta: countNothing() },
  };
  /** Seconds from publishing to writing. */
  readonly commitToSent = createDistributions();
  /** Seconds from publishing to the ACK. */
  readonly commitToAck = createDistributions();

  streamOpened(method: StreamMethod): void {
    this.#of(method).openStreams[method.kind ?? 'aggregated'] += 1;
  }

  streamClosed(method: StreamMethod): void {
    this.#of(method).openStreams[method.kind ?? 'aggregated'] -= 1;
  }

  requestReceived(method: StreamMethod, kind: ResourceKind): void {
    this.#of(method).types[kind].requests += 1;
  }

  unknownTypeRequested(method: StreamMethod): void {
    this.#of(method).unknownTypeRequests += 1;
  }

  responseSent(method: StreamMethod, kind: ResourceKind, bytes: number, sinceCommitMs: number | undefined): void {
    const counts = this.#of(method).types[kind];
    counts.responses += 1;
    counts.responseBytes += bytes;
    if (sinceCommitMs !== undefined) this.commitToSent[kind].observe(sinceCommitMs / 1000);
  }

  answerReceived(method: StreamMethod, kind: ResourceKind, answer: Answer, sinceCommitMs: number | undefined): void {
    const counts = this.#of(method).types[kind];
    if (answer.kind === 'ack') {
      counts.acks += 1;
      if (sinceCommitMs !== undefined) this.commitToAck[kind].observe(sinceCommitMs / 1000);
    } else if (answer.kind === 'nack') counts.nacks += 1;
    else if (answer.kind === 'stale') counts.staleNonces += 1;
  }

  #of({ apiVersion, protocol }: StreamMethod): ModeCounts {
    return this.counts[apiVersion][protocol];
  }
}

function countNothing(): ModeCounts {
  const zero = (): TypeCounts => ({
    requests: 0,
    responses: 0,
    responseBytes: 0,
    acks: 0,
    nacks: 0,
    staleNonces: 0,
  });
  return {
    openStreams: { aggregated: 0, cluster: 0, endpoint: 0, listener: 0, route: 0, secret: 0 },
    types: { cluster: zero(), endpoint: zero(), listener: zero(), route: zero(), secret: zero() },
    unknownTypeRequests: 0,
  };
}

function createDistributions(): Readonly<Record<ResourceKind, Distribution>> {
  const create = (): Distribution => new Distribution(sinceCommitBoundsSeconds);
  return { cluster: create(), endpoint: create(), listener: create(), route: create(), secret: create() };
}
