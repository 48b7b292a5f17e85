// One type on one stream, as the server sees it: what was asked for, sent and answered. Finds
// responses that nobody asked for and that bring nothing.

import type { Kind } from '../../support/xds/discovery-api.ts';
import type { Content } from './content.ts';
import type { DeltaRequest, ModelRequest, ModelResponse, SotwRequest } from './discovery-message.ts';
import { Refusals } from './refusals.ts';
import { demand } from './violation.ts';
import { Wanted, isFullStateKind, wantedAtFirst, wantedBySotw, wantedNext } from './wanted.ts';

type Said = ReadonlyMap<string, Content | undefined>;

export interface SentResponse {
  readonly response: ModelResponse;
  readonly sentAtMs: number;
  /** By name, all that a client which applies it knows from it; undefined: that there is none. */
  readonly said: Said;
  /** Those names of which it was news, or may have been: what was refused comes along. */
  readonly changed: ReadonlySet<string>;
  /** `skipped`: a newer one was answered first. */
  answer: 'none' | 'ack' | 'nack' | 'skipped';
}

export class TypeLedger {
  readonly kind: Kind;
  readonly responses: SentResponse[] = [];
  readonly refusals = new Refusals();
  /** What was sent last of each wanted name; undefined: that there is none. */
  readonly sent = new Map<string, Content | undefined>();
  readonly #isRemovalSaid: boolean;
  // Every response of such a type says all that there is.
  readonly #isFullState: boolean;
  #wanted: Wanted;
  #wereNamesGiven = false;
  #mayBeAnswered = true;
  #mustBeAnswered: boolean;
  // May be sent again though they are the same as before.
  readonly #due = new Set<string>();
  readonly #gone = new Set<string>();
  #acceptedVersion = '';

  /** @param find what a version of a resource stood for. */
  constructor(first: ModelRequest, find: (name: string, version: string) => Content | undefined) {
    this.kind = first.kind;
    this.#isRemovalSaid = first.protocol === 'delta';
    this.#isFullState = first.protocol === 'sotw' && isFullStateKind(first.kind);
    if (first.protocol === 'sotw') {
      this.#wereNamesGiven = first.names.length > 0;
      this.#wanted = wantedBySotw(first, this.#wereNamesGiven);
      this.#acceptedVersion = first.version;
    } else {
      this.#wanted = wantedAtFirst(first);
    }
    this.#mustBeAnswered = !this.#wanted.isNothing;
    if (first.protocol === 'sotw') return;
    for (const [name, version] of first.initialVersions) this.#noteClaim(name, version, find(name, version));
  }

  get wanted(): Wanted {
    return this.#wanted;
  }

  /** True when the client waits for a response, be there anything to say or not. */
  get isAnswerDue(): boolean {
    return this.#mustBeAnswered;
  }

  get latest(): SentResponse | undefined {
    return this.responses.at(-1);
  }

