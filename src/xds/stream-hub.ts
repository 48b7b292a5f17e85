// All open discovery streams, and the one loop that lets them write.

import type { Logger } from 'pino';

import type { OnEvent } from '../events/event.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import type { IsConcerned, NodeGroup, SnapshotCache } from '../snapshot/snapshot.ts';
import { findAgents, findWithoutSecrets } from './agents.ts';
import type { Agents } from './agents.ts';
import { ClientSorts } from './client-sorts.ts';
import type { EncodeListener } from './discovery-response.ts';
import { DiscoveryStream } from './discovery-stream.ts';
import type { SecretsFor, StreamContext, StreamTransport } from './stream-context.ts';
import type { SecretValues } from './known-secrets.ts';
import type { ListenerTakers } from './listener-takers.ts';
import type { ListenerPause } from './listener-pacing.ts';
import { NackTexts } from './nack-texts.ts';
import type { NodeGroupOf } from './node.ts';
import { noObserver } from './observer.ts';
import type { DiscoveryObserver } from './observer.ts';
import { Pollers } from './pollers.ts';
import type { JudgedClient } from './pollers.ts';
import { Presence, returnTimeMs as defaultReturnTimeMs } from './presence.ts';
import { createProtocols } from './protocol.ts';
import { StreamLog } from './stream-log.ts';
import type { StreamMethod } from './stream-method.ts';
import { StreamsByNode } from './streams-by-node.ts';

export interface StreamHubOptions {
  readonly snapshots: SnapshotCache;
  readonly groupOf: NodeGroupOf;
  readonly log: Logger;
  readonly observer?: DiscoveryObserver;
  readonly onEncoded?: EncodeListener;
  /** How long make-before-break waits for an Envoy that does not ACK, which it does not while a cluster warms. Default 5,000. */
  readonly inForceBoundMs?: number;
  /** How long a client that has come back is taken to be about to ask for listeners too. Default 35,000. */
  readonly returnTimeMs?: number;
  /** Between pushes of listeners that follow each other on one stream. Default 1,000 to 60,000. */
  readonly listenerPause?: ListenerPause;
  /** No response is longer that can be split, unless it is a single resource. Default 3.5 MiB. */
  readonly maxBytes?: number;
  /** How long nodes that went are remembered; 0: not at all. Default 600,000. */
  readonly goneTimeMs?: number;
  /** Default `private`. */
  readonly secretsFor?: SecretsFor;
  /** What was published, and no text of a client's may tell; the same object while it is the same. Default: nothing. */
  readonly secretValues?: () => SecretValues;
  /** Told of each refusal. Default: nobody is. */
  readonly onEvent?: OnEvent;
  /** Told of the first client of each release and node group, with secrets and without, since the last commit. */
  readonly onFirstOfSort?: (client: JudgedClient) => void;
}

const defaultInForceBoundMs = 5_000;
const defaultGoneTimeMs = 600_000;
const noSecrets: SecretValues = { passwords: [], privateKeys: [] };

const defaultListenerPause: ListenerPause = { minMs: 1_000, maxMs: 60_000 };

// Streams served before other work (ACKs, REST calls) gets its turn. A push goes before everything else, for with
// smaller turns the ACKs of the first hold up the last.
const streamsPerTurn = 10_000;

// Streams with something on its way to the network at a time. When it has left, the next stream writes: Envoys work
// from the first write on, and what a stream needs is still at hand for the processor when its bytes leave.
const maxWriting = 16;

export class StreamHub {
  /** Which nodes are there, and which were. */
  readonly presence: Presence;
  readonly #streams = new Set<DiscoveryStream>();
  // In the order of asking; those before `#next` had their turn. A stream is in it once, and is flushed with the
  // newest snapshot: rapid commits merge.
  #scheduled: DiscoveryStream[] = [];
  #next = 0;
  readonly #context: StreamContext;
  readonly #stopWatching: () => void;
  readonly #byNode: StreamsByNode;
  readonly #pollers = new Pollers();
  readonly #sorts: ClientSorts;
  #isTurnPlanned = false;
  #leftInTurn = 0;
  #leftToWrite = 0;
  #isFlushing = false;

