// Which clusters are sent the commands of others besides, by connections that are open. Pure.

import type { Listener } from '../model/objects.ts';
import { clustersOf, listTargets } from '../model/redis-targets.ts';

/** Commands for `cluster` go to `mirror` too. */
export interface MirrorPair {
  readonly cluster: string;
  readonly mirror: string;
  /** Until when connections that were opened before do so (Unix, ms); Infinity: new ones do. */
  readonly untilMs: number;
}

const maxOld = 1_000;

/** Each pair once: what the listeners say, and what they said `drainTimeMs` ago. @param before as it was then. */
export function findMirrors(
  before: readonly MirrorPair[],
  listeners: Iterable<Listener>,
  nowMs: number,
  drainTimeMs: number,
): readonly MirrorPair[] {
  const pairs = new Map<string, MirrorPair>();
  for (const { cluster, mirror, untilMs } of before) {
    const pair = { cluster, mirror, untilMs: Math.min(untilMs, nowMs + drainTimeMs) };
    if (pair.untilMs > nowMs) pairs.set(keyOf(pair), pair);
  }
  for (const listener of listeners) {
    if (listener.kind === 'tcp' || listener.kind === 'http') continue;
    for (const target of listTargets(listener)) {
      const [cluster = '', ...mirrors] = clustersOf(target);
      for (const mirror of mirrors) pairs.set(keyOf({ cluster, mirror }), { cluster, mirror, untilMs: Infinity });
    }
  }
  return [...pairs.values()];
}

/** Those of open connections alone, which listeners do not say any more; of very many the newest. */
export function oldMirrors(mirrors: readonly MirrorPair[]): readonly MirrorPair[] {
  const old = mirrors.filter(({ untilMs }) => untilMs !== Infinity);
  return old.length <= maxOld ? old : old.sort((a, b) => b.untilMs - a.untilMs).slice(0, maxOld);
}

function keyOf({ cluster, mirror }: Pick<MirrorPair, 'cluster' | 'mirror'>): string {
  return JSON.stringify([cluster, mirror]);
}