  /** Takes a request after the first. */
  receive(request: ModelRequest): void {
    const before = this.#wanted;
    this.#wanted = request.protocol === 'sotw' ? this.#receiveNames(request) : this.#receiveChanges(request);
    for (const name of [...this.sent.keys()]) if (!this.#wanted.includes(name)) this.sent.delete(name);
    if (this.#isFullState && !this.#wanted.equals(before)) {
      this.#mayBeAnswered = true;
      this.#mustBeAnswered = true;
    }
    if (this.#wanted.isNothing) this.#mustBeAnswered = false;
    this.#receiveAnswer(request);
  }

  /** These may come again, the same or not. */
  expectAgain(names: Iterable<string>): void {
    for (const name of names) this.#due.add(name);
  }

  /** What a response says by name to a client that has applied those before; undefined: that there is none. */
  whatIsSaid({ resources, removed }: ModelResponse): Said {
    const said = new Map<string, Content | undefined>(resources);
    for (const name of removed) said.set(name, undefined);
    if (!this.#isFullState) return said;
    // What is left out has gone.
    for (const name of this.sent.keys()) if (!said.has(name)) said.set(name, undefined);
    return said;
  }

  /** To be told of load assignments whose clusters came or went: without endpoints they say the same as before. */
  noteExistence(names: readonly string[], isDeclared: (name: string) => boolean): void {
    this.expectAgain(names);
    // State of the world does not say that they went: when the server takes note of it can't be seen.
    if (this.#isRemovalSaid) return;
    for (const name of names) {
      if (isDeclared(name)) this.#gone.delete(name);
      else this.#gone.add(name);
    }
  }

  /** Takes a response. */
  send(response: ModelResponse, nowMs: number): SentResponse {
    const said = this.whatIsSaid(response);
    this.#demandWanted(said);
    const changed = this.#findChanged(said);
    this.#demandReason(response, said, changed);
    for (const [name, content] of said) this.sent.set(name, content);
    for (const name of said.keys()) this.#due.delete(name);
    this.refusals.noteSent(new Map([...said].map(([name, content]) => [name, content?.text])));
    this.#mayBeAnswered = false;
    this.#mustBeAnswered = false;
    const sent: SentResponse = { response, sentAtMs: nowMs, said, changed, answer: 'none' };
    this.responses.push(sent);
    return sent;
  }

  #noteClaim(name: string, version: string, content: Content | undefined): void {
    // A version '' asks for the resource whatever it is.
    if (version === '') this.#due.add(name);
    if (!this.#wanted.includes(name)) return;
    const unknown = { name, bytes: `?${version}`, text: `version ${version}`, references: [] };
    if (version !== '') this.sent.set(name, content ?? unknown);
  }

  #receiveNames(request: SotwRequest): Wanted {
    this.#wereNamesGiven ||= request.names.length > 0;
    return wantedBySotw(request, this.#wereNamesGiven);
  }

  #receiveChanges(request: DeltaRequest): Wanted {
    const wanted = wantedNext(this.#wanted, request);
    this.expectAgain(request.subscribe);
    if (wanted.isWildcard) this.expectAgain(request.unsubscribe.filter((name) => this.#wanted.names.has(name)));
    return wanted;
  }

  #receiveAnswer(request: ModelRequest): void {
    const index = this.responses.findIndex(({ response }) => response.nonce === request.nonce);
    const answered = this.responses[index];
    if (answered === undefined || answered.answer !== 'none') return;
    for (const older of this.responses.slice(0, index)) if (older.answer === 'none') older.answer = 'skipped';
    answered.answer = this.#isRefusal(request, answered) ? 'nack' : 'ack';
    if (answered.answer === 'ack') this.#acceptedVersion = answered.response.version;
    else this.#noteRefusal(answered, this.responses.slice(index + 1));
  }

  // A NACK that names the version just sent as the one in force is of an earlier response,
  // unless the client had that version before.
  #isRefusal(request: ModelRequest, { response }: SentResponse): boolean {
    if (request.error === undefined) return false;
    if (request.protocol === 'delta') return true;
    return request.version !== response.version || request.version === this.#acceptedVersion;
  }

  #noteRefusal({ said }: SentResponse, later: readonly SentResponse[]): void {
    const group = new Map([...said].map(([name, content]) => [name, content?.text]));
    const isSuperseded = later.some((newer) => {
      return [...newer.said].some(([name, content]) => group.has(name) && group.get(name) !== content?.text);
    });
    for (const newer of later) for (const name of newer.said.keys()) group.delete(name);
    // The fix crossed with the refusal: what was refused with it can go along at once.
    if (isSuperseded) this.expectAgain(group.keys());
    else this.refusals.add(group);
  }

  #findChanged(said: Said): Set<string> {
    const news = new Set([...said].filter(([name, content]) => this.#isNews(name, content)).map(([name]) => name));
    return news.union(this.refusals.togetherWith(news).intersection(said));
  }

  #isNews(name: string, content: Content | undefined): boolean {
    if (this.#due.has(name) || this.#gone.has(name) || !this.sent.has(name)) return true;
    return this.sent.get(name)?.bytes !== content?.bytes;
  }

  #demandWanted(said: Said): void {
    const strangers = [...said.keys()].filter((name) => !this.#wanted.includes(name));
    demand(strangers.length === 0, 'no needless response', () => `${this.kind} ${strangers.join()}: nobody wants them`);
  }

  #demandReason({ nonce }: ModelResponse, said: Said, changed: ReadonlySet<string>): void {
    const where = `${this.kind} response ${nonce}`;
    const hasReason = this.#mayBeAnswered || changed.size > 0;
    demand(hasReason, 'no needless response', () => `${where} says nothing new`);
    demand(!this.#wanted.isNothing, 'no needless response', () => `${where}: nothing is wanted`);
    if (this.#isFullState) return;
    const needless = [...said.keys()].filter((name) => !changed.has(name));
    demand(needless.length === 0, 'no needless response', () => `${where}: ${needless.join()} again`);
  }
}
