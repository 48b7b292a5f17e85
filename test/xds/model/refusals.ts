// What a client may go without after it refused a response, and what may come again because of that. The rule: when
// anything is no longer as a refused response said it, what it said is sent again, once, as far as no newer response
// says it; until then nothing of it is. Not of responses that hold the full state: they say everything every time.

/** What a name says; undefined: that there is none. */
type Text = string | undefined;

type IsSame = (one: Text, other: Text) => boolean;

/** One response that was not accepted, from when it is sent. */
interface Unaccepted {
  readonly nonce: string;
  /** What it said, less what was accepted since. */
  readonly said: Map<string, Text>;
  /** Names of these that no newer response says. */
  readonly missing: Set<string>;
  isRefused: boolean;
  /** Something is, or was for a while, not as it said; the server need not have seen it. */
  mayBeMended: boolean;
  /** The server has sent something that is not as it said: what is missing was due with that. */
  isMended: boolean;
}

export class Refusals {
  readonly #isSame: IsSame;
  // In the order of sending.
  #responses: Unaccepted[] = [];

  /** @param isSame whether two texts say the same, though they may be said in different words. */
  constructor(isSame: IsSame) {
    this.#isSame = isSame;
  }

  /** To be told of every response. */
  noteSent(nonce: string, said: ReadonlyMap<string, Text>): void {
    for (const response of this.#responses) {
      response.mayBeMended ||= isOther(response, said);
      response.isMended ||= response.isRefused && isOther(response, said, this.#isSame);
      for (const name of said.keys()) response.missing.delete(name);
    }
    const names = new Set(said.keys());
    const state = { isRefused: false, mayBeMended: false, isMended: false };
    this.#responses.push({ nonce, said: new Map(said), missing: names, ...state });
    this.#responses = this.#responses.filter(({ missing }) => missing.size > 0);
  }

  /** To be told of what came, went or was dropped, of which no response need say anything. */
  noteMoved(names: Iterable<string>): void {
    const moved = new Set(names);
    for (const response of this.#responses) {
      response.mayBeMended ||= response.said.keys().some((name) => moved.has(name));
    }
  }

  /** To be told when what was refused is sent again. */
  noteRetried(): void {
    for (const response of this.#responses) {
      if (!response.isRefused) continue;
      response.mayBeMended = true;
      response.isMended = true;
    }
  }

  /** To be told, before a part is sent, what the parts after it may say: the fix may be in one of them. */
  noteNext(textOf: (name: string) => Text): void {
    for (const response of this.#responses) {
      response.mayBeMended ||= [...response.said].some(([name, text]) => !this.#isSame(textOf(name), text));
    }
  }

  /** To be told of every ACK, and what that response said. */
  noteAccepted(nonce: string, said: ReadonlyMap<string, Text>): void {
    this.#responses = this.#responses.filter((response) => response.nonce !== nonce);
    for (const response of this.#responses) {
      if (response.isRefused) for (const name of said.keys()) response.said.delete(name);
    }
  }

  /** To be told of every NACK. @param sent what was sent last of every name, that response and newer ones included. */
  noteRefused(nonce: string, sent: ReadonlyMap<string, Text>): void {
    for (const response of this.#responses) {
      if (response.nonce !== nonce) continue;
      response.isRefused = true;
      // The fix may have been sent before the refusal came.
      response.isMended = isOther(response, sent, this.#isSame);
    }
  }

  /** Whether a name may be sent again as it was, in a response that says this. */
  mayComeAgain(name: string, said: ReadonlyMap<string, Text>): boolean {
    return this.#responses.some((response) => {
      const mayBeMended = response.mayBeMended || isOther(response, said);
      return response.isRefused && response.missing.has(name) && mayBeMended;
    });
  }

  /**
   * True when the client may go without `name`, because it refused what there is now.
   * @param isStill tells whether that is all there is to say of a name today.
   */
  excuse(name: string, isStill: (name: string, text: Text) => boolean): boolean {
    return this.#responses.some(({ isRefused, isMended, said, missing }) => {
      return isRefused && !isMended && missing.has(name) && [...said].every(([other, text]) => isStill(other, text));
    });
  }
}

function isOther({ said }: Unaccepted, now: ReadonlyMap<string, Text>, isSame: IsSame = Object.is): boolean {
  return [...said].some(([name, text]) => now.has(name) && !isSame(now.get(name), text));
}
