// What was sent of one type on one stream, and what the client said to it. Without I/O.

import { namesOf } from '../snapshot/difference.ts';
import type { Difference } from '../snapshot/difference.ts';
import type { ErrorDetail } from './discovery-request.ts';

/** One response that was written to the stream. */
export interface Sent {
  readonly nonce: string;
  /** The version of all that the client holds once it has applied the response: version_info in state of the world. */
  readonly version: string;
  readonly difference: Difference;
  /** By the monotonic clock. */
  readonly sentAtMs: number;
  /** True when it carried all that the client wants, changed or not. */
  readonly isFullState: boolean;
  /** When the snapshot was published that the response brings; undefined when it answers a request instead. */
  readonly publishedAtMs: number | undefined;
  /** Of a full state that changes nothing: some names of what it says once more although it was refused. */
  readonly namesAgain?: readonly string[];
}

/** What a request said of the responses sent before it. */
export type Answer =
  | { readonly kind: 'none' }
  | { readonly kind: 'ack'; readonly sent: Sent }
  | {
      readonly kind: 'nack';
      readonly sent: Sent;
      readonly error: ErrorDetail;
      /**
       * Which of the responses that it answers the client runs; undefined: none. When it is `sent`, the error is of an
       * earlier one, see {@link Delivery.settle}.
       */
      readonly inForce: Sent | undefined;
      /** Older responses that were not answered, oldest first: the error may be of any of them. */
      readonly passedOver: readonly Sent[];
    }
  | { readonly kind: 'stale' };

/** An answer to a response that is known. */
export type Verdict = Extract<Answer, { readonly sent: Sent }>;

/** True when the client took the response, see {@link Delivery.settle}. */
export function isAccepted(verdict: Verdict): boolean {
  return verdict.kind === 'ack' || verdict.inForce === verdict.sent;
}

/** The responses of which the error may be. */
export function refusedBy({ sent, inForce, passedOver }: Extract<Answer, { kind: 'nack' }>): readonly Sent[] {
  return [...passedOver, sent].filter((response) => response !== inForce);
}

/** Names that responses said something of, each once; `max` of them at most. */
export function firstNamesOf(responses: readonly Sent[], max: number): readonly string[] {
  const names = responses.flatMap(({ difference: { changedNames, absent, removed }, namesAgain = [] }) => {
    return [changedNames, absent, removed, namesAgain].flatMap((list) => list.slice(0, max));
  });
  return [...new Set(names)].slice(0, max);
}

// Responses are not held back until older ones are ACKed, but a client that never
// answers, or refuses everything, must not grow memory: of its oldest such responses the server forgets.
const defaultMaxUnanswered = 16;

// Enough to find a bad resource by.
const maxNamesAgain = 10;

export class Delivery {
  #latest: Sent | undefined;
  #isLatestAnswered = true;
  #isLatestInForce = false;
  #wasLatestNacked = false;
  // Un-ACKed responses before the latest, oldest first.
  #older: readonly Sent[] = [];
  readonly #maxUnanswered: number;
  #acceptedVersion: string;
  // Those that were refused and of which not everything was accepted since, oldest first.
  #refused: readonly Sent[] = [];

  /**
   * @param acceptedVersion what the client says it runs from an earlier stream; '' when it says nothing.
   * @param maxUnanswered how many responses that are not accepted are remembered.
   */
  constructor(acceptedVersion = '', maxUnanswered = defaultMaxUnanswered) {
    this.#acceptedVersion = acceptedVersion;
    this.#maxUnanswered = maxUnanswered;
  }

  /** The newest response; undefined before the first. */
  get latest(): Sent | undefined {
    return this.#latest;
  }

  /** The version the client last said that it runs; '' before it said so. */
  get acceptedVersion(): string {
    return this.#acceptedVersion;
  }

  /** When the oldest response was sent that is not answered yet; undefined when all are. */
  get unansweredSinceMs(): number | undefined {
    return this.#isLatestAnswered ? undefined : (this.#older[0] ?? this.#latest)?.sentAtMs;
  }

  /** True when the client refused the newest response. */
  get isRefused(): boolean {
    return this.#latest !== undefined && this.#isLatestAnswered && !this.#isLatestInForce;
  }

