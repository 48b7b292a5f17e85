// Whether a cluster is watched, as it is stored: what older releases stored, who could not watch, is not.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parseCluster } from '../../src/model/parse.ts';
import { parseContent, storedTextOf } from '../../src/store/stored-object.ts';
import { buildCluster, put } from './clusters.ts';
import { appendAll, commit, drainAs, stage, toPlain, twins } from './entries.ts';

const ref = { kind: 'cluster', name: 'a' } as const;
const endpoints = [{ address: '192.0.2.1', port: 1 }];
const v1 = '{"name":"a","prefix":"/a","endpoints":[{"address":"192.0.2.1","port":1}]}';
const labelled = '{"name":"a","labels":{"b":"c"},"endpoints":[]}';

const cases: readonly (readonly [what: string, cluster: object, text: string])[] = [
  ['one of v1, not watched', { name: 'a', prefix: '/a', endpoints, watch: 'off' }, v1],
  ['the same, watched', { name: 'a', prefix: '/a', endpoints }, v1.replace(/\}$/, ',"watch":"on"}')],
  ['one of the model, not watched', { name: 'a', labels: { b: 'c' }, watch: 'off' }, labelled],
  ['the same, watched', { name: 'a', labels: { b: 'c' } }, labelled.replace(/\}$/, ',"watch":"on"}')],
  [
    'one with terms',
    { name: 'a', labels: { b: 'c' }, watch: { interval: '2s' } },
    labelled.replace(/\}$/, ',"watch":{"interval":"2s"}}'),
  ],
  [
    'one that does not speak Redis',
    { name: 'a', protocol: 'http' },
    '{"name":"a","protocol":"http","endpoints":[],"watch":"on"}',
  ],
];

describe('a cluster as it is stored', () => {
  for (const [what, value, text] of cases) {
    test(what, () => {
      const cluster = parseCluster(value);
      assert.equal(storedTextOf('cluster', cluster), text);
      assert.deepEqual(parseContent(ref, text), cluster);
    });
  }

  test('that has another word for it is refused', () => {
    assert.throws(() => parseContent(ref, v1.replace(/\}$/, ',"watch":"maybe"}')), /watch "maybe": must be/);
  });
});

for (const [twin, open] of Object.entries(twins)) {
  describe(`the ${twin} log`, () => {
    const watched = parseCluster({ name: 'a', prefix: '/a', endpoints });
    const on = { name: 'a', after: watched };

    test('tells a cluster that is watched from one that is not', async (t) => {
      const store = open(t);
      await appendAll(store, commit(1, [put('a', 1)]), stage(on));
      assert.deepEqual((await store.load()).staged.map(({ after }) => after), [watched]);
      await appendAll(store, commit(2, [on]));
      const state = await store.load();
      assert.deepEqual([state.committed.clusters, state.staged], [[watched], []]);
      assert.deepEqual((await store.editsBackTo(1))?.clusters, [{ name: 'a', after: buildCluster('a', endpoints) }]);
      const entries = await store.entriesAfter(1, 9);
      assert.deepEqual(entries.flatMap((entry) => ('edits' in entry ? entry.edits.clusters : [])), [on, on]);
    });

    test('keeps that of what drains, without telling it twice', async (t) => {
      const store = open(t);
      const draining = { cluster: watched, untilMs: 5, wasCatchAll: false, followed: undefined };
      await appendAll(store, commit(1, [on]), commit(2, [{ name: 'a', after: undefined }], { draining: [draining] }));
      await appendAll(store, commit(3, [], { draining: [drainAs(draining, 6)] }));
      assert.deepEqual((await store.load()).draining, [drainAs(draining, 6)]);
      const [, second, third] = await store.entriesAfter(0, 9);
      for (const entry of [second, third]) {
        const told = entry?.type === 'commit' ? entry.draining.map(({ after }) => toPlain(after)) : [];
        assert.equal(JSON.stringify(told).includes('cluster'), false);
      }
    });
  });
}
