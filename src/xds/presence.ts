// Who has a stream, and who had one until a while ago, by node id: a fleet that is lost must not look like no fleet.

import { createHash } from 'node:crypto';

/** A node that had streams and has none. Times by the monotonic clock. */
export interface Gone {
  readonly nodeId: string;
  /** When its last stream closed. */
  readonly goneAtMs: number;
  /** Since when it was there, short breaks apart. */
  readonly cameAtMs: number;
}

/**
 * How long who went, or has not come yet after a start, is taken to be about to come: Envoy tries again at random
 * within a back-off that grows to 30 s.
 */
export const returnTimeMs = 35_000;

const maxGone = 20_000;

// Text from outside that is kept after its stream has ended.
const maxIdLength = 256;

interface There {
  readonly cameAtMs: number;
  streams: number;
}

export class Presence {
  readonly #memoryMs: number;
  readonly #there = new Map<string, There>();
  // In the order of going.
  readonly #gone = new Map<string, Gone>();

  /** @param memoryMs how long who went is remembered; 0: not at all. Of more than 20,000 the last ones are. */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  /** To be told of each stream as soon as its node is known. */
  noteOpened(nodeId: string): void {
    const there = this.#there.get(nodeId);
    if (there !== undefined) {
      there.streams += 1;
      return;
    }
    const nowMs = performance.now();
    const key = keptId(nodeId);
    const gone = this.#gone.get(key);
    const isBreak = gone !== undefined && nowMs - gone.goneAtMs < returnTimeMs;
    this.#gone.delete(key);
    this.#there.set(nodeId, { cameAtMs: isBreak ? gone.cameAtMs : nowMs, streams: 1 });
  }

  /** To be told when such a stream has closed. */
  noteClosed(nodeId: string): void {
    const there = this.#there.get(nodeId);
    if (there === undefined) return;
    there.streams -= 1;
    if (there.streams > 0) return;
    this.#there.delete(nodeId);
    if (this.#memoryMs === 0) return;
    const goneAtMs = performance.now();
    const key = keptId(nodeId);
    this.#gone.set(key, { nodeId: key, goneAtMs, cameAtMs: there.cameAtMs });
    this.#forgetOld(goneAtMs);
  }

  /** True while it has a stream. */
  has(nodeId: string): boolean {
    return this.#there.has(nodeId);
  }

  /** How many nodes have a stream. */
  get count(): number {
    return this.#there.size;
  }

  /** Who went and is remembered, in the order of going; an id of more than 256 characters is cut, and has a hash. */
  gone(): Gone[] {
    this.#forgetOld(performance.now());
    return [...this.#gone.values()];
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { goneAtMs }] of this.#gone) {
      if (this.#gone.size <= maxGone && nowMs - goneAtMs < this.#memoryMs) return;
      this.#gone.delete(key);
    }
  }
}

/** As {@link Presence.gone} names a node: to be compared with those, never to be given to it once more. */
export function keptId(nodeId: string): string {
  if (nodeId.length <= maxIdLength) return nodeId;
  return `${nodeId.slice(0, maxIdLength)}…${createHash('sha256').update(nodeId).digest('hex').slice(0, 16)}`;
}
