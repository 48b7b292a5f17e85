// Which Sentinels are asked besides those that are declared.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SeenSentinel } from '../../src/effective/seen.ts';
import { findSentinels } from '../../src/watch/found-sentinels.ts';

const declared = ['a:1', 'b:1', 'c:1'];

/** That answers, and knows these others. */
function knowing(...sentinels: string[]): SeenSentinel {
  return { answeredAtMs: 1, opinion: { primary: 'p:1', epoch: 0, flags: [], quorum: 2, replicas: [], sentinels } };
}

const gone: SeenSentinel = { ...knowing('x:1'), failure: { reason: 'refused', sinceMs: 1 } };

const cases: readonly (readonly [what: string, seen: Record<string, SeenSentinel>, found: string[], before?: string[]])[] = [
  [
    'none while only those are known that are declared',
    { 'a:1': knowing('b:1', 'c:1'), 'b:1': knowing('a:1', 'c:1') },
    [],
  ],
  [
    'one that most know of',
    { 'a:1': knowing('b:1', 'd:1'), 'b:1': knowing('a:1', 'd:1'), 'c:1': knowing('a:1') },
    ['d:1'],
  ],
  ['none that one alone knows of', { 'a:1': knowing('d:1'), 'b:1': knowing(), 'c:1': knowing() }, []],
  [
    'those of before while no majority answers',
    { 'a:1': knowing('d:1', 'e:1'), 'b:1': gone, 'c:1': gone },
    ['x:1'],
    ['x:1'],
  ],
  ['none that most have forgotten', { 'a:1': knowing(), 'b:1': knowing(), 'c:1': knowing('x:1') }, [], ['x:1']],
  [
    'those of before that answer, and know nobody for a while',
    { 'a:1': gone, 'b:1': gone, 'c:1': gone, 'd:1': knowing(), 'e:1': knowing() },
    ['d:1', 'e:1'],
    ['d:1', 'e:1'],
  ],
  [
    'those that have taken the places of all that are declared',
    {
      'a:1': gone,
      'b:1': gone,
      'c:1': gone,
      'd:1': knowing('e:1', 'f:1'),
      'e:1': knowing('d:1', 'f:1'),
      'f:1': knowing('d:1', 'e:1'),
    },
    ['d:1', 'e:1', 'f:1'],
    ['d:1', 'e:1', 'f:1'],
  ],
];
for (const [what, seen, found, before = []] of cases) {
  test(what, () => assert.deepEqual(findSentinels(declared, new Map(Object.entries(seen)), before, new Map()), found));
}

test('one that is declared by another address is asked there while it answers', () => {
  const ids = new Map([['a:1', 'id-a'], ['10.0.0.1:1', 'id-a']]);
  const known = [knowing('b:1', 'c:1'), knowing('10.0.0.1:1'), knowing('10.0.0.1:1')] as const;
  const seen = (first: SeenSentinel) => new Map([['a:1', first], ['b:1', known[1]], ['c:1', known[2]]]);
  assert.deepEqual(findSentinels(declared, seen(known[0]), [], ids), []);
  assert.deepEqual(findSentinels(declared, seen(gone), [], ids), ['10.0.0.1:1']);
});
