import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ConvergedCommitMessage } from '../../src/api/v2/messages.ts';
import { renderConvergence } from '../../src/cli/commit-report.ts';

const inSync: ConvergedCommitMessage = {
  changed: true,
  warnings: [],
  draining: [],
  old_routes: [],
  converged: true,
  took_ms: 1_249,
  clients: { total: 2, in_sync: 2, refused: 0, waiting: 0 },
  gone: [],
  not_in_sync: [],
};

const cases: readonly (readonly [line: string, answer: Partial<ConvergedCommitMessage>])[] = [
  ['committed: 2 of 2 in sync after 1.2 s', {}],
  ['nothing to commit: 2 of 2 in sync after 0.0 s', { changed: false, took_ms: 0 }],
  ['committed: no clients', { clients: { total: 0, in_sync: 0, refused: 0, waiting: 0 } }],
  [
    'committed: 2 of 3 in sync after 1.2 s, 1 gone\ne-3: gone, its connection closed before it had answered',
    { converged: false, gone: ['e-3'] },
  ],
  [
    'committed: 1 of 6 in sync after 1.2 s, 2 rejected, 3 not answered',
    { clients: { total: 6, in_sync: 1, refused: 2, waiting: 3 } },
  ],
];
for (const [line, answer] of cases) {
  test(line, () => assert.equal(renderConvergence({ ...inSync, ...answer }), `${line}\n`));
}
