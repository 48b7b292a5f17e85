// One discovery stream: aggregated, or of one type. Takes requests, holds a watch per
// type, and writes what is due, in order and never more than the transport takes.

import { kindOfTypeUrl, messageNames, typeUrlOf } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { publishOrder } from '../snapshot/resource.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { NodeGroup, Publication, Snapshot } from '../snapshot/snapshot.ts';
import { firstNamesOf, isAccepted, refusedBy } from './delivery.ts';
import type { Answer } from './delivery.ts';
import { MalformedRequestError } from './discovery-request.ts';
import type { RequestHead } from './discovery-request.ts';
import { appendNonce } from './discovery-response.ts';
import type { ListenerPacing } from './listener-pacing.ts';
import type { SetSelector } from './make-before-break.ts';
import { nackEvent } from './nack-event.ts';
import { parseNode } from './node.ts';
import type { Node } from './node.ts';
import type { Protocol } from './protocol.ts';
import { createOrder } from './set-selector.ts';
import type { StreamContext, StreamTransport } from './stream-context.ts';
import { cut } from './stream-log.ts';
import { dialectOf } from './stream-method.ts';
import type { StreamMethod } from './stream-method.ts';
import type { StreamStatus, SyncState, TypeStatus } from './stream-status.ts';
import { Warming } from './warming.ts';
import type { Watch } from './watch.ts';
import { typeStatusOf } from './watched-type.ts';
import type { WatchedType } from './watched-type.ts';

// Enough to see which types somebody asks for in vain; a client must not grow the list.
const maxUnknownTypeUrls = 16;

// Enough to find a bad resource by; a response may change thousands.
const maxNackNames = 10;

// What a gRPC client takes unless it is told otherwise; Envoy has no limit.
const largeMessageBytes = 4 * 1024 * 1024;

export class DiscoveryStream {
  readonly #transport: StreamTransport;
  readonly #method: StreamMethod;
  readonly #dialect: Dialect;
  readonly #context: StreamContext;
  readonly #selector: SetSelector;
  /** Undefined on a stream without listeners. */
  readonly #listenerPacing: ListenerPacing | undefined;
  readonly #warming: Warming;
  readonly #protocol: Protocol<RequestHead>;
  // In the order of publishing; at most five.
  #types: readonly WatchedType[] = [];
  readonly #openedAtMs = performance.now();
  #unknownTypeUrls: Set<string> | undefined;
  #node: Node | undefined;
  #group: NodeGroup | undefined;
  // Known with the first request: the answer costs system calls.
  #isGivenSecrets = false;
  #lastNonce = 0;
  #unwritten = 0;
  #isTurnRequested = false;
  #isClosed = false;
  #isFlushWanted = false;
  // True while make-before-break keeps a part of the newest snapshot from the client.
  #isHoldingBack = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(transport: StreamTransport, method: StreamMethod, context: StreamContext) {
    this.#transport = transport;
    this.#method = method;
    this.#context = context;
    this.#protocol = context.protocols[method.protocol];
    const watchOf = (kind: ResourceKind): Watch | undefined => this.#typeOf(kind)?.watch;
    this.#dialect = dialectOf(method);
    this.#warming = new Warming(watchOf);
    const { selector, pacing } = createOrder(method.kind, this.#dialect, watchOf, context.otherWaysOf(this), context);
    this.#selector = selector;
    this.#listenerPacing = pacing;
    context.observer.streamOpened(method);
  }

  /** The group whose snapshot this stream is given; undefined before its first request. */
  get group(): NodeGroup | undefined {
    return this.#group;
  }

  /** The id of the node at the other end; undefined before its first request. */
  get nodeId(): string | undefined {
    return this.#node?.id;
  }

  get apiVersion(): ApiVersion {
    return this.#method.apiVersion;
  }

  /** The one kind of resource that it is for; undefined on an aggregated stream. */
  get onlyKind(): ResourceKind | undefined {
    return this.#method.kind;
  }

  /** The node at the other end; undefined before its first request. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Address and port of the client. */
  get peer(): string {
    return this.#transport.peer;
  }

  /** See {@link StreamTransport.isPrivate}. */
  get isPrivate(): boolean {
    return this.#transport.isPrivate;
  }

  /** False when it is given no passwords and no private keys. */
  get isGivenSecrets(): boolean {
    return this.#isGivenSecrets;
  }

