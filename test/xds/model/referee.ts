// Watches one stream from the server's side: every request as it arrives, every response as
// it is written, each held to the rules that hold at any moment.

import type { StreamMethod } from '../../../src/xds/stream-method.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import type { Given } from './declared-state.ts';
import { describeRequest, describeResponse, parseResponse } from './discovery-message.ts';
import type { ModelRequest, ModelResponse } from './discovery-message.ts';
import { clusterNames } from './scenario.ts';
import { checkOrder } from './swap-order.ts';
import { TypeLedger } from './type-ledger.ts';
import type { SentResponse } from './type-ledger.ts';
import type { VersionLedger } from './version-ledger.ts';
import { demand } from './violation.ts';

/** What a stream is judged by besides its own history. */
export interface Surroundings {
  readonly versions: VersionLedger;
  readonly boundMs: number;
  readonly returnTimeMs: number;
  /** At least so much time is between pushes of listeners. */
  readonly listenerPauseMs: number;
  /** True when a response may be a part of what there is to say. */
  readonly isSplit: boolean;
  readonly nowMs: () => number;
  readonly isPublished: () => boolean;
  /** When the first snapshot at or after a moment was published; Infinity: there was none. */
  readonly publishedSinceMs: (ms: number) => number;
  /** What a resource says in the newest snapshot, to a client that is given that much. */
  readonly textOf: (kind: Kind, name: string, given: Given) => string | undefined;
  readonly isDeclared: (cluster: string) => boolean;
  /** True when the client is known to take listeners by a stream of their own, or taken to be about to. */
  readonly takesListeners: () => boolean;
  /** True when it came back with what shows that it does not. */
  readonly isOther: () => boolean;
  readonly lastEndpointsOf: (cluster: string) => string | undefined;
  readonly isDraining: (cluster: string) => boolean;
  readonly goneSinceMs: (cluster: string) => number;
  /** True when it was declared once and is not any more. */
  readonly hasGone: (cluster: string) => boolean;
  readonly trace: (line: () => string) => void;
}

export class Referee {
  readonly #name: string;
  readonly #method: StreamMethod;
  readonly #surroundings: Surroundings;
  readonly #ledgers = new Map<Kind, TypeLedger>();
  readonly #nonces = new Set<string>();
  #hasRefusedClusters = false;
  // Until then it is taken to have listeners, though it has not asked for any.
  #listenersExpectedUntilMs = 0;
  // Undefined: what was sent last was asked for, and so no push.
  #listenerPushedAtMs: number | undefined;

  constructor(name: string, method: StreamMethod, surroundings: Surroundings) {
    this.#name = name;
    this.#method = method;
    this.#surroundings = surroundings;
  }

  ledger(kind: Kind): TypeLedger | undefined {
    return this.#ledgers.get(kind);
  }

  /** The types that were asked for. */
  get ledgers(): Iterable<TypeLedger> {
    return this.#ledgers.values();
  }

  /** What of a cluster is published to this stream. */
  given(cluster: string): Given {
    const isTaker = this.#surroundings.takesListeners();
    if (this.#method.kind !== undefined) {
      return { isGivenHosts: isTaker, isGivenDraining: isTaker };
    }
    const isReturning = this.#surroundings.nowMs() < this.#listenersExpectedUntilMs;
    const areListenersExpected = isReturning && !this.#surroundings.isOther();
    const isGivenHosts = isTaker || this.#ledgers.has('listener') || areListenersExpected;
    const clusters = this.#ledgers.get('cluster');
    // What it may have, it keeps.
    return { isGivenHosts, isGivenDraining: isGivenHosts && (clusters === undefined || clusters.mayBeHeld(cluster)) };
  }

  receive(request: ModelRequest): void {
    this.#surroundings.trace(() => `${this.#name} -> ${describeRequest(request)}`);
    const known = this.#ledgers.get(request.kind);
    if (known === undefined) this.#begin(request);
    else known.receive(request);
    if (request.kind !== 'cluster' || request.error === undefined) return;
    // Refused clusters may be in a newer response too, and change when that is taken: their endpoints came too early.
    this.#hasRefusedClusters = true;
    this.#expectAllEndpoints();
  }

