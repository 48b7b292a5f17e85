// What a discovery stream has around it: the call that it writes to, and what it shares with all others.

import type { OnEvent } from '../events/event.ts';
import type { NodeGroup, Publication } from '../snapshot/snapshot.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import type { NackTexts } from './nack-texts.ts';
import type { NodeGroupOf } from './node.ts';
import type { DiscoveryObserver } from './observer.ts';
import type { OtherWays } from './other-ways.ts';
import type { Protocols } from './protocol.ts';
import type { OrderOptions } from './set-selector.ts';
import type { StreamLog } from './stream-log.ts';

/** The gRPC call as a stream sees it. */
export interface StreamTransport {
  /** Address and port of the client. */
  readonly peer: string;
  /** Whether nobody between here and the client can read what is written: it has TLS, or is on this machine. */
  readonly isPrivate: boolean;
  /** Writes one message; {@link DiscoveryStream.noteWritten} has to be called once it has left for the network. */
  write(message: Uint8Array): void;
  /** What is written from now on leaves together, with {@link uncork}: half of what a second message would cost. */
  cork(): void;
  uncork(): void;
  /** Ends the call with a status other than OK. */
  fail(status: 'INVALID_ARGUMENT' | 'INTERNAL' | 'UNAVAILABLE', message: string): void;
}

/** Clients on whose connections nobody else can read, or all. */
export type SecretsFor = 'private' | 'any';

/** What a stream needs from around it. */
export interface StreamContext extends OrderOptions {
  readonly protocols: Protocols;
  readonly groupOf: NodeGroupOf;
  /** Asks for a later call of {@link DiscoveryStream.flush}. */
  readonly schedule: (stream: DiscoveryStream) => void;
  /** Told once, when the first request has said who the client is. */
  readonly onIdentified: (stream: DiscoveryStream) => void;
  /** Told once, when the client has asked for listeners. */
  readonly onListenersAsked: (stream: DiscoveryStream) => void;
  /** Told once, when the stream is closed from whichever side. */
  readonly onClosed: (stream: DiscoveryStream) => void;
  /** Told when all that a stream wrote has left for the network. */
  readonly onWritten: () => void;
  readonly publicationFor: (group: NodeGroup) => Publication | undefined;
  /** Who is given passwords and private keys. */
  readonly secretsFor: SecretsFor;
  /** Finds those that were published in what a client says. */
  readonly nackTexts: NackTexts;
  /** Told of each refusal. */
  readonly onEvent: OnEvent;
  readonly observer: DiscoveryObserver;
  readonly log: StreamLog;
  /** What is known of the stream's client beside the stream. */
  readonly otherWaysOf: (stream: DiscoveryStream) => OtherWays;
}
