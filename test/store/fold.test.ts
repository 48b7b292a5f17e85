// What each entry does to the state, as tables: the state as the clusters' ports.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hostsOf } from '../../src/inventory/cluster.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { emptyState, fold, numberEntry } from '../../src/store/fold.ts';
import type { Entry, LogState } from '../../src/store/log-store.ts';
import { drain, put, remove } from './clusters.ts';
import { commit, discard, drainAs, putListener, stage } from './entries.ts';

function foldAll(entries: readonly Entry[]): LogState {
  return entries.reduce((state, entry) => fold(state, numberEntry(state, entry)), emptyState);
}

const portsOf = (cluster: Cluster) => `${cluster.name}:${hostsOf(cluster).map(({ port }) => port).join(',')}`;

/** As `a:1,2 b: | staged c:3 -d | draining e:1`. */
function describe({ committed, staged, draining }: LogState): string {
  const changes = staged.map(({ kind, name, after }) => {
    if (after === undefined) return `-${name}`;
    return kind === 'cluster' ? portsOf(after as Cluster) : `${kind} ${name}`;
  });
  const parts = [
    [...committed.clusters.map(portsOf), ...committed.listeners.map(({ name }) => `listener ${name}`)],
    changes.length === 0 ? [] : ['staged', ...changes],
    draining.length === 0 ? [] : ['draining', ...draining.map(({ cluster }) => portsOf(cluster))],
  ];
  return parts.filter((words) => words.length > 0).map((words) => words.join(' ')).join(' | ');
}

const a = { kind: 'cluster', name: 'a' } as const;
const goneA = drain('a', 9);
const listeners = { ...noEdits, listeners: [putListener('l', 6379)] };

const steps: readonly (readonly [what: string, entries: readonly Entry[], state: string])[] = [
  ['nothing', [], ''],
  ['a staged object lies beside what is committed', [commit(1, [put('a', 1)]), stage(put('a', 2))], 'a:1 | staged a:2'],
  ['one staged as it is committed is not staged', [commit(1, [put('a', 1)]), stage(put('a', 1))], 'a:1'],
  ['nor is one that is staged back', [commit(1, [put('a', 1)]), stage(put('a', 2)), stage(put('a', 1))], 'a:1'],
  ['the removal of what is committed is staged', [commit(1, [put('a', 1)]), stage(remove('a'))], 'a:1 | staged -a'],
  ['the removal of what is not there is not', [stage(put('a', 1)), stage(remove('a'))], ''],
  ['staged objects are in order of name', [stage(put('b'), put('c'), put('a'))], 'staged a: b: c:'],
  ['a discard drops what it names', [stage(put('a'), put('b')), discard(a)], 'staged b:'],
  ['a discard of what is not staged does nothing', [stage(put('b')), discard(a)], 'staged b:'],
  ['a commit takes what is committed now out of what is staged', [stage(put('a', 1)), commit(1, [put('a', 1)])], 'a:1'],
  ['a staged removal that is committed too', [commit(1, [put('a')]), stage(remove('a')), commit(2, [remove('a')])], ''],
  ['what is staged otherwise stays staged', [stage(put('a', 1)), commit(1, [put('a', 2)])], 'a:2 | staged a:1'],
  ['so does what the commit does not name', [stage(put('a', 1)), commit(1, [put('b', 2)])], 'b:2 | staged a:1'],
  [
    'a rollback may make the committed state what is staged',
    [commit(1, [put('a', 1)]), commit(2, [put('a', 2)]), stage(put('a', 1)), commit(3, [put('a', 1)])],
    'a:1',
  ],
  ['committed objects are in order of name', [commit(1, [put('b'), put('a')]), commit(2, [put('aa')])], 'a: aa: b:'],
  ['listeners are staged', [{ ...stage(), edits: listeners }], 'staged listener l'],
  ['listeners are committed', [{ ...stage(), edits: listeners }, commit(1, [], { edits: listeners })], 'listener l'],
  [
    'what drains is as the commit says',
    [commit(1, [put('a', 1)]), commit(2, [remove('a')], { draining: [goneA] })],
    'draining a:1',
  ],
  [
    'it goes on draining with what it had',
    [
      commit(1, [put('a', 1)]),
      commit(2, [remove('a')], { draining: [goneA] }),
      commit(3, [put('b', 1)], { draining: [drainAs(goneA, 9, 'b')] }),
    ],
    'b:1 | draining a:1',
  ],
  [
    'what is not said to drain is over',
    [commit(1, [], { draining: [goneA, drain('b', 1)] }), commit(2, [], { draining: [goneA] })],
    'draining a:1',
  ],
];

for (const [what, entries, state] of steps) {
  test(what, () => assert.equal(describe(foldAll(entries)), state));
}

test('a staged object has the author and the time of the last who staged it', () => {
  const bob = { author: 'bob', atMs: 2 };
  const { staged } = foldAll([stage(put('a', 1), put('b', 1)), { ...stage(put('a', 2)), ...bob }]);
  assert.deepEqual(staged.map(({ name, author }) => [name, author]), [['a', 'bob'], ['b', 'alice']]);
});

test('the log does not repeat a cluster that was committed, or that drained before', () => {
  const before = foldAll([commit(1, [put('a', 1)])]);
  const removal = numberEntry(before, commit(2, [remove('a')], { draining: [goneA, drain('unknown', 7)] }));
  const terms = { untilMs: 9, wasCatchAll: false, followed: undefined };
  assert.ok(removal.type === 'commit');
  assert.deepEqual(removal.draining, [
    { name: 'a', after: { ...terms, cluster: undefined } },
    { name: 'unknown', after: { ...terms, untilMs: 7, cluster: drain('unknown', 7).cluster } },
  ]);
  const next = numberEntry(fold(before, removal), commit(3, [], { draining: [drainAs(goneA, 9, 'b')] }));
  assert.ok(next.type === 'commit');
  assert.deepEqual(next.draining, [
    { name: 'unknown', after: undefined },
    { name: 'a', after: { ...terms, followed: 'b', cluster: undefined } },
  ]);
});

test('a step of draining whose cluster nobody knows is an error', () => {
  const entry = numberEntry(emptyState, commit(1, []));
  assert.ok(entry.type === 'commit');
  const terms = { untilMs: 1, wasCatchAll: false, followed: undefined, cluster: undefined };
  const draining = [{ name: 'a', after: terms }];
  assert.throws(() => fold(emptyState, { ...entry, draining }), /cluster "a" drains, and nobody knows its servers/);
});