  /** Reads what was written. Throws a Violation. */
  send(message: Uint8Array): ModelResponse {
    const response = parseResponse(this.#method.apiVersion, this.#method.protocol, message);
    this.#surroundings.trace(() => `${this.#name} <- ${describeResponse(response)}`);
    const { kind, nonce, resources } = response;
    const isAlone = kind !== 'secret' || resources.size <= 1;
    demand(isAlone, 'well-formed responses', () => `${this.#name}: ${resources.size} secrets, a NACK would not say which`);
    demand(!this.#nonces.has(nonce), 'nonces and versions', () => `${this.#name}: nonce ${nonce} twice`);
    this.#nonces.add(nonce);
    demand(this.#surroundings.isPublished(), 'no needless response', () => `${kind} before the first commit`);
    const ledger = this.#ledgers.get(kind);
    demand(ledger !== undefined, 'no needless response', () => `${kind}: nobody asked for any`);
    this.#note(ledger, response);
    return response;
  }

  /** To be told of what was refused and is sent again. */
  noteRetried(kind: Kind): void {
    const ledger = this.#ledgers.get(kind);
    const isRefused = ledger?.responses.some(({ answer }) => answer === 'nack') === true;
    demand(isRefused, 'no needless response', () => `${this.#name}: ${kind} is sent again, and was not refused`);
    ledger?.noteRetried();
  }

  /** To be told what came or went of a kind of which a response may not say so. */
  noteMoved(kind: 'endpoint' | 'secret', cameOrWent: readonly string[]): void {
    // A cluster that came or went may have said before what it says now: that there are no endpoints.
    this.#ledgers.get(kind)?.noteMoved(cameOrWent);
  }

  #begin(request: ModelRequest): void {
    const { versions, hasGone, nowMs, returnTimeMs, textOf } = this.#surroundings;
    const isSplit = this.#surroundings.isSplit || request.kind === 'secret';
    const find = (name: string, version: string) => versions.resource(this.#scope(request.kind), name, version);
    const ledger = new TypeLedger(request, {
      find,
      hasGone: (name) => request.kind === 'endpoint' && hasGone(name) && !this.#isKept(name),
      next: isSplit ? (name) => textOf(request.kind, name, this.given(name)) : undefined,
    });
    this.#ledgers.set(request.kind, ledger);
    // A client that holds clusters of an earlier stream may use what drains, and asks for listeners a moment later.
    const isUpstream = request.kind === 'cluster' || request.kind === 'endpoint';
    if (isUpstream && holdsFromBefore(request)) this.#listenersExpectedUntilMs = nowMs() + returnTimeMs;
    // A client that says that it has the endpoints may wait for them all the same: see below. With listeners
    // it is given clusters that drain.
    if (request.kind === 'endpoint') ledger.expectAgain(this.#ledgers.get('cluster')?.sent.keys() ?? []);
    if (request.kind === 'listener') this.#expectAllEndpoints();
  }

  #expectAllEndpoints(): void {
    const endpoints = this.#ledgers.get('endpoint');
    endpoints?.expectAgain(endpoints.sent.keys());
  }

  #note(ledger: TypeLedger, response: ModelResponse): void {
    const nowMs = this.#surroundings.nowMs();
    const isFirst = ledger.responses.length === 0;
    const said = ledger.whatIsSaid(response);
    if (this.#method.kind === undefined) {
      const { boundMs, isSplit, publishedSinceMs, lastEndpointsOf, goneSinceMs } = this.#surroundings;
      const ledgerOf = (kind: Kind): TypeLedger | undefined => this.#ledgers.get(kind);
      const isKept = (name: string): boolean => this.#isKept(name);
      const state = { ledger: ledgerOf, nowMs, boundMs, isSplit, publishedSinceMs, isKept, lastEndpointsOf, goneSinceMs };
      checkOrder(ledger, said, state);
    }
    if (ledger.kind === 'listener') this.#checkPause(ledger, said, nowMs);
    const given = clusterNames.filter((name) => this.#isKept(name) && ledger.wanted.includes(name));
    const { changed } = ledger.send(response, nowMs);
    this.#noteVersions(ledger, response);
    if (ledger.kind !== 'cluster') return;
    // The next part may bring or remove it.
    if (!this.#surroundings.isSplit) this.#checkDraining(ledger, given, isFirst);
    // A changed cluster warms until its endpoints come, and so may any of a client that has just connected. What was
    // refused comes again with every full state, and changes when it is taken.
    if (isFirst || (this.#hasRefusedClusters && this.#method.protocol === 'sotw')) this.#expectAllEndpoints();
    else this.#ledgers.get('endpoint')?.expectAgain(changed);
  }

  // Before the response is noted: what was asked for has been answered then.
  #checkPause(ledger: TypeLedger, said: SentResponse['said'], nowMs: number): void {
    const name = 'redis_listener';
    const [before, after] = [ledger.sent.get(name)?.text, said.get(name)?.text];
    // The same may come again when it was refused, and one that comes or goes costs nothing.
    const isChanged = before !== undefined && after !== undefined && before !== after;
    const isPush = isChanged && !ledger.isAskedFor(name);
    const { isSplit, listenerPauseMs } = this.#surroundings;
    // What follows at once may be the next part.
    if (isPush && !isSplit && this.#listenerPushedAtMs !== undefined) {
      const pauseMs = nowMs - this.#listenerPushedAtMs;
      const mayCome = pauseMs >= listenerPauseMs || this.#isRouteBroken(before);
      demand(mayCome, 'order', () => `${this.#name}: listeners ${pauseMs} ms after the last`);
    }
    this.#listenerPushedAtMs = isPush ? nowMs : undefined;
  }

  // On streams of one type clusters go while the listener that routes to them is still there.
  #isRouteBroken(listener: string): boolean {
    if (this.#method.kind === undefined) return false;
    const { isDeclared, isDraining } = this.#surroundings;
    const routed = clusterNames.filter((name) => new RegExp(`>${name}( |$)`).test(listener));
    return routed.some((name) => !isDeclared(name) && !isDraining(name));
  }

  #isKept(cluster: string): boolean {
    return this.given(cluster).isGivenDraining && this.#surroundings.isDraining(cluster);
  }

  // What is to go may be held back, but for first answers, which never are.
  #checkDraining({ wanted, sent }: TypeLedger, due: readonly string[], isFirst: boolean): void {
    const draining = clusterNames.filter((name) => this.#surroundings.isDraining(name) && wanted.includes(name));
    const given = draining.filter((name) => sent.get(name) !== undefined);
    const isRight = due.every((name) => given.includes(name)) && (!isFirst || given.length === due.length);
    demand(isRight, 'order', () => `${this.#name}: ${due.join()} drains for it, was given ${given.join() || 'nothing'}`);
  }

  #noteVersions(ledger: TypeLedger, response: ModelResponse): void {
    const { kind, sent } = ledger;
    const { versions, isDeclared, isSplit, textOf } = this.#surroundings;
    const scope = this.#scope(kind);
    if (this.#method.protocol === 'delta') {
      for (const resource of response.resources.values()) versions.noteResource(scope, resource.version, resource);
    }
    const held = [...sent.values()].filter((content) => content !== undefined);
    // A client keeps, and may be sent, load assignments of clusters that are not there.
    // When such a cluster has come it does so until the part with its load assignment.
    const isCertain = (name: string): boolean => {
      // State of the world does not say that a secret has gone.
      if (kind === 'secret') return textOf(kind, name, this.given(name)) !== undefined && !ledger.isAskedFor(name);
      return kind !== 'endpoint' || (isDeclared(name) && !(isSplit && ledger.isAskedFor(name)));
    };
    versions.noteState(
      scope,
      response.version,
      held.filter(({ name }) => isCertain(name)),
      held.filter(({ name }) => !isCertain(name)),
    );
  }

  #scope(kind: Kind): string {
    return `${this.#method.apiVersion} ${kind}`;
  }
}

function holdsFromBefore(request: ModelRequest): boolean {
  return request.protocol === 'sotw' ? request.version !== '' : request.initialVersions.size > 0;
}
