// What holds the control plane back from promoting by itself: somebody has paused it, or the last time was lately.

import type { OwnFailoverTerms } from '../model/failover-defaults.ts';
import type { PromotionBook } from './promotion-book.ts';

/** In a few words; undefined: it is not paused. */
export function findPause(book: PromotionBook, cluster: string): string | undefined {
  const { paused } = book.of(cluster);
  return paused && `${paused.by} has paused it (failover resume)`;
}

/** In a few words; undefined: nothing. */
export function findHold(
  book: PromotionBook,
  cluster: string,
  { cooldownMs }: Pick<OwnFailoverTerms, 'cooldownMs'>,
): string | undefined {
  const pause = findPause(book, cluster);
  if (pause !== undefined) return pause;
  const untilMs = book.cooldownUntilMs(cluster, cooldownMs);
  if (untilMs === undefined) return undefined;
  return `the last failover was lately, and none follows before ${new Date(untilMs).toISOString()} (failover ack)`;
}
