import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ConvergedCommitMessage } from '../../src/api/v2/messages.ts';
import { renderConvergence } from '../../src/cli/commit-report.ts';

const inSync: ConvergedCommitMessage = {
  changed: true,
  revision: 7,
  changes: [],
  warnings: [],
  draining: [],
  old_routes: [],
  converged: true,
  took_ms: 1_249,
  clients: { total: 2, in_sync: 2, refused: 0, waiting: 0 },
  gone: [],
  returning: null,
  expected: null,
  not_in_sync: [],
};

const cases: readonly (readonly [line: string, answer: Partial<ConvergedCommitMessage>])[] = [
  ['committed revision 7: 2 of 2 in sync after 1.2 s', {}],
  ['nothing to commit: 2 of 2 in sync after 0.0 s', { changed: false, took_ms: 0 }],
  ['committed revision 7: no clients', { clients: { total: 0, in_sync: 0, refused: 0, waiting: 0 } }],
  [
    'committed revision 7: 2 of 3 in sync after 1.2 s, 1 gone\ne-3: gone, it has no connection now',
    { converged: false, gone: ['e-3'] },
  ],
  [
    'committed revision 7: 1 of 6 in sync after 1.2 s, 2 rejected, 3 not answered',
    { clients: { total: 6, in_sync: 1, refused: 2, waiting: 3 } },
  ],
  [
    'committed revision 7: no clients yet, started 2 s ago\nexpected at least 2 in sync: there are 0\nexpected in sync, and not: e-1',
    {
      clients: { total: 0, in_sync: 0, refused: 0, waiting: 0 },
      returning: { started: '2031-01-02T03:04:05.678Z', started_ms_ago: 2_900 },
      expected: { at_least: 2, expect: ['e-1'], in_sync: 0, missing: ['e-1'], is_met: false },
    },
  ],
  [
    'committed revision 7: 2 of 2 in sync after 1.2 s\nstarted 2 s ago: others may be yet to come back',
    { converged: false, returning: { started: '2031-01-02T03:04:05.678Z', started_ms_ago: 2_900 } },
  ],
  [
    'committed revision 7: 1 of 2 in sync after 1.2 s, 1 not answered\ne-1 10.0.0.1:1: waiting: asked for nothing that is published',
    {
      clients: { total: 2, in_sync: 1, refused: 0, waiting: 1 },
      not_in_sync: [
        {
          node_id: 'e-1',
          peer: '10.0.0.1:1',
          type: null,
          type_url: null,
          state: 'not-sent',
          reason: 'asked for nothing that is published',
          version_sent: null,
          version_acked: null,
          runs_earlier: false,
          unacked_since: null,
          unwritten_since: null,
          last_nack: null,
        },
      ],
    },
  ],
];
for (const [line, answer] of cases) {
  test(line, () => assert.equal(renderConvergence({ ...inSync, ...answer }), `${line}\n`));
}
