// Builds what promotes: the book, promotions as they are told, and what is done without being told.

import { setTimeout as sleep } from 'node:timers/promises';

import { sentinelOf } from '../model/failover-defaults.ts';
import { serverNameOf } from '../net/address.ts';
import type { FindSecret } from '../watch/find-secret.ts';
import { Failovers } from './failovers.ts';
import type { Clusters, FailoversParts } from './failovers.ts';
import type { Clock, Fence, Limits } from './ground.ts';
import { OwnFailover } from './own-failover.ts';
import { PromotionBook } from './promotion-book.ts';
import { RedisActs } from './redis-acts.ts';
import { failOverBySentinel } from './sentinel-failover.ts';
import { createTargetFinder, findSentinelTargets } from './targets.ts';

export interface FailoverControlParts extends Pick<FailoversParts, 'onStep' | 'onError'> {
  readonly clusters: Clusters;
  /** Texts of before the start, by name, see LogStore.keepNotes. */
  readonly notes: ReadonlyMap<string, string>;
  /** Keeps a text durably (undefined: none), calls `apply`, and has published what follows when it resolves. */
  readonly keepNote: (name: string, text: string | undefined, apply: () => void) => Promise<void>;
  readonly fence: Fence;
  /** The secrets as they are when it is called. */
  readonly findSecret: FindSecret;
  /** Told each time that there is something else to warn of. */
  readonly onTroubles?: (() => void) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

export interface FailoverControl {
  readonly book: PromotionBook;
  readonly failovers: Failovers;
  readonly own: OwnFailover;
  /** Takes up what was under way, and begins to watch. */
  start(): void;
  /** Lets what is under way end, for so long; safe to repeat. */
  stop(limitMs: number): Promise<void>;
}

const notePrefix = 'failover ';

const clock: Clock = { wallMs: Date.now, steadyMs: () => performance.now(), wait: (ms) => sleep(ms) };

/** @throws KeptPromotionsError */
export function createFailoverControl(parts: FailoverControlParts): FailoverControl {
  const { clusters, notes, keepNote, findSecret, fence, limits, onStep, onError, onTroubles } = parts;
  const texts = Array.from(notes).filter(([name]) => name.startsWith(notePrefix));
  const book = new PromotionBook(
    {
      keep: (cluster, text, apply) => keepNote(notePrefix + cluster, text, apply),
      serversOf: (name) => clusters.find(name)?.endpoints.map(serverNameOf).sort(),
      wallMs: clock.wallMs,
    },
    new Map(texts.map(([name, text]) => [name.slice(notePrefix.length), text])),
  );
  const actsFor: FailoversParts['actsFor'] = (cluster) => {
    const { master } = sentinelOf(cluster) ?? {};
    const failOver = (name: string) => failOverBySentinel(findSentinelTargets(cluster, findSecret), name);
    return new RedisActs({
      findTarget: createTargetFinder(cluster, findSecret),
      failOver: master === undefined ? undefined : () => failOver(master),
    });
  };
  const failovers = new Failovers({ book, clusters, actsFor, fence, clock, limits, onStep, onError });
  const own = new OwnFailover({ failovers, clusters, actsFor, clock, onError, onTroubles });
  return {
    ...{ book, failovers, own },
    start: () => {
      failovers.takeUp();
      own.start();
    },
    stop: (limitMs) => {
      own.stop();
      return failovers.stop(limitMs);
    },
  };
}
