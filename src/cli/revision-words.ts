// What a revision changed, in a few words.

import type { RevisionMessage } from './messages.ts';

/** As `clusters +1 ~2, listeners -1`, behind the revision that it has again, if any. */
export function describeSummary({ summary, rollback_to: target }: RevisionMessage): string {
  const kinds = Object.entries(summary).flatMap(([kind, { added, changed, removed }]) => {
    const counts = [
      ['+', added],
      ['~', changed],
      ['-', removed],
    ] as const;
    const words = counts.filter(([, count]) => count > 0).map(([sign, count]) => `${sign}${count}`);
    return words.length === 0 ? [] : [`${kind}s ${words.join(' ')}`];
  });
  const undo = target === undefined || target === null ? [] : [`back to ${target}`];
  return [...undo, ...kinds].join(', ') || 'none';
}
