// Asks the Sentinels of one cluster, all of them, and again at once when one of them tells of something: each second is
// enough until then, and while a failover is under way it is not (docs/adr/0036).

import type { SeenSentinel } from '../effective/seen.ts';
import { findSentinels } from './found-sentinels.ts';
import type { SentinelMessage } from './sentinel-answers.ts';
import { SentinelWatcher } from './sentinel-watcher.ts';
import type { SentinelWatcherParts } from './sentinel-watcher.ts';

/** What is declared of them. */
export interface SentinelTerms extends Pick<SentinelWatcherParts, 'master' | 'dialed' | 'plan'> {
  /** ADDRESS:PORT. */
  readonly declared: readonly string[];
  /** Who is published as the primary. */
  readonly primary: string | undefined;
}

export interface SentinelGroupParts {
  /** Asked before each connection. @param address of a Sentinel. */
  readonly findTarget: (address: string) => ReturnType<SentinelWatcherParts['findTarget']>;
  /** Told each time that {@link SentinelGroup.seen} is another. */
  readonly onChange: () => void;
  /** Told when these servers had better be looked at now; `all`: those of the cluster. */
  readonly onHint: (servers: ReadonlySet<string> | 'all') => void;
  /** Told of each event of the group, and of what Sentinels tell of an election besides. */
  readonly onMessage: (sentinel: string, message: SentinelMessage) => void;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: (() => number) | undefined;
}

// However much they tell.
const shortestRoundMs = 50;
// A replica that is being promoted says so long before Sentinels do.
const shortestLookMs = 10;
const hasteMs = 3_000;

const electing =
  /^\+(?:odown|try-failover|elected-leader|failover-.*|(?:selected|promoted)-slave|config-update-from|switch-master)$/u;
const ofNobody = /^\+(?:new-epoch|vote-for-leader)$/u;

export class SentinelGroup {
  readonly #parts: SentinelGroupParts;
  readonly #watchers = new Map<string, SentinelWatcher>();
  /** Run IDs by address, of all that ever said it. */
  readonly #ids = new Map<string, string>();
  #terms: SentinelTerms;
  #found: readonly string[] = [];
  #seen: ReadonlyMap<string, SeenSentinel> | undefined;
  #roundMs = -Infinity;
  #roundTimer: NodeJS.Timeout | undefined;
  #hasteUntilMs = -Infinity;
  #hasteTimer: NodeJS.Timeout | undefined;

  constructor(parts: SentinelGroupParts, terms: SentinelTerms) {
    this.#parts = parts;
    this.#terms = terms;
    this.#watchAll();
  }

  /** By ADDRESS:PORT, those that are declared and those that were found; another map after each change. */
  get seen(): ReadonlyMap<string, SeenSentinel> {
    return (this.#seen ??= new Map(Array.from(this.#watchers, ([address, { seen }]) => [address, seen] as const)));
  }

  /** From now on. */
  set terms(terms: SentinelTerms) {
    const before = this.#terms;
    this.#terms = terms;
    this.#seen = undefined;
    if (before.master !== terms.master) this.#endAll();
    for (const watcher of this.#watchers.values()) watcher.plan = terms.plan;
    this.#watchAll();
  }

  /** Who asks, or how, is another. */
  reconnect(): void {
    for (const watcher of this.#watchers.values()) watcher.reconnect();
  }

  /** Safe to repeat. */
  close(): void {
    this.#endAll();
    clearTimeout(this.#roundTimer);
    clearInterval(this.#hasteTimer);
  }

  #watchAll(): void {
    const wanted = new Set([...this.#terms.declared, ...this.#found]);
    for (const [address, watcher] of this.#watchers) {
      if (wanted.has(address)) continue;
      watcher.close();
      this.#watchers.delete(address);
      this.#seen = undefined;
    }
    for (const address of wanted) {
      if (this.#watchers.has(address)) continue;
      this.#watchers.set(address, this.#watch(address));
      this.#seen = undefined;
    }
  }

  #watch(address: string): SentinelWatcher {
    const { findTarget, onMessage, nowMs } = this.#parts;
    const { master, plan } = this.#terms;
    return new SentinelWatcher({
      master,
      plan,
      dialed: (said) => this.#terms.dialed(said),
      findTarget: () => findTarget(address),
      onChange: () => this.#noteChange(address),
      onMessage: (message) => {
        // An election of another group is none of ours.
        if (!ofNobody.test(message.event) || this.#isHasty) onMessage(address, message);
        if (message.master === undefined) return;
        if (electing.test(message.event)) this.#hasten();
        this.#askAll();
      },
      ...(nowMs && { nowMs }),
    });
  }

  #noteChange(address: string): void {
    this.#seen = undefined;
    const { id } = this.seen.get(address) ?? {};
    if (id !== undefined) this.#ids.set(address, id);
    this.#found = findSentinels(this.#terms.declared, this.seen, this.#found, this.#ids);
    this.#watchAll();
    this.#parts.onHint('all');
    this.#parts.onChange();
  }

  /** Asks all of them at once; when that was only just done, a little later. */
  #askAll(): void {
    if (this.#roundTimer !== undefined) return;
    const waitMs = this.#roundMs + shortestRoundMs - performance.now();
    if (waitMs > 0) {
      this.#roundTimer = setTimeout(() => this.#beginRound(), waitMs).unref();
      return;
    }
    this.#beginRound();
  }

  #beginRound(): void {
    this.#roundTimer = undefined;
    this.#roundMs = performance.now();
    for (const watcher of this.#watchers.values()) watcher.lookNow();
    this.#parts.onHint('all');
  }

  get #isHasty(): boolean {
    return performance.now() < this.#hasteUntilMs;
  }

  // Until it is a while that anything was heard of it.
  #hasten(): void {
    this.#hasteUntilMs = performance.now() + hasteMs;
    this.#hasteTimer ??= setInterval(() => this.#beHasty(), shortestLookMs).unref();
  }

  #beHasty(): void {
    if (!this.#isHasty) {
      clearInterval(this.#hasteTimer);
      this.#hasteTimer = undefined;
      return;
    }
    this.#askAll();
    const candidates = this.#findCandidates();
    if (candidates.size > 0) this.#parts.onHint(candidates);
  }

  /** Who may be the primary next: whom a leader has chosen, else whom the newest opinion names. */
  #findCandidates(): ReadonlySet<string> {
    const all = [...this.seen.values()];
    const selected = all.flatMap((each) => each.selected?.server ?? []);
    const newest = Math.max(...all.map(({ opinion }) => opinion?.epoch ?? 0));
    const named = all.flatMap(({ opinion }) => (opinion?.epoch === newest ? opinion.primary : []));
    const candidates = new Set(selected.length > 0 ? selected : named);
    candidates.delete(this.#terms.primary ?? '');
    return candidates;
  }

  #endAll(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}
