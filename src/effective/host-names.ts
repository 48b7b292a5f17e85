// What is seen of the host names that the control plane looks up, and how it is asked for.

import type { Addresses } from './addresses.ts';

/** Looks names up, and again when their time is over. */
export interface HostNames {
  /** What each name led to when it was last found; another map after each change. */
  readonly addresses: Addresses;
  /** Of all that are followed, in order of name. */
  readonly statuses: readonly HostNameStatus[];
  /** These from now on, and no others. */
  follow(names: ReadonlySet<string>): void;
  /** Looks up those of which nothing is known; resolves when each was, or after `limitMs`. */
  learn(names: Iterable<string>, limitMs: number): Promise<void>;
}

/** Times are wall-clock time (Unix, ms). */
export interface HostNameStatus {
  readonly name: string;
  /** What it led to when it was last found, before the start too; empty: it never was. */
  readonly addresses: readonly string[];
  /** When it was last found since the start; undefined: not yet. */
  readonly foundAtMs: number | undefined;
  /** Since when it is not found, and why; undefined: it is, or was not looked up yet. */
  readonly failure: { readonly reason: string; readonly sinceMs: number } | undefined;
}
