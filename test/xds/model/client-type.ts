// One type as a client has it: what it wants and holds, from stream to stream. The rules are the protocol's;
// nothing of the server is used.

import type { ProtocolName } from '../../../src/xds/stream-method.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import type { ModelRequest, ModelResponse } from './discovery-message.ts';
import { isFullStateKind } from './wanted.ts';

export interface Held {
  readonly bytes: string;
  readonly text: string;
  /** '' in state of the world. */
  readonly version: string;
}

/** How a client takes up a new stream. */
export interface Resumption {
  /** `remember`: with versions of what it holds. `blank`: with empty ones. `forget`: it holds nothing any more. */
  readonly memory: 'remember' | 'blank' | 'forget';
  /** The first request carries the last nonce of the stream before. */
  readonly isOldNonceSent: boolean;
  /** Delta: what it holds is subscribed by name, though everything is wanted, as old Envoys do. */
  readonly isHeldNamed: boolean;
}

/** What a client refuses of a response: these names; or the response whole, because of them. */
export interface Refusal {
  readonly names: ReadonlySet<string>;
  readonly isWhole: boolean;
}

/** What a response changed. */
export interface Applied {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** All that it brought and that was taken, changed or not. */
  readonly taken: readonly string[];
}

interface PendingAnswer {
  readonly nonce: string;
  readonly version: string;
  readonly error: string | undefined;
}

// More than that is not held back: the network between would fill up.
const maxPending = 8;

export class ClientType {
  readonly kind: Kind;
  readonly held = new Map<string, Held>();
  /** Explicit names of which the server has said something on this stream. */
  readonly told = new Set<string>();
  readonly #protocol: ProtocolName;
  #isWildcard = false;
  #names: ReadonlySet<string> = new Set();
  #acceptedVersion = '';
  // Of the stream before.
  #oldNonce = '';
  // Of the stream.
  #nonce = '';
  #isOpen = false;
  #wereNamesGiven = false;
  #subscribed: ReadonlySet<string> = new Set();
  #pending: PendingAnswer[] = [];

  constructor(kind: Kind, protocol: ProtocolName) {
    this.kind = kind;
    this.#protocol = protocol;
  }

  /** True when the first request of the stream was made. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** True when it refused a response and the server does not know. */
  get isRefusalUntold(): boolean {
    return this.#pending.some(({ error }) => error !== undefined);
  }

  /** True when so many answers are due that no more may be held back. */
  get mustAnswer(): boolean {
    return this.#pending.length >= maxPending;
  }

  wants(name: string): boolean {
    return this.#isWildcard || this.#names.has(name);
  }

