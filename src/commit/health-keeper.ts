// Who is left out for its health: decided anew when something is seen, when what is declared changes, and when it is time
// to let the next ones in.

import type { SortedByName } from '../collections/sorted-by-name.ts';
import type { Seen, Watchers } from '../effective/seen.ts';
import { againAtMsOf, decideFor, outagesOf, verdictsFrom } from '../effective/verdicts-by-cluster.ts';
import type { Outages, Verdicts } from '../effective/verdicts-by-cluster.ts';
import type { Rules } from '../effective/verdicts.ts';
import type { Cluster } from '../model/objects.ts';

export interface HealthKeeperParts {
  /** Default: nothing is watched, and nothing is decided anew. */
  readonly watchers?: Watchers | undefined;
  readonly rulesOf: (cluster: Cluster) => Rules;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs: () => number;
  /** Told when it is time to decide again. */
  readonly onDue: () => void;
}

export class HealthKeeper {
  readonly #parts: HealthKeeperParts;
  #verdicts: Verdicts;
  #outages: Outages;
  #seen: Seen = new Map();
  #timer: NodeJS.Timeout | undefined;

  /** @param kept who was left out before the start. */
  constructor(parts: HealthKeeperParts, kept: Outages) {
    this.#parts = parts;
    this.#verdicts = verdictsFrom(kept);
    this.#outages = kept;
  }

  get verdicts(): Verdicts {
    return this.#verdicts;
  }

  /** The same object while nobody goes and nobody comes back. */
  get outages(): Outages {
    return this.#outages;
  }

  /**
   * Decides on those that are seen otherwise than before, on those that are not whole, and on the edited ones.
   * @param clusters all of them, as they would be published if all servers were well.
   */
  decide(clusters: SortedByName<Cluster>, edited: Iterable<string> = []): void {
    if (this.#parts.watchers === undefined) return;
    const { seen } = this.#parts.watchers;
    const names = new Set([...namesUnlike(this.#seen, seen), ...this.#verdicts.keys(), ...edited]);
    this.#seen = seen;
    if (names.size === 0) return;
    const concerned = new Map(Array.from(names, (name) => [name, clusters.get(name)] as const));
    const nowMs = this.#parts.nowMs();
    this.#verdicts = decideFor(this.#verdicts, concerned, seen, this.#parts.rulesOf, nowMs);
    const outages = outagesOf(this.#verdicts);
    if (!areSame(this.#outages, outages)) this.#outages = outages;
    this.#setTimer(againAtMsOf(this.#verdicts), nowMs);
  }

  /** Stops what runs by itself; safe to repeat. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #setTimer(atMs: number | undefined, nowMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = atMs === undefined ? undefined : setTimeout(this.#parts.onDue, Math.max(atMs - nowMs, 0)).unref();
  }
}

// What is seen of a cluster is another map after each change.
function namesUnlike(before: Seen, after: Seen): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}

function areSame(before: Outages, after: Outages): boolean {
  const textOf = (outages: Outages): string => JSON.stringify(Array.from(outages, ([name, out]) => [name, [...out]]));
  return textOf(before) === textOf(after);
}
