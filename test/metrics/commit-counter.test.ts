import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CommitError } from '../../src/commit/control.ts';
import type { CommitResult } from '../../src/commit/control.ts';
import type { Change } from '../../src/inventory/change.ts';
import { countCommits } from '../../src/metrics/commit-counter.ts';

test('counts commits by what came of them, and passes everything on', () => {
  const staged: Change[] = [];
  const failure = new CommitError('not published');
  const outcomes: (CommitResult | Error)[] = [{ changed: true }, { changed: false }, failure, { changed: true }];
  const counts = { published: 0, unchanged: 0, failed: 0 };
  const control = countCommits(
    {
      stage: (change) => void staged.push(change),
      commit: () => {
        const outcome = outcomes.shift() ?? assert.fail('a commit too many');
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
    },
    counts,
  );
  const change: Change = { kind: 'remove-cluster', name: 'a' };
  control.stage(change);
  assert.deepEqual(control.commit(), { changed: true });
  assert.deepEqual(control.commit(), { changed: false });
  assert.throws(() => control.commit(), failure);
  assert.deepEqual(control.commit(), { changed: true });
  assert.deepEqual(staged, [change]);
  assert.deepEqual(counts, { published: 2, unchanged: 1, failed: 1 });
});