  /** The stream is gone. */
  disconnect(): void {
    this.#isOpen = false;
    if (this.#nonce !== '') this.#oldNonce = this.#nonce;
    this.#nonce = '';
    this.#wereNamesGiven = false;
    this.#subscribed = new Set();
    this.#pending = [];
    this.told.clear();
  }

  /** Changes what is wanted. Gives the requests that say so, when a stream is there. */
  want(isWildcard: boolean, names: Iterable<string>): ModelRequest[] {
    const wanted = new Set(names);
    // Nothing can only be asked for after something was.
    const canSay = isWildcard || wanted.size > 0 || !isFullStateKind(this.kind) || (this.#isOpen && this.#canDropAll());
    if (!canSay) return [];
    // A name that is dropped may still be wanted as one of all; the server has to say so.
    for (const name of this.#names) if (!wanted.has(name)) this.held.delete(name);
    this.#isWildcard = isWildcard && isFullStateKind(this.kind);
    this.#names = wanted;
    for (const name of [...this.held.keys()]) if (!this.wants(name)) this.held.delete(name);
    for (const name of [...this.told]) if (!wanted.has(name)) this.told.delete(name);
    return this.#isOpen ? this.#sayWanted() : [];
  }

  /** The first request on a new stream. */
  open({ memory, isOldNonceSent, isHeldNamed }: Resumption): ModelRequest[] {
    if (memory === 'forget') this.held.clear();
    if (isFullStateKind(this.kind) && !this.#isWildcard && this.#names.size === 0) return [];
    this.#isOpen = true;
    if (memory !== 'remember') this.#acceptedVersion = '';
    const nonce = isOldNonceSent ? this.#oldNonce : '';
    if (this.#protocol === 'sotw') return [{ ...this.#sotwRequest(undefined), nonce }];
    return [this.#firstDelta(nonce, memory, isHeldNamed)];
  }

  /** Forgets names and subscribes to them again; with `isFlip` it unsubscribes from them at once. Delta only. */
  subscribeAgain(names: readonly string[], isFlip: boolean): ModelRequest[] {
    if (!this.#isOpen || this.#protocol !== 'delta' || names.length === 0) return [];
    const wanted = isFlip ? this.#names.difference(new Set(names)) : this.#names.union(new Set(names));
    for (const name of names) {
      this.told.delete(name);
      this.held.delete(name);
    }
    this.#names = wanted;
    this.#subscribed = new Set([...wanted, ...this.#subscribed.intersection(new Set(['*']))]);
    for (const name of [...this.held.keys()]) if (!this.wants(name)) this.held.delete(name);
    return [this.#deltaRequest({ subscribe: names, unsubscribe: isFlip ? names : [] })];
  }

  /** A request that says nothing new. */
  repeat(): ModelRequest[] {
    if (!this.#isOpen || this.#pending.length > 0) return [];
    return [this.#protocol === 'sotw' ? this.#sotwRequest(undefined) : this.#deltaRequest({})];
  }

  /** Takes a response, or refuses it. An answer is due then: see {@link answer}. */
  apply(response: ModelResponse, refusal: Refusal | undefined): Applied {
    this.#nonce = response.nonce;
    if (refusal === undefined) this.#acceptedVersion = response.version;
    const error = refusal && `refused: ${[...refusal.names].join()}`;
    this.#pending.push({ nonce: response.nonce, version: this.#acceptedVersion, error });
    for (const name of [...response.resources.keys(), ...response.removed]) {
      if (this.#names.has(name) || this.#subscribed.has(name)) this.told.add(name);
    }
    return refusal?.isWhole === true ? { added: [], changed: [], taken: [] } : this.#take(response, refusal?.names);
  }

  /**
   * Answers what is due. Of several responses that hold the full state Envoy answers the last one only;
   * for an error in any of them it answers with an error. A client may leave out older ACKs of a delta stream.
   */
  answer(areAcksSkipped: boolean): ModelRequest[] {
    const pending = this.#pending;
    const last = pending.at(-1);
    this.#pending = [];
    if (last === undefined || !this.#isOpen) return [];
    const firstError = pending.find(({ error }) => error !== undefined)?.error;
    if (this.#protocol === 'sotw') {
      if (isFullStateKind(this.kind)) return [this.#sotwRequest(firstError)];
      return pending.map(({ nonce, version, error }) => ({ ...this.#sotwRequest(error), nonce, version }));
    }
    const answered = areAcksSkipped && firstError === undefined ? [last] : pending;
    return answered.map(({ nonce, error }) => this.#deltaRequest({ nonce, error }));
  }

  #canDropAll(): boolean {
    return this.#protocol === 'delta' || this.#wereNamesGiven;
  }

  #sayWanted(): ModelRequest[] {
    if (this.#protocol === 'sotw') {
      // A request with the newest nonce and no error would be an ACK.
      return this.#pending.length > 0 ? this.answer(false) : [this.#sotwRequest(undefined)];
    }
    const wanted = new Set([...(this.#isWildcard ? ['*'] : []), ...this.#names]);
    const subscribe = [...wanted.difference(this.#subscribed)];
    const unsubscribe = [...this.#subscribed.difference(wanted)];
    this.#subscribed = wanted;
    if (subscribe.length === 0 && unsubscribe.length === 0) return [];
    const [only, second] = this.#pending;
    if (only === undefined || second !== undefined) return [this.#deltaRequest({ subscribe, unsubscribe })];
    // An answer may change what is wanted in the same request.
    this.#pending = [];
    return [this.#deltaRequest({ subscribe, unsubscribe, nonce: only.nonce, error: only.error })];
  }

  #sotwRequest(error: string | undefined): ModelRequest & { protocol: 'sotw' } {
    const isStarNeeded = this.#isWildcard && (this.#wereNamesGiven || this.#names.size > 0);
    const names = [...(isStarNeeded ? ['*'] : []), ...this.#names];
    this.#wereNamesGiven ||= names.length > 0;
    return { protocol: 'sotw', kind: this.kind, nonce: this.#nonce, version: this.#acceptedVersion, names, error };
  }

  #deltaRequest(fields: Partial<Omit<ModelRequest & { protocol: 'delta' }, 'kind' | 'protocol'>>): ModelRequest {
    const nothing = { nonce: '', subscribe: [], unsubscribe: [], initialVersions: new Map<string, string>() };
    return { protocol: 'delta', kind: this.kind, ...nothing, ...fields };
  }

  #firstDelta(nonce: string, memory: Resumption['memory'], isHeldNamed: boolean): ModelRequest {
    // A list of exactly what is held means everything: a client that means only that leaves something out.
    const [forgotten] = this.#names;
    const isAmbiguous = !this.#isWildcard && this.#names.symmetricDifference(this.held).size === 0;
    if (isAmbiguous && forgotten !== undefined) this.held.delete(forgotten);
    const initialVersions = new Map(
      [...this.held].map(([name, { version }]) => [name, memory === 'blank' ? '' : version] as const),
    );
    const isNamed = isHeldNamed && this.#isWildcard && this.#names.size === 0 && this.held.size > 0;
    const subscribe = isNamed ? [...this.held.keys()] : [...this.#names];
    this.#subscribed = new Set([...(this.#isWildcard ? ['*'] : []), ...subscribe]);
    if (this.#isWildcard && !isNamed && subscribe.length > 0) subscribe.push('*');
    return this.#deltaRequest({ nonce, subscribe, initialVersions });
  }

  #take({ resources, removed }: ModelResponse, refused: ReadonlySet<string> = new Set()): Applied {
    const taken = [...resources.values()].filter(({ name }) => this.wants(name) && !refused.has(name));
    const added = taken.filter(({ name }) => !this.held.has(name)).map(({ name }) => name);
    const changed = taken.filter(({ name, bytes }) => (this.held.get(name)?.bytes ?? bytes) !== bytes);
    const isFullState = this.#protocol === 'sotw' && isFullStateKind(this.kind);
    if (isFullState) for (const name of [...this.held.keys()]) if (!resources.has(name)) this.held.delete(name);
    for (const name of removed) this.held.delete(name);
    for (const { name, bytes, text, version } of taken) this.held.set(name, { bytes, text, version });
    return { added, changed: changed.map(({ name }) => name), taken: taken.map(({ name }) => name) };
  }
}