  /** Asks for a call of {@link flush} in a later turn of the event loop; asking again until then is the same. */
  requestTurn(): void {
    if (this.#isTurnRequested) return;
    this.#isTurnRequested = true;
    this.#context.schedule(this);
  }

  /** Takes one message from the client. A bad one ends the stream, and only this one. */
  receive(message: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#receiveRequest(message);
    } catch (error) {
      this.#failOn(error, this.#node ?? this.#nodeIn(message));
    }
  }

  /**
   * Writes what is due of the newest snapshot; true when there was something. Does nothing while the transport still
   * holds earlier messages. Never throws.
   */
  flush(): boolean {
    this.#isTurnRequested = false;
    const nonceBefore = this.#lastNonce;
    this.#transport.cork();
    try {
      this.#flush();
    } catch (error) {
      this.#failOn(error, this.#node);
    }
    this.#transport.uncork();
    return this.#lastNonce > nonceBefore;
  }

  /** True while something that was written has not left yet. */
  get isWriting(): boolean {
    return this.#unwritten > 0;
  }

  /** To be called once for each message that was written, when it has left for the network. */
  noteWritten(): void {
    this.#unwritten -= 1;
    if (this.isWriting) return;
    if (this.#isFlushWanted) this.requestTurn();
    this.#context.onWritten();
  }

  /** Ends the stream with an error, from the server's side. */
  fail(status: Parameters<StreamTransport['fail']>[0], message: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#transport.fail(status, message);
  }

  /** To be called when the call was ended on our side with this status, and not by this stream. */
  noteEnded(status: string, reason: string): void {
    if (this.#isClosed) return;
    this.#context.log.ended(this.#node, this.#transport.peer, status, reason);
    this.close();
  }

  /** To be called when our side ended the connection, once for all streams of it. */
  noteConnectionEnded(peer: string): void {
    this.#context.log.connectionEnded(this.#node, peer);
  }

  /** Releases everything; safe to repeat. Nothing is written afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#types = [];
    this.#context.observer.streamClosed(this.#method);
    this.#context.onClosed(this);
  }

  /** What is known of the client now. */
  status(): StreamStatus {
    return {
      method: this.#method,
      peer: this.#transport.peer,
      node: this.#node,
      openedAtMs: this.#openedAtMs,
      hasSnapshot: this.#publication !== undefined,
      unwrittenSinceMs: this.#unwrittenSinceMs(),
      types: this.#types.map((type) => this.#typeStatus(type)),
      unknownTypeUrls: [...(this.#unknownTypeUrls ?? [])],
    };
  }

  /**
   * True when the client has ACKed or refused the newest of everything it wants, which is not nothing; of one that has
   * not said who it is nothing is waited for.
   */
  isSettled(): boolean {
    if (this.#isClosed || this.#node === undefined) return true;
    return this.#types.length > 0 && this.#types.every(({ kind, watch }) => {
      const state = this.#syncState(kind, watch);
      return state === 'synced' || state === 'error';
    });
  }

  /** True when the client refused the newest of something. */
  get isRefusing(): boolean {
    return this.#types.some(({ watch }) => watch.isRefused);
  }

  /** When the client last accepted something, by the monotonic clock; 0: it has not. */
  get acceptedAtMs(): number {
    return Math.max(0, ...this.#types.map((type) => type.acceptedAtMs));
  }

  /** Sends once more what the client refused, though nothing has changed; gives of which types. */
  retry(): readonly ResourceKind[] {
    const retried = this.#types.filter(({ watch }) => watch.retry()).map(({ kind }) => kind);
    if (retried.length > 0) this.requestTurn();
    return retried;
  }

  #flush(): void {
    if (this.#isClosed) return;
    if (this.isWriting) {
      this.#isFlushWanted = true;
      return;
    }
    const publication = this.#publication;
    if (publication === undefined) return;
    this.#isFlushWanted = false;
    this.#isHoldingBack = false;
    const nowMs = performance.now();
    for (const type of this.#types) {
      // What comes after waits for all parts: it may refer to what the next one brings.
      if (!this.#flushType(type, publication, nowMs)) break;
    }
    if (this.#timer !== undefined || this.#isHoldingBack) this.#setTimer(this.#snapshotOf(publication), nowMs);
  }

  // What goes wrong on one stream ends that one and no other.
  #failOn(error: unknown, node: Node | undefined): void {
    const { log } = this.#context;
    if (error instanceof MalformedRequestError) {
      log.badRequest(node, this.#transport.peer, error.message);
      this.fail('INVALID_ARGUMENT', error.message);
    } else {
      log.failed(node, this.#transport.peer, error);
      this.fail('INTERNAL', 'internal error');
    }
  }

  // Of a first request that can't be used: whose it was.
  #nodeIn(message: Uint8Array): Node | undefined {
    try {
      const node = this.#protocol.findNode(message);
      return node && parseNode(node);
    } catch {
      return undefined;
    }
  }

  #receiveRequest(message: Uint8Array): void {
    const request = this.#protocol.parse(message);
    this.#identify(request);
    const kind = this.#kindOf(request.typeUrl);
    if (kind === undefined) return;
    this.#context.observer.requestReceived(this.#method, kind);
    const nowMs = performance.now();
    const type = this.#typeOf(kind);
    if (type === undefined) {
      this.#beginType(kind, this.#protocol.open(kind, request), nowMs);
    } else {
      const answer = type.watch.receive(request);
      this.#noteAnswer(type, answer, nowMs);
      if (answer.kind === 'ack' && !this.#isAnythingDue(type, nowMs)) return;
    }
    this.requestTurn();
  }

  #beginType(kind: ResourceKind, watch: Watch<RequestHead>, nowMs: number): void {
    const type = { kind, watch, bytesSent: 0, updatedAtMs: undefined, lastNack: undefined, acceptedAtMs: 0 };
    const types = [...this.#types, type];
    this.#types = types.sort((a, b) => publishOrder.indexOf(a.kind) - publishOrder.indexOf(b.kind));
    this.#selector.begin(watch, nowMs);
    if (kind === 'endpoint') this.#warming.noteEndpointsAsked();
    if (kind === 'listener') this.#context.onListenersAsked(this);
  }

  #typeOf(kind: ResourceKind): WatchedType | undefined {
    for (const type of this.#types) if (type.kind === kind) return type;
    return undefined;
  }

  #typeUrlOf(kind: ResourceKind): string {
    return typeUrlOf(messageNames[this.#method.apiVersion][kind]);
  }

  // Most requests are ACKs that change nothing: thousands of them follow each commit.
  #isAnythingDue({ kind, watch }: WatchedType, nowMs: number): boolean {
    if (this.#isHoldingBack) return true;
    const publication = this.#publication;
    if (publication === undefined) return false;
    return !watch.isSent(this.#selector.target(kind, this.#snapshotOf(publication), nowMs));
  }

  get #publication(): Publication | undefined {
    return this.#group === undefined ? undefined : this.#context.publicationFor(this.#group);
  }

  #snapshotOf({ snapshot }: Publication): Snapshot {
    return this.#isGivenSecrets ? snapshot : (snapshot.inClear ?? snapshot);
  }

  // The node counts in the first request only; it can't change later (xDS protocol, "Basic Protocol Overview").
  #identify({ node }: RequestHead): void {
    if (this.#node !== undefined) return;
    if (node === undefined) throw new MalformedRequestError('node: required in the first request of a stream');
    this.#node = parseNode(node);
    this.#group = this.#context.groupOf(this.#node);
    this.#isGivenSecrets = this.#context.secretsFor === 'any' || this.isPrivate;
    this.#context.log.opened(this.#node);
    this.#context.onIdentified(this);
  }

  #kindOf(typeUrl: string): ResourceKind | undefined {
    const { apiVersion, kind: only } = this.#method;
    if (only !== undefined) {
      const expected = this.#typeUrlOf(only);
      if (typeUrl === '' || typeUrl === expected) return only;
      throw new MalformedRequestError(`type_url ${JSON.stringify(cut(typeUrl))}: this stream serves ${expected}`);
    }
    if (typeUrl === '') throw new MalformedRequestError('type_url: required on an aggregated stream');
    const kind = kindOfTypeUrl(apiVersion, typeUrl);
    if (kind === undefined) this.#noteUnknown(typeUrl);
    return kind;
  }

  #noteUnknown(typeUrl: string): void {
    this.#context.observer.unknownTypeRequested(this.#method);
    const shown = cut(typeUrl);
    this.#unknownTypeUrls ??= new Set();
    if (this.#unknownTypeUrls.has(shown) || this.#unknownTypeUrls.size === maxUnknownTypeUrls) return;
    this.#unknownTypeUrls.add(shown);
    this.#context.log.unknownType(this.#node, shown);
  }

  #noteAnswer(type: WatchedType, answer: Answer, nowMs: number): void {
    const { kind } = type;
    if ('sent' in answer) type.updatedAtMs = nowMs;
    const publishedAtMs = 'sent' in answer ? answer.sent.publishedAtMs : undefined;
    const sinceCommitMs = publishedAtMs === undefined ? undefined : nowMs - publishedAtMs;
    this.#context.observer.answerReceived(this.#method, kind, answer, sinceCommitMs);
    if ('sent' in answer && isAccepted(answer)) type.acceptedAtMs = nowMs;
    if (kind === 'cluster' && 'sent' in answer) this.#warming.noteClustersAnswered(answer);
    if (kind === 'listener' && 'sent' in answer) this.#listenerPacing?.noteAnswered(answer, nowMs);
    if (answer.kind !== 'nack') return;
    const { sent, error } = answer;
    const isInForce = isAccepted(answer);
    const message = this.#context.nackTexts.describe(error.message);
    const names = firstNamesOf(refusedBy(answer), maxNackNames);
    type.lastNack = { atMs: nowMs, version: sent.version, message, names, isInForce };
    this.#context.log.nack(this.#node, this.#typeUrlOf(kind), {
      version: sent.version,
      nonce: sent.nonce,
      code: error.code,
      message,
      names,
      isInForce,
    });
    this.#context.onEvent(nackEvent(this.nodeId ?? '', { kind, message, names, isInForce }));
  }

  /** False after a part: the next one is written when it has left. */
  #flushType(type: WatchedType, publication: Publication, nowMs: number): boolean {
    const { kind, watch } = type;
    const { set, restAtMs } = this.#selector.select(kind, watch, this.#snapshotOf(publication), nowMs);
    if (restAtMs !== undefined) this.#isHoldingBack = true;
    if (set === undefined) return true;
    const isFirst = !watch.wasAnswered;
    const { lastSet } = watch;
    const isPush = !isFirst && lastSet !== set;
    const publishedAtMs = isPush ? publication.atMs : watch.latestPart?.publishedAtMs;
    const nonce = String(this.#lastNonce + 1);
    const due = watch.advance(set, nonce, nowMs, publishedAtMs);
    if (due === undefined) return true;
    this.#lastNonce += 1;
    const message = appendNonce(due.body, nonce);
    type.bytesSent += message.length;
    type.updatedAtMs = nowMs;
    this.#unwritten += 1;
    if (!due.isLast) this.#isFlushWanted = true;
    this.#transport.write(message);
    const sinceCommitMs = publishedAtMs === undefined ? undefined : nowMs - publishedAtMs;
    this.#context.observer.responseSent(this.#method, kind, message.length, sinceCommitMs);
    if (message.length > largeMessageBytes) {
      this.#context.log.largeResponse(this.#node, this.#typeUrlOf(kind), message.length);
    }
    if (kind === 'cluster') this.#warming.noteClustersSent(due, isFirst);
    if (kind === 'listener') this.#listenerPacing?.noteSent(lastSet, set, nowMs);
    return due.isLast;
  }

  // Nothing is written while a message waits, so all that wait are of one flush, the last one.
  #unwrittenSinceMs(): number | undefined {
    if (!this.isWriting) return undefined;
    return Math.max(...this.#types.map(({ watch }) => watch.delivery.latest?.sentAtMs ?? 0));
  }

  #typeStatus(type: WatchedType): TypeStatus {
    const { kind, watch } = type;
    return typeStatusOf(type, {
      typeUrl: this.#typeUrlOf(kind),
      state: this.#syncState(kind, watch),
      pacing: kind === 'listener' ? this.#listenerPacing : undefined,
      findEndpoints: () => this.#publication?.snapshot.resources('endpoint', this.#dialect),
    });
  }

  #syncState(kind: ResourceKind, watch: Watch): SyncState {
    const publication = this.#publication;
    if (publication === undefined) return 'not-sent';
    const target = this.#selector.target(kind, this.#snapshotOf(publication), performance.now());
    if (!watch.isSent(target)) return watch.wasAnswered ? 'stale' : 'not-sent';
    if (watch.delivery.unansweredSinceMs !== undefined) return 'stale';
    return watch.isRefused ? 'error' : 'synced';
  }

  // Asked after everything due was sent: what was sent last may be what the rest waits for.
  #setTimer(snapshot: Snapshot, nowMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let dueAtMs = Infinity;
    for (const { kind, watch } of this.#types) {
      const { set, restAtMs } = this.#selector.select(kind, watch, snapshot, nowMs);
      if (restAtMs !== undefined) dueAtMs = Math.min(dueAtMs, restAtMs);
      else if (set !== undefined && !watch.isSent(set)) dueAtMs = nowMs;
    }
    if (dueAtMs === Infinity) return;
    this.#timer = setTimeout(() => this.requestTurn(), Math.max(dueAtMs - nowMs, 0));
    this.#timer.unref();
  }
}