  constructor({
    snapshots,
    groupOf,
    log,
    observer = noObserver,
    onEncoded,
    inForceBoundMs = defaultInForceBoundMs,
    returnTimeMs = defaultReturnTimeMs,
    listenerPause = defaultListenerPause,
    maxBytes,
    goneTimeMs = defaultGoneTimeMs,
    secretsFor = 'private',
    secretValues = () => noSecrets,
    onEvent = () => undefined,
    onFirstOfSort = () => undefined,
  }: StreamHubOptions) {
    this.presence = new Presence(goneTimeMs);
    this.#byNode = new StreamsByNode(snapshots, returnTimeMs);
    this.#sorts = new ClientSorts(onFirstOfSort);
    this.#context = {
      protocols: createProtocols(onEncoded, maxBytes),
      groupOf,
      schedule: (stream) => this.#schedule(stream),
      onIdentified: (stream) => {
        this.#notePresence(stream, 'noteOpened');
        this.#byNode.noteOpened(stream);
        if (isIdentified(stream)) this.#sorts.note(stream);
      },
      onListenersAsked: (stream) => this.#byNode.noteListenersAsked(stream),
      onClosed: (stream) => {
        this.#streams.delete(stream);
        this.#notePresence(stream, 'noteClosed');
        this.#byNode.noteClosed(stream);
      },
      onWritten: () => this.#onWritten(),
      publicationFor: (group) => snapshots.publication(group),
      secretsFor,
      nackTexts: new NackTexts(secretValues),
      onEvent,
      log: new StreamLog(log),
      observer,
      inForceBoundMs,
      returnTimeMs,
      listenerPause,
      otherWaysOf: (stream) => this.#byNode.otherWaysOf(stream),
    };
    this.#stopWatching = snapshots.watch((isConcerned) => this.#scheduleGroups(isConcerned));
  }

  /** The open streams, oldest first; a live view. */
  get streams(): ReadonlySet<DiscoveryStream> {
    return this.#streams;
  }

  /** Who takes listeners from here. */
  get listenerTakers(): ListenerTakers {
    return this.#byNode.listenerTakers;
  }

  /** The connected Envoys by release and node group, and those that polled lately; looks at every stream. */
  agents(): Agents[] {
    return findAgents(this.#judged());
  }

  /** Of these the ones that are given no passwords and no private keys, by node group. */
  withoutSecrets(): ReadonlyMap<NodeGroup, ReadonlySet<string>> {
    return findWithoutSecrets(this.#judged());
  }

  /** To be told of each poll, with what is known of who polls. */
  notePoll(client: JudgedClient): void {
    this.#pollers.note(client, performance.now());
    this.#sorts.note(client);
  }

  /** To be told of each commit: what there is to say of a sort of clients goes by it. */
  noteCommitted(): void {
    this.#sorts.forget();
  }

  /** True when some client is connected that speaks it. */
  isSpoken(apiVersion: ApiVersion): boolean {
    return this.#streams.values().some((stream) => stream.apiVersion === apiVersion);
  }

  /** True when some client takes its listeners from here, in whatever way. */
  isListenerTaken(): boolean {
    return this.listenerTakers.hasAny(performance.now());
  }

  /** Takes up a new call. The caller passes its messages to the stream, and must close that when it is over. */
  add(transport: StreamTransport, method: StreamMethod): DiscoveryStream {
    const stream = new DiscoveryStream(transport, method, this.#context);
    this.#streams.add(stream);
    return stream;
  }

  /** Ends every stream so that its client connects elsewhere. */
  shutDown(): void {
    this.#stopWatching();
    for (const stream of [...this.#streams]) {
      stream.fail('UNAVAILABLE', 'the control plane is shutting down');
    }
    this.#context.log.close();
  }

  *#judged(): Iterable<JudgedClient> {
    for (const stream of this.#streams) if (isIdentified(stream)) yield stream;
    yield* this.#pollers.recent(performance.now());
  }

  #notePresence({ nodeId }: DiscoveryStream, what: 'noteOpened' | 'noteClosed'): void {
    if (nodeId !== undefined) this.presence[what](nodeId);
  }

  #scheduleGroups(isConcerned: IsConcerned): void {
    for (const stream of this.#streams) {
      if (stream.group !== undefined && isConcerned(stream.group)) stream.requestTurn();
    }
  }

  #schedule(stream: DiscoveryStream): void {
    this.#scheduled.push(stream);
    this.#planTurn();
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(() => this.#takeTurn());
  }

  #takeTurn(): void {
    this.#isTurnPlanned = false;
    this.#leftInTurn = streamsPerTurn;
    // Afresh: what a stalled stream has not let go of by now holds up nobody else.
    this.#leftToWrite = maxWriting;
    this.#flushScheduled();
    if (this.#scheduled.length > 0) this.#planTurn();
  }

  #onWritten(): void {
    if (this.#leftToWrite < maxWriting) this.#leftToWrite += 1;
    this.#flushScheduled();
  }

  #flushScheduled(): void {
    // A transport may write at once, and say so before the stream is through.
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    while (this.#leftInTurn > 0 && this.#leftToWrite > 0) {
      const stream = this.#scheduled[this.#next];
      if (stream === undefined) break;
      this.#next += 1;
      this.#leftInTurn -= 1;
      this.#leftToWrite -= 1;
      if (!stream.flush()) this.#leftToWrite += 1;
    }
    this.#isFlushing = false;
    const isDone = this.#next === this.#scheduled.length;
    // The turn is over: what is asked for from now on waits for the next one, and may merge until then.
    if (isDone) this.#leftInTurn = 0;
    if (this.#next === 0 || this.#leftInTurn > 0) return;
    this.#scheduled = isDone ? [] : this.#scheduled.slice(this.#next);
    this.#next = 0;
  }
}

function isIdentified(stream: DiscoveryStream): stream is DiscoveryStream & JudgedClient {
  return stream.node !== undefined && stream.group !== undefined;
}
