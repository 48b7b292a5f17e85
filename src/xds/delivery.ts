// What was sent of one type on one stream, and what the client said to it. Without I/O.

import type { Difference } from '../snapshot/view.ts';
import type { ErrorDetail } from './discovery-request.ts';

/** One response that was written to the stream. */
export interface Sent {
  readonly nonce: string;
  /** The version of all that the client holds once it has applied the response: version_info in state of the world. */
  readonly version: string;
  readonly difference: Difference;
  /** By the monotonic clock. */
  readonly sentAtMs: number;
  /** When the snapshot was published that the response brings; undefined when it answers a request instead. */
  readonly publishedAtMs: number | undefined;
}

/** What a request said of the responses sent before it. */
export type Answer =
  | { readonly kind: 'none' }
  | { readonly kind: 'ack'; readonly sent: Sent }
  /** `isInForce`: the client took this response; the error is of an earlier one, see {@link Delivery.settle}. */
  | { readonly kind: 'nack'; readonly sent: Sent; readonly error: ErrorDetail; readonly isInForce: boolean }
  | { readonly kind: 'stale' };

// Responses are not held back until older ones are ACKed, but a client that never
// answers must not grow memory: of its oldest un-ACKed responses the server forgets.
const maxUnanswered = 16;

export class Delivery {
  #latest: Sent | undefined;
  #isLatestAnswered = true;
  #isLatestInForce = false;
  // Un-ACKed responses before the latest, oldest first.
  #older: readonly Sent[] = [];
  #acceptedVersion = '';
  #sentCount = 0;
  #refused: ReadonlySet<string> = new Set();

  /** The newest response; undefined before the first. */
  get latest(): Sent | undefined {
    return this.#latest;
  }

  /** The version the client last said that it runs; '' before its first ACK. */
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

  /** How many responses were sent. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** When everything sent is taken to be in force: at once when the newest was ACKed, else `boundMs` after it was sent. */
  inForceAtMs(boundMs: number): number {
    if (this.#latest === undefined || this.#isLatestInForce) return 0;
    return this.#latest.sentAtMs + boundMs;
  }

  /** To be called before the write: the ACK may come in the same tick. */
  record(sent: Sent): void {
    if (this.#latest !== undefined && !this.#isLatestAnswered) {
      this.#older = [...this.#older.slice(-(maxUnanswered - 1)), this.#latest];
    }
    this.#latest = sent;
    this.#sentCount += 1;
    this.#isLatestAnswered = false;
    this.#isLatestInForce = false;
  }

  /**
   * Matches a request to the response it answers, by nonce. An answer to a newer response settles
   * the older ones: Envoy skips their ACKs while a cluster warms.
   *
   * A NACK is told by error_detail alone. But when a good push follows a bad one in that time, Envoy's
   * single answer is an error with the good push's nonce and version: that version is in force
   * (seen with Envoy 1.40), unless the client had it before.
   * @param versionInfo '' in delta, which has no such field.
   */
  settle(nonce: string, versionInfo: string, error: ErrorDetail | undefined): Answer {
    if (nonce === '') return { kind: 'none' };
    const sent = this.#take(nonce);
    if (sent === undefined) return { kind: 'stale' };
    const isLatest = sent === this.#latest;
    // The same nonce once more, without an error: the client changed what it wants.
    if (isLatest && this.#isLatestAnswered && error === undefined) return { kind: 'none' };
    const isInForce = error === undefined || (versionInfo === sent.version && versionInfo !== this.#acceptedVersion);
    if (isLatest) {
      this.#isLatestAnswered = true;
      this.#isLatestInForce = isInForce;
    }
    if (isInForce) this.#acceptedVersion = sent.version;
    this.#remember(sent, isInForce);
    return error === undefined ? { kind: 'ack', sent } : { kind: 'nack', sent, error, isInForce };
  }

  /**
   * Names to send along with `difference`, because they were in refused responses and the client may hold none
   * of them. They go when one of them changes (the fix), not before: a refusal must not loop, and one bad resource
   * takes good ones of its response with it. Those given are no longer remembered.
   */
  takeRefused(difference: Difference): readonly string[] {
    if (this.#refused.size === 0 || !namesIn(difference).some((name) => this.#refused.has(name))) return [];
    const refused = [...this.#refused.difference(new Set(difference.removed))];
    this.#refused = new Set();
    return refused;
  }

  /**
   * Names to send again at once after `answer`: those of a refused response of which a part was sent once more
   * before the refusal came. That may have been the fix, and the rest went down with the fault.
   */
  takeOvertaken(answer: Answer): readonly string[] {
    if (answer.kind !== 'nack' || answer.isInForce || answer.sent === this.#latest) return [];
    const newer = new Set([...this.#older, ...(this.#latest === undefined ? [] : [this.#latest])].flatMap(namesOf));
    const names = namesOf(answer.sent);
    if (!names.some((name) => newer.has(name))) return [];
    this.#refused = this.#refused.difference(new Set(names));
    return names.filter((name) => !newer.has(name));
  }

  #remember(sent: Sent, isInForce: boolean): void {
    if (!isInForce) this.#refused = this.#refused.union(new Set(namesOf(sent)));
    else if (this.#refused.size > 0) this.#refused = this.#refused.difference(new Set(namesOf(sent)));
  }

  #take(nonce: string): Sent | undefined {
    if (nonce === this.#latest?.nonce) {
      this.#older = [];
      return this.#latest;
    }
    const index = this.#older.findIndex((sent) => sent.nonce === nonce);
    const sent = this.#older[index];
    if (sent !== undefined) this.#older = this.#older.slice(index + 1);
    return sent;
  }
}

function namesOf({ difference }: Sent): readonly string[] {
  return namesIn(difference);
}

// A removal that was refused is as little known to the client as a change.
function namesIn({ changedNames, removed }: Difference): readonly string[] {
  return removed.length === 0 ? changedNames : [...changedNames, ...removed];
}
