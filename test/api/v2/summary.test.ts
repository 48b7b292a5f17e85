// The first line of the status: the whole in one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Warning } from '../../../src/commit/published.ts';
import type { SeenServer, ServerState } from '../../../src/effective/seen.ts';
import { summarize } from '../../../src/api/v2/summary.ts';
import type { Whole } from '../../../src/api/v2/summary.ts';

const well: Whole = {
  clients: new Map([['synced', ['a', 'b']]]),
  gone: 0,
  isComplete: true,
  warnings: [],
  seen: new Map(),
  leftOutBy: () => undefined,
};

/** Servers of cluster c. */
function see(...states: readonly ServerState[]): Whole['seen'] {
  return new Map([['c', new Map(states.map((state, index): [string, SeenServer] => [`10.0.0.${index}:1`, { state, sinceMs: 0 }]))]]);
}

const warning = (code: Warning['code']): Warning => ({ code, message: '' });
const out: Partial<Whole> = { leftOutBy: () => 'health' };

const rows: readonly (readonly [what: string, whole: Partial<Whole>, line: string])[] = [
  ['all is well', {}, 'ok: 2 Envoys in sync'],
  ['all is well, with servers', { seen: see('up') }, 'ok: 2 Envoys in sync, 1 server up'],
  ['nobody is there', { clients: new Map() }, 'ok: no Envoys'],
  [
    'a server is down and left out',
    { ...out, seen: see('up', 'down') },
    'attention: 1 server down (c 10.0.0.1:1), 2 Envoys in sync, 1 server up',
  ],
  ['a server is down and sent commands', { seen: see('down') }, 'trouble: 1 server down (c 10.0.0.0:1), 2 Envoys in sync, 0 servers up'],
  [
    'servers are not quite there',
    { seen: see('suspect', 'recovering', 'unknown', 'unknown') },
    'attention: 1 server suspect, 1 server recovering, 2 servers unknown, 2 Envoys in sync, 0 servers up',
  ],
  ['there is something to warn of', { warnings: [warning('few-seeds'), warning('old-envoy')] }, 'attention: 2 warnings, 2 Envoys in sync'],
  ['a cluster lacks its primary', { warnings: [warning('no-primary')] }, 'trouble: 1 warning, 2 Envoys in sync'],
  [
    'Envoys refused something',
    { clients: new Map([['synced', ['a']], ['error', ['b']], ['stale', ['c']], ['not-sent', ['d']]]) },
    'trouble: 1 Envoy refused what was published (b), 2 Envoys not in sync, 1 Envoy in sync',
  ],
  ['somebody has gone', { gone: 2, isComplete: false }, 'attention: 2 Envoys gone, others are waited for, 2 Envoys in sync'],
];
for (const [what, whole, line] of rows) {
  test(`when ${what}`, () => {
    const { state, message } = summarize({ ...well, ...whole });
    assert.equal(`${state}: ${message}`, line);
  });
}
