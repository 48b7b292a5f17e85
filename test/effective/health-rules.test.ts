// By what rules the health of servers decides, as it is declared.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { healthRulesOf } from '../../src/effective/health-rules.ts';
import { decideFor, outagesOf } from '../../src/effective/verdicts-by-cluster.ts';
import type { SeenServer } from '../../src/effective/seen.ts';
import { parseCluster } from '../../src/model/parse.ts';

const endpoints = [1, 2, 3, 4].map((last) => ({ address: `10.0.0.${last}`, port: 6379 }));

/** How many of four are left out when so many go at once. */
function outOf(watch: object | 'on', gone: number): number {
  const cluster = parseCluster({ name: 'c', endpoints, watch });
  const seen = new Map(
    endpoints.map(({ address }, index): [string, SeenServer] => {
      return [`${address}:6379`, { state: index < gone ? 'down' : 'up', sinceMs: 1_000 }];
    }),
  );
  return outagesOf(decideFor(new Map(), new Map([['c', cluster]]), new Map([['c', seen]]), healthRulesOf, 2_000)).get('c')?.size ?? 0;
}

describe('of four servers that are watched', () => {
  const cases: readonly (readonly [what: string, watch: object | 'on', gone: number, out: number])[] = [
    ['half may go', 'on', 2, 2],
    ['nobody goes when three do', 'on', 3, 0],
    ['three may go where that is told', { max_down_percent: 75 }, 3, 3],
    ['nobody goes when two do where that is told', { max_down_percent: 25 }, 2, 0],
    ['one may always go', { max_down_percent: 1 }, 1, 1],
    ['the last one never', { max_down_percent: 100 }, 4, 3],
  ];
  for (const [what, watch, gone, out] of cases) test(what, () => assert.equal(outOf(watch, gone), out));
});

test('of a cluster that is not watched nothing is decided', () => {
  assert.equal(healthRulesOf(parseCluster({ name: 'c', watch: 'off' })), undefined);
});
