// A server that is not what it is declared to be.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findContradictions } from '../../src/watch/contradictions.ts';
import type { Part } from '../../src/watch/contradictions.ts';
import { readFacts } from '../../src/watch/facts.ts';

const servers = {
  primary: readFacts({ info: 'redis_mode:standalone', role: ['master', 0, []] }),
  replica: readFacts({ info: 'redis_mode:standalone', role: ['slave', '10.0.0.1', 6379, 'connected', 1] }),
  'cluster primary': readFacts({ info: 'redis_mode:cluster', role: ['master', 0, []] }),
  'cluster replica': readFacts({ info: 'redis_mode:cluster', role: ['slave', '10.0.0.1', 6379, 'connected', 1] }),
  sentinel: readFacts({ info: 'redis_mode:sentinel', role: ['sentinel', []] }),
  'one that says nothing': readFacts({ info: '' }),
};

// By what each is declared to be: what is said of it, in part; nothing where it is all right.
const said: Readonly<Record<Part, Readonly<Record<keyof typeof servers, readonly RegExp[]>>>> = {
  any: {
    primary: [],
    replica: [/is a replica of 10\.0\.0\.1:6379, and refuses writes/],
    'cluster primary': [/cluster mode/],
    'cluster replica': [/cluster mode/, /refuses writes/],
    sentinel: [/is a Sentinel/],
    'one that says nothing': [],
  },
  primary: {
    primary: [],
    replica: [/refuses writes/],
    'cluster primary': [/cluster mode/],
    'cluster replica': [/cluster mode/, /refuses writes/],
    sentinel: [/is a Sentinel/],
    'one that says nothing': [],
  },
  replica: {
    primary: [/declared a replica and is a primary/],
    replica: [],
    'cluster primary': [/cluster mode/, /is a primary/],
    'cluster replica': [/cluster mode/],
    sentinel: [/is a Sentinel/],
    'one that says nothing': [],
  },
  'cluster-node': {
    primary: [/not run in cluster mode/],
    replica: [/not run in cluster mode/],
    'cluster primary': [],
    'cluster replica': [],
    sentinel: [/is a Sentinel/],
    'one that says nothing': [/not run in cluster mode/],
  },
};

for (const [part, bySeen] of Object.entries(said)) {
  for (const [seen, patterns] of Object.entries(bySeen)) {
    test(`declared ${part}, seen ${seen}`, () => {
      const lines = findContradictions(part as Part, servers[seen as keyof typeof servers]);
      assert.equal(lines.length, patterns.length, lines.join('\n'));
      patterns.forEach((pattern, index) => assert.match(lines[index] ?? '', pattern));
    });
  }
}

describe('of a declared replica', () => {
  const [mine, former, foreign] = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
  const infoOf = (fields: Readonly<Record<string, string | number | undefined>>): string =>
    Object.entries({ redis_version: '7.0.15', ...fields }).map(([name, value]) => `${name}:${value}`).join('\n');
  const primaryOf = (fields: object) => readFacts({ info: infoOf({ role: 'master', ...fields }), role: ['master', 0, []] });
  const replicaOf = (fields: object) => {
    const info = infoOf({ role: 'slave', master_host: '10.0.0.9', master_port: 1, master_link_status: 'up', ...fields });
    return readFacts({ info });
  };
  const primary = primaryOf({ master_replid: mine, master_replid2: former, second_repl_offset: 100 });
  const cases: readonly (readonly [
    what: string,
    replica: Readonly<Record<string, string | number | undefined>>,
    primary: ReturnType<typeof readFacts> | undefined,
    line: RegExp | undefined,
  ])[] = [
    ['that has what its primary has, by whatever address', { master_replid: mine }, primary, undefined],
    ['that has the beginning of it, and is about to go on', { master_replid: former, slave_repl_offset: 99 }, primary, undefined],
    ['that went on with the old primary', { master_replid: former, slave_repl_offset: 100 }, primary, /10\.0\.0\.9:1, which has other writes/],
    ['that does not say how far it is', { master_replid: former }, primary, /other writes than the declared primary/],
    ['of a foreign primary', { master_replid: foreign, slave_repl_offset: 1 }, primary, /^it is a replica of 10\.0\.0\.9:1, which has other writes/],
    ['of a foreign primary, of one that was never promoted', { master_replid: foreign }, primaryOf({ master_replid: mine }), /other writes/],
    ['that has lost its primary', { master_replid: mine, master_link_status: 'down' }, primary, /^primary_link down: .* 10\.0\.0\.9:1, gets nothing/],
    ['that was never linked', { master_replid: foreign, master_link_status: 'down' }, primary, /^primary_link down/],
    ['that has lost its primary, of which nothing is known', { master_link_status: 'down' }, undefined, /^primary_link down/],
    ['whose primary says nothing', { master_replid: foreign }, undefined, undefined],
    ['whose primary has no history', { master_replid: foreign }, primaryOf({ redis_version: '2.6.0' }), undefined],
    ['whose declared primary is a replica itself, which is said of that one', { master_replid: mine }, replicaOf({ master_replid: foreign }), undefined],
    ['that has no history', {}, primary, undefined],
  ];
  for (const [what, fields, seen, line] of cases) {
    test(what, () => {
      const lines = findContradictions('replica', replicaOf(fields), seen);
      assert.equal(lines.length, line === undefined ? 0 : 1, lines.join('\n'));
      if (line !== undefined) assert.match(lines[0] ?? '', line);
    });
  }
});