  /** When everything sent is taken to be in force: `boundMs` after it was sent, or at once when it was ACKed. */
  inForceAtMs(boundMs: number): number {
    if (this.#latest === undefined) return 0;
    const waitedFor = this.#isLatestInForce ? this.#refused.at(-1) : this.#latest;
    return waitedFor === undefined ? 0 : waitedFor.sentAtMs + boundMs;
  }

  /** To be called before the write: the ACK may come in the same tick. */
  record(sent: Sent): void {
    if (this.#latest !== undefined && !this.#isLatestAnswered) {
      this.#older = [...this.#older.slice(1 - this.#maxUnanswered), this.#latest];
    }
    this.#latest = this.#withNamesAgain(sent);
    this.#isLatestAnswered = false;
    this.#isLatestInForce = false;
    this.#wasLatestNacked = false;
  }

  /**
   * Matches a request to the response it answers, by nonce. An answer to a newer response settles
   * the older ones: Envoy skips their ACKs while a cluster warms.
   *
   * A NACK is told by error_detail alone. But when a good push follows a bad one in that time, Envoy's
   * single answer is an error with the good push's nonce and version: that version is in force
   * (seen with Envoy 1.40), unless the client had it before, or may have.
   * @param versionInfo '' in delta, which has no such field.
   */
  settle(nonce: string, versionInfo: string, error: ErrorDetail | undefined): Answer {
    if (nonce === '') return { kind: 'none' };
    const taken = this.#take(nonce);
    if (taken === undefined) return { kind: 'stale' };
    const { sent, passedOver } = taken;
    const isLatest = sent === this.#latest;
    // The same nonce once more: the client changed what it wants. Some say the error again with it (grpc-js-xds).
    if (isLatest && this.#isLatestAnswered && (error === undefined || this.#wasLatestNacked)) return { kind: 'none' };
    const inForce = error === undefined ? sent : this.#inForceDespite(versionInfo, sent, passedOver);
    if (inForce !== undefined) this.#acceptedVersion = inForce.version;
    if (isLatest) {
      this.#isLatestAnswered = true;
      this.#isLatestInForce = inForce === sent;
      this.#wasLatestNacked = error !== undefined;
    }
    this.#noteRefused(sent, inForce === sent);
    return error === undefined ? { kind: 'ack', sent } : { kind: 'nack', sent, error, inForce, passedOver };
  }

  /** Responses that are not answered yet, oldest first. Right after an answer: those sent after the one it answers. */
  get unanswered(): readonly Sent[] {
    return this.#isLatestAnswered || this.#latest === undefined ? [] : [...this.#older, this.#latest];
  }

  // When it is refused again, the fault is still in what changed before.
  #withNamesAgain(sent: Sent): Sent {
    if (!sent.isFullState || this.#refused.length === 0 || namesOf(sent.difference).length > 0) return sent;
    return { ...sent, namesAgain: firstNamesOf(this.#refused, maxNamesAgain) };
  }

  // What a NACK with this version_info says is in force: an older response too may have been taken without an ACK.
  #inForceDespite(version: string, sent: Sent, passedOver: readonly Sent[]): Sent | undefined {
    const older = passedOver.findLast((response) => response.version === version);
    if (older !== undefined) return older;
    return version === sent.version && version !== this.#acceptedVersion ? sent : undefined;
  }

  // The ACK of a newer response says nothing of what only the refused one said.
  #noteRefused(sent: Sent, isInForce: boolean): void {
    if (!isInForce) this.#refused = [...this.#refused.slice(1 - this.#maxUnanswered), sent];
    else if (this.#refused.length > 0) {
      this.#refused = sent.isFullState ? [] : this.#refused.filter((refused) => !isCovered(refused, sent));
    }
  }

  #take(nonce: string): { readonly sent: Sent; readonly passedOver: readonly Sent[] } | undefined {
    if (this.#latest === undefined) return undefined;
    // Nearly always: thousands of ACKs follow each commit.
    if (nonce === this.#latest.nonce && this.#older.length === 0) return { sent: this.#latest, passedOver: [] };
    const responses = [...this.#older, this.#latest];
    const index = responses.findIndex((sent) => sent.nonce === nonce);
    const sent = responses[index];
    if (sent === undefined) return undefined;
    this.#older = responses.slice(index + 1, -1);
    return { sent, passedOver: responses.slice(0, index) };
  }
}

function isCovered({ difference }: Sent, by: Sent): boolean {
  const names = new Set(namesOf(by.difference));
  return namesOf(difference).every((name) => names.has(name));
}
