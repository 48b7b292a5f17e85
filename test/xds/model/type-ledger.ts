// One type on one stream, as the server sees it: what was asked for, sent and answered. Finds
// responses that nobody asked for and that bring nothing.

import type { Kind } from '../../support/xds/discovery-api.ts';
import { noEndpoints } from './content.ts';
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
  /** Names that the client has dropped since it answered: it runs nothing of that any more. */
  readonly dropped: Set<string>;
  /** `skipped`: a newer one was answered first. */
  answer: 'none' | 'ack' | 'nack' | 'skipped';
}

/** What a ledger is told of the rest of the world. */
export interface LedgerSurroundings {
  /** What a version of a resource stood for. */
  readonly find: (name: string, version: string) => Content | undefined;
  /** True for a cluster that was there and is not there any more. */
  readonly hasGone: (name: string) => boolean;
  /** What a name says in parts that may follow; undefined: there are no parts. */
  readonly next: ((name: string) => string | undefined) | undefined;
}

export class TypeLedger {
  readonly kind: Kind;
  /** True when every response says all that there is. */
  readonly isFullState: boolean;
  readonly responses: SentResponse[] = [];
  /** What was sent last of each wanted name; undefined: that there is none. */
  readonly sent = new Map<string, Content | undefined>();
  readonly #refusals = new Refusals((one, other) => this.#isSame(one, other));
  readonly #hasGone: (name: string) => boolean;
  readonly #next: LedgerSurroundings['next'];
  #wanted: Wanted;
  #wereNamesGiven = false;
  #mayBeAnswered = true;
  #mustBeAnswered: boolean;
  // In state of the world a client that has something of an earlier stream does not say what.
  readonly #isHeldUnnamed: boolean;
  // What it says it has of an earlier stream, until it is told of it.
  readonly #claimed = new Set<string>();
  // May be sent again though they are the same as before.
  readonly #due = new Set<string>();
  #acceptedVersion = '';

