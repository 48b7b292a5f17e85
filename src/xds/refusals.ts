// What a client refused of one type on one stream: a bad resource takes good ones of its response with
// it, and the NACK does not say which. Without I/O.

import { namesOf } from '../snapshot/difference.ts';
import type { Difference } from '../snapshot/difference.ts';

/** Version by name; '' of what does not exist. */
type Said = ReadonlyMap<string, string>;

/** One refused response. */
interface Refused {
  /** What it said, less what was accepted since: any of it may be the fault. */
  readonly suspects: Said;
  /** Of these, what no newer response says. */
  readonly missing: Said;
  /** Something was said otherwise before the refusal came, whatever has become of it since. */
  readonly isMended: boolean;
}

// Shared: a whole fleet may refuse the same response.
const changesSaid = new WeakMap<Difference, Map<string, string>>();

export class Refusals {
  #responses: readonly Refused[] = [];

  /** True when nothing that was refused is waited for. */
  get isEmpty(): boolean {
    return this.#responses.length === 0;
  }

  /** To be told of every response that is sent: of what it says again, the answer to it counts. */
  noteSent(difference: Difference): void {
    this.#update((refused) => ({ ...refused, missing: without(refused.missing, difference) }));
  }

  /** To be told of every response that is accepted. */
  noteAccepted(difference: Difference): void {
    this.#update((refused) => ({ ...refused, suspects: without(refused.suspects, difference) }));
  }

  /**
   * @param isRemovalSaid false: nothing was said of what was removed.
   * @param newer what was sent since.
   */
  noteRefused(difference: Difference, isRemovalSaid: boolean, newer: readonly Difference[]): void {
    // The same response may be refused twice.
    this.noteSent(difference);
    const suspects = saidIn(difference, isRemovalSaid);
    const missing = newer.reduce(without, suspects);
    if (missing.size === 0) return;
    const isMended = newer.some((each) => saysOtherwise(saidIn(each, isRemovalSaid), suspects));
    this.#responses = [...this.#responses, { suspects, missing, isMended }];
  }

  /**
   * Names to send again, because something is not, or was not for a while, as a refused response said it, which may be
   * the fix. What has changed itself is not among them. Those given are no longer remembered.
   * @param versionOf what there is for the client now: '' when there is none, undefined when it is not wanted.
   */
  takeMended(versionOf: (name: string) => string | undefined): readonly string[] {
    const isSame = ([name, version]: readonly [string, string]): boolean => versionOf(name) === version;
    const kept = this.#responses.filter(({ suspects, isMended }) => !isMended && [...suspects].every(isSame));
    const mended = this.#responses.filter((response) => !kept.includes(response));
    this.#responses = kept;
    return mended.flatMap(({ missing }) => [...missing].filter(isSame).map(([name]) => name));
  }

  /** Names to send again whatever has become of them; nothing is remembered any more. */
  takeAll(): readonly string[] {
    const names = this.#responses.flatMap(({ missing }) => [...missing.keys()]);
    this.#responses = [];
    return [...new Set(names)];
  }

  #update(change: (refused: Refused) => Refused): void {
    if (this.#responses.length === 0) return;
    this.#responses = this.#responses.map(change).filter(({ missing }) => missing.size > 0);
  }
}

function saidIn(difference: Difference, isRemovalSaid: boolean): Said {
  let said: Map<string, string> | undefined = changesSaid.get(difference);
  if (said === undefined) {
    said = new Map(difference.changed.map(({ name, version }) => [name, version]));
    for (const name of difference.absent) said.set(name, '');
    changesSaid.set(difference, said);
  }
  if (!isRemovalSaid || difference.removed.length === 0) return said;
  return new Map([...said, ...difference.removed.map((name) => [name, ''] as const)]);
}

function saysOtherwise(said: Said, suspects: Said): boolean {
  return [...said].some(([name, version]) => (suspects.get(name) ?? version) !== version);
}

function without(said: Said, difference: Difference): Said {
  const names = namesOf(difference);
  if (!names.some((name) => said.has(name))) return said;
  const left = new Map(said);
  for (const name of names) left.delete(name);
  return left;
}
