// Counts commits by what came of them.

import type { Control } from '../commit/control.ts';

/** Commits since the start. */
export interface CommitCounts {
  published: number;
  /** Nothing was staged that differs from what is committed. */
  unchanged: number;
  /** Refused, or the store failed. */
  failed: number;
}

/** `control`, with every commit added to `counts`. */
export function countCommits(control: Control, counts: CommitCounts): Control {
  return {
    stage: (change) => control.stage(change),
    commit: () => {
      try {
        const result = control.commit();
        counts[result.changed ? 'published' : 'unchanged'] += 1;
        return result;
      } catch (error) {
        counts.failed += 1;
        throw error;
      }
    },
  };
}