  constructor(first: ModelRequest, { find, hasGone, next }: LedgerSurroundings) {
    this.kind = first.kind;
    this.#next = next;
    // State of the world says of no load assignment that it has gone: when the server notes it can't be seen.
    this.#hasGone = (name) => first.protocol === 'sotw' && hasGone(name);
    this.#isHeldUnnamed = first.protocol === 'sotw' && first.version !== '';
    this.isFullState = first.protocol === 'sotw' && isFullStateKind(first.kind);
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

  /** True when the client asked for a resource since it was last sent. */
  isAskedFor(name: string): boolean {
    return this.#mayBeAnswered || this.#due.has(name) || !this.sent.has(name);
  }

  /** True when the client was sent the resource, or may have it from an earlier stream. */
  mayBeHeld(name: string): boolean {
    if (this.#isHeldUnnamed) return true;
    return this.sent.has(name) ? this.sent.get(name) !== undefined : this.#claimed.has(name);
  }

  get latest(): SentResponse | undefined {
    return this.responses.at(-1);
  }

  /** Takes a request after the first. */
  receive(request: ModelRequest): void {
    const before = this.#wanted;
    this.#wanted = request.protocol === 'sotw' ? this.#receiveNames(request) : this.#receiveChanges(request);
    for (const name of [...this.sent.keys(), ...this.#claimed]) if (!this.#wanted.includes(name)) this.#drop(name);
    if (this.isFullState && !this.#wanted.equals(before)) {
      this.#mayBeAnswered = true;
      this.#mustBeAnswered = true;
    }
    if (this.#wanted.isNothing) this.#mustBeAnswered = false;
    this.#receiveAnswer(request);
  }

  /** What was refused is sent again, changed or not. */
  noteRetried(): void {
    this.#mayBeAnswered = true;
    this.#mustBeAnswered = !this.#wanted.isNothing;
    this.#refusals.noteRetried();
  }

  /**
   * True when the client may go without `name`, because it refused all that there is to say.
   * @param isStill tells whether this is what there is to say of a name today.
   */
  excuse(name: string, isStill: (name: string, text: string | undefined) => boolean): boolean {
    if (!this.isFullState) return this.#refusals.excuse(name, isStill);
    if (this.latest?.answer !== 'nack') return false;
    const { said } = this.latest;
    return [name, ...said.keys()].every((each) => isStill(each, said.get(each)?.text));
  }

  /** To be told of clusters that came or went: of what is there for a while only, the server need not say anything. */
  noteMoved(names: readonly string[]): void {
    this.expectAgain(names);
    this.#refusals.noteMoved(names);
  }

  /** These may come again, the same or not. */
  expectAgain(names: Iterable<string>): void {
    for (const name of names) this.#due.add(name);
  }

  /** What a response says by name to a client that has applied those before; undefined: that there is none. */
  whatIsSaid({ resources, removed }: ModelResponse): Said {
    const said = new Map<string, Content | undefined>(resources);
    for (const name of removed) said.set(name, undefined);
    if (!this.isFullState) return said;
    // What is left out has gone.
    for (const name of this.sent.keys()) if (!said.has(name)) said.set(name, undefined);
    return said;
  }

  /** Takes a response. */
  send(response: ModelResponse, nowMs: number): SentResponse {
    const said = this.whatIsSaid(response);
    this.#demandWanted(said);
    const changed = this.#findChanged(said);
    this.#demandReason(response, said, changed);
    for (const [name, content] of said) this.sent.set(name, content);
    for (const name of said.keys()) this.#due.delete(name);
    if (!this.isFullState) this.#refusals.noteSent(response.nonce, textsOf(said));
    this.#mayBeAnswered = false;
    this.#mustBeAnswered = false;
    const sent: SentResponse = { response, sentAtMs: nowMs, said, changed, dropped: new Set(), answer: 'none' };
    this.responses.push(sent);
    return sent;
  }

  #noteClaim(name: string, version: string, content: Content | undefined): void {
    // A version '' asks for the resource whatever it is.
    if (version === '') this.#due.add(name);
    if (!this.#wanted.includes(name)) return;
    const unknown = { name, bytes: `?${version}`, text: `version ${version}`, references: [] };
    this.#claimed.add(name);
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
    const passedOver = this.responses.slice(0, index).filter(({ answer }) => answer === 'none');
    for (const older of passedOver) older.answer = 'skipped';
    answered.answer = this.#isRefusal(request, answered, passedOver) ? 'nack' : 'ack';
    const { nonce, version } = answered.response;
    if (answered.answer === 'ack') {
      this.#acceptedVersion = version;
      this.#refusals.noteAccepted(nonce, textsOf(answered.said));
    } else {
      if (request.protocol === 'sotw') this.#acceptedVersion = request.version;
      this.#refusals.noteRefused(nonce, textsOf(this.sent));
    }
  }

  // A NACK that names the version just sent as the one in force is of an earlier response,
  // unless the client had that version before, or may have had it.
  #isRefusal(request: ModelRequest, { response }: SentResponse, passedOver: readonly SentResponse[]): boolean {
    if (request.error === undefined) return false;
    if (request.protocol === 'delta') return true;
    const before = [this.#acceptedVersion, ...passedOver.map(({ response: { version } }) => version)];
    return request.version !== response.version || before.includes(request.version);
  }

  #drop(name: string): void {
    this.sent.delete(name);
    this.#claimed.delete(name);
    for (const { answer, dropped } of this.responses) if (answer !== 'none') dropped.add(name);
    this.#refusals.noteMoved([name]);
  }

  // To be told that there are no endpoints is to be told that there is no load assignment.
  #isSame(one: string | undefined, other: string | undefined): boolean {
    const nothing = this.kind === 'endpoint' ? noEndpoints : undefined;
    return (one ?? nothing) === (other ?? nothing);
  }

  #findChanged(said: Said): Set<string> {
    this.#refusals.noteMoved([...this.sent.keys()].filter((name) => this.#hasGone(name)));
    if (this.#next !== undefined) this.#refusals.noteNext(this.#next);
    const isChanged = ([name, content]: readonly [string, Content | undefined]): boolean =>
      this.#isNews(name, content) || this.#refusals.mayComeAgain(name, textsOf(said));
    return new Set([...said].filter(isChanged).map(([name]) => name));
  }

  #isNews(name: string, content: Content | undefined): boolean {
    if (this.#due.has(name) || this.#hasGone(name) || !this.sent.has(name)) return true;
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
    if (this.isFullState) return;
    const needless = [...said.keys()].filter((name) => !changed.has(name));
    demand(needless.length === 0, 'no needless response', () => `${where}: ${needless.join()} again`);
  }
}

function textsOf(said: Said): Map<string, string | undefined> {
  return new Map([...said].map(([name, content]) => [name, content?.text]));
}
