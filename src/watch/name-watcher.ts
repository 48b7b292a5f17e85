// Keeps up with what host names lead to: each is looked up again when the time of its record is over. Where that fails,
// or the name is gone, what was found last stays (docs/adr/0029).

import type { Addresses } from '../effective/addresses.ts';
import type { HostNameStatus, HostNames } from '../effective/host-names.ts';
import { LookupError } from './dns-lookup.ts';
import type { Lookup } from './dns-lookup.ts';

export interface NameWatcherParts {
  readonly lookup: Lookup;
  /** What names led to before the start. */
  readonly known?: Addresses | undefined;
  /** Told each time that {@link NameWatcher.addresses} or a failure is not what it was; not while it is asked to follow. */
  readonly onChange: () => void;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: () => number;
}

interface Followed {
  status: HostNameStatus;
  timer: NodeJS.Timeout | undefined;
  /** Of the lookup under way. */
  looking: Promise<void> | undefined;
  /** In turn. */
  failures: number;
}

// A record may say 0.
const shortestMs = 1_000;
const longestMs = 3_600_000;
const longestAfterFailureMs = 30_000;
const keptUnaskedMs = 60_000;

export class NameWatcher implements HostNames {
  readonly #parts: NameWatcherParts;
  readonly #followed = new Map<string, Followed>();
  #wanted: ReadonlySet<string> = new Set();
  // And when they are forgotten unless somebody wants them.
  readonly #learned = new Map<string, NodeJS.Timeout>();
  #addresses: Addresses;
  #isClosed = false;

  constructor(parts: NameWatcherParts) {
    this.#parts = parts;
    this.#addresses = new Map(parts.known);
  }

  get addresses(): Addresses {
    return this.#addresses;
  }

  get statuses(): HostNameStatus[] {
    const all = Array.from(this.#followed.values(), ({ status }) => status);
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  follow(names: ReadonlySet<string>): void {
    this.#wanted = names;
    this.#dropUnwanted();
    for (const name of names) if (!this.#followed.has(name)) this.#begin(name);
  }

  async learn(names: Iterable<string>, limitMs: number): Promise<void> {
    const unknown = [...names].filter((name) => !this.#addresses.has(name));
    if (unknown.length === 0) return;
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    const looks = unknown.map((name) => {
      this.#keepForNow(name);
      return (this.#followed.get(name) ?? this.#begin(name)).looking;
    });
    await Promise.race([isOver, Promise.all(looks)]);
    clearTimeout(timer);
  }

  /** Stops; safe to repeat. */
  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#followed.values()) clearTimeout(timer);
    for (const timer of this.#learned.values()) clearTimeout(timer);
  }

  // Who asked will say that it is to be followed, now or by asking again.
  #keepForNow(name: string): void {
    clearTimeout(this.#learned.get(name));
    const forget = (): void => {
      this.#learned.delete(name);
      this.#dropUnwanted();
    };
    this.#learned.set(name, setTimeout(forget, keptUnaskedMs).unref());
  }

  #dropUnwanted(): void {
    const isKept = (name: string): boolean => this.#wanted.has(name) || this.#learned.has(name);
    for (const [name, { timer }] of this.#followed) {
      if (isKept(name)) continue;
      clearTimeout(timer);
      this.#followed.delete(name);
    }
    const left = Array.from(this.#addresses).filter(([name]) => isKept(name));
    if (left.length < this.#addresses.size) this.#addresses = new Map(left);
  }

  #begin(name: string): Followed {
    const addresses = this.#addresses.get(name) ?? [];
    const status = { name, addresses, foundAtMs: undefined, failure: undefined };
    const followed: Followed = { status, timer: undefined, looking: undefined, failures: 0 };
    this.#followed.set(name, followed);
    this.#look(followed);
    return followed;
  }

  #look(followed: Followed): void {
    followed.looking = this.#lookUp(followed).finally(() => {
      followed.looking = undefined;
    });
  }

  // Never rejects.
  async #lookUp(followed: Followed): Promise<void> {
    const { name } = followed.status;
    let waitMs: number;
    try {
      const { addresses, ttlMs } = await this.#parts.lookup(name);
      if (!this.#isFollowed(followed)) return;
      followed.failures = 0;
      this.#noteFound(followed, addresses);
      waitMs = Math.min(Math.max(ttlMs, shortestMs), longestMs);
    } catch (error) {
      if (!this.#isFollowed(followed)) return;
      waitMs = Math.min(shortestMs * 2 ** followed.failures, longestAfterFailureMs);
      followed.failures += 1;
      this.#noteFailure(followed, error instanceof LookupError ? error.message : String(error));
    }
    followed.timer = setTimeout(() => this.#look(followed), waitMs).unref();
  }

  #isFollowed(followed: Followed): boolean {
    return !this.#isClosed && this.#followed.get(followed.status.name) === followed;
  }

  #noteFound(followed: Followed, found: readonly string[]): void {
    const { name, addresses: before, failure } = followed.status;
    // What is in use goes first while it is there.
    const stayed = before.filter((address) => found.includes(address));
    const added = found.filter((address) => !before.includes(address)).sort();
    const isSame = added.length === 0 && stayed.length === before.length;
    const addresses = isSame ? before : [...stayed, ...added];
    followed.status = { name, addresses, foundAtMs: this.#nowMs(), failure: undefined };
    if (!isSame) this.#addresses = new Map(this.#addresses).set(name, addresses);
    if (!isSame || failure !== undefined) this.#parts.onChange();
  }

  #noteFailure(followed: Followed, reason: string): void {
    const { failure } = followed.status;
    if (failure?.reason === reason) return;
    followed.status = { ...followed.status, failure: { reason, sinceMs: failure?.sinceMs ?? this.#nowMs() } };
    this.#parts.onChange();
  }

  #nowMs(): number {
    return (this.#parts.nowMs ?? Date.now)();
  }
}
