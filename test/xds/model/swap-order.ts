// The order of an aggregated stream: a cluster is there before anything names it, and goes
// after nothing does (ORD-01 to ORD-03 and ORD-06 of the catalogue).

import { noEndpoints } from './content.ts';
import type { Content } from './content.ts';
import type { SentResponse, TypeLedger } from './type-ledger.ts';
import { demand } from './violation.ts';

/** What the check is told of a stream. */
export interface StreamState {
  readonly ledger: (kind: TypeLedger['kind']) => TypeLedger | undefined;
  readonly nowMs: number;
  /** How long a client that does not ACK is waited for. */
  readonly boundMs: number;
  /** True when a response may be a part of what there is to say. */
  readonly isSplit: boolean;
  /** When the first snapshot at or after a moment was published. */
  readonly publishedSinceMs: (ms: number) => number;
  /** True when the cluster may be in use by connections of a replaced listener of the client. */
  readonly isKept: (name: string) => boolean;
  /** What endpoints a removed cluster had in the end; undefined: it is there, or never was. */
  readonly lastEndpointsOf: (name: string) => string | undefined;
  /** When the cluster was removed and had drained. */
  readonly goneSinceMs: (name: string) => number;
}

const resourceOf = { listener: 'redis_listener', route: 'generic_route' } as const;
type ReferringKind = keyof typeof resourceOf;
const referringKinds = ['listener', 'route'] as const;

/** Checks a response that is about to be noted in its ledger. Throws a Violation. */
export function checkOrder(ledger: TypeLedger, said: SentResponse['said'], state: StreamState): void {
  if (ledger.kind === 'listener' || ledger.kind === 'route') checkReferences(ledger, ledger.kind, said, state);
  else if (ledger.kind !== 'secret' && ledger.responses.length > 0) checkWithdrawals(ledger, said, state);
}

function checkReferences(
  ledger: TypeLedger,
  kind: ReferringKind,
  said: SentResponse['said'],
  { ledger: ledgerOf, nowMs, boundMs, isSplit, publishedSinceMs }: StreamState,
): void {
  const clusters = ledgerOf('cluster');
  if (clusters === undefined) return;
  const before = ledger.sent.get(resourceOf[kind])?.references ?? [];
  for (const name of said.get(resourceOf[kind])?.references ?? []) {
    if (!clusters.wanted.includes(name)) continue;
    demand(clusters.sent.get(name) !== undefined, 'order', () => `${kind} names ${name} before it was sent`);
    // First answers never wait, all their parts, and what is asked for again may have waited for that.
    const wasSaid = ledger.responses.some((response) => response.said.has(resourceOf[kind]));
    const isFirst = ledger.responses.length === 0 || (isSplit && !wasSaid);
    // A set that was begun goes on, whatever was sent between its parts: the stand-in is the first of two.
    if (isSplit && ledger.responses.at(-1)?.said.has('no_upstream_host') === true) continue;
    if (isFirst || ledger.isAskedFor(resourceOf[kind]) || before.includes(name)) continue;
    const isInForce = isSentInForce(clusters, name, nowMs - boundMs);
    // Changes that come faster than they are ACKed hold nothing back for more than two bounds.
    // Of the parts of a set another one may have come before.
    const last = ledger.responses.findLast((response) => response.said.has(resourceOf[kind]));
    const isLong = publishedSinceMs(last?.sentAtMs ?? 0) <= nowMs - 2 * boundMs;
    demand(isInForce || isLong, 'order', () => `${kind} names ${name} before it is in force`);
  }
}

/** True when a response since the one that brought `name` was ACKed, or that one was sent before `boundMs`. */
function isSentInForce({ responses }: TypeLedger, name: string, boundMs: number): boolean {
  const index = responses.findLastIndex(({ said, changed }) => changed.has(name) && said.get(name) !== undefined);
  const brought = responses[index];
  // The client had it from an earlier stream.
  if (brought === undefined) return true;
  return brought.sentAtMs <= boundMs || responses.slice(index).some(({ answer }) => answer === 'ack');
}

function checkWithdrawals(ledger: TypeLedger, said: SentResponse['said'], state: StreamState): void {
  const withdrawn = [...said].flatMap(([name, content]) => (isWithdrawal(ledger, name, content, state) ? [name] : []));
  // Changes that keep coming put off what removals wait for, and none for more than three bounds: then all go.
  const isLong = withdrawn.some((name) => state.goneSinceMs(name) <= state.nowMs - 3 * state.boundMs);
  for (const name of withdrawn) {
    // What a client brought from an earlier stream may go with the first answer, of which this may be a part.
    if (state.isSplit && !ledger.responses.some((response) => response.said.has(name))) continue;
    for (const kind of referringKinds) {
      const referring = state.ledger(kind);
      if (referring === undefined) continue;
      const named = mayBeRunning(referring, kind, state).flatMap(({ references }) => references);
      demand(isLong || !named.includes(name), 'order', () => `${ledger.kind} ${name} withdrawn while a ${kind} names it`);
    }
    demand(!state.isKept(name), 'order', () => `${ledger.kind} ${name} withdrawn while it drains`);
  }
}

/** True also of an empty load assignment for a removed cluster that had endpoints to the end. */
function isWithdrawal({ sent }: TypeLedger, name: string, content: Content | undefined, state: StreamState): boolean {
  const before = sent.get(name);
  if (before === undefined || content === undefined) return before !== undefined;
  const had = [before.text, state.lastEndpointsOf(name) ?? noEndpoints];
  return content.text === noEndpoints && !had.includes(noEndpoints);
}

/** Contents of a listener or route that the client may run: the newest, and older ones until it is in force. */
function mayBeRunning({ responses, wanted, isFullState }: TypeLedger, kind: ReferringKind, state: StreamState): Content[] {
  const name = resourceOf[kind];
  if (!wanted.includes(name)) return [];
  const running: Content[] = [];
  let isAnswered = false;
  for (const { said, dropped, answer, sentAtMs } of [...responses].reverse()) {
    isAnswered ||= answer === 'ack';
    if (dropped.has(name)) break;
    // What a full state leaves out has gone, though the client may have dropped it meanwhile.
    if (!said.has(name) && !isFullState) continue;
    const content = said.get(name);
    if (content !== undefined && answer !== 'nack') running.push(content);
    if (answer !== 'nack' && isAnswered) break;
    if (sentAtMs + state.boundMs <= state.nowMs) break;
  }
  return running;
}
