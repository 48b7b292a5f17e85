// A server that is not what it is declared to be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
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
