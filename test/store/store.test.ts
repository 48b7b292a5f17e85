import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import fc from 'fast-check';

import { hostsOf } from '../../src/inventory/cluster.ts';
import type { ClusterEdit } from '../../src/inventory/cluster.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { buildCluster, drain, makeDirectory, put, readMaps, remove } from './clusters.ts';

const twins: Readonly<Record<string, (t: TestContext) => Store>> = {
  memory: createMemoryStore,
  sqlite: (t) => {
    const store = openSqliteStore(makeDirectory(t));
    t.after(() => store.close());
    return store;
  },
};

for (const [twin, open] of Object.entries(twins)) {
  describe(`the ${twin} store`, () => {
    test('is empty and never committed at first', (t) => {
      assert.deepEqual(open(t).load(), { staged: [], committed: undefined, draining: [], routes: undefined });
    });

    test('keeps staged edits: a new cluster, a changed one, a removed one', (t) => {
      const store = open(t);
      for (const edit of [put('a'), put('b', 1), put('c', 2), put('b', 1, 3), remove('c')]) store.saveStaged(edit);
      assert.deepEqual(readMaps(store), {
        staged: new Map([['a', put('a').after], ['b', put('b', 1, 3).after]]),
        committed: undefined,
        draining: new Map(),
      });
    });

    test('takes the removal of a cluster that it does not hold', (t) => {
      const store = open(t);
      store.saveStaged(remove('nobody'));
      store.saveCommit([remove('nobody')]);
      assert.deepEqual(store.load(), { staged: [], committed: [], draining: [], routes: undefined });
    });

    test('keeps what is committed beside what is staged', (t) => {
      const store = open(t);
      store.saveStaged(put('a', 1));
      store.saveCommit([put('a', 1), put('b')]);
      store.saveStaged(remove('a'));
      store.saveCommit([remove('b'), put('c', 7)]);
      assert.deepEqual(readMaps(store), {
        staged: new Map(),
        committed: new Map([['a', put('a', 1).after], ['c', put('c', 7).after]]),
        draining: new Map(),
      });
    });

    test('tells an empty commit from none', (t) => {
      const store = open(t);
      store.saveCommit([]);
      assert.deepEqual(store.load(), { staged: [], committed: [], draining: [], routes: undefined });
    });

    test('applies the edits of a commit in order', (t) => {
      const store = open(t);
      store.saveCommit([put('a', 1), remove('a'), put('b', 1), put('b', 2)]);
      assert.deepEqual(store.load().committed, [put('b', 2).after]);
    });

    test('keeps what drains as the last commit gave it', (t) => {
      const store = open(t);
      store.saveCommit([put('b')], [drain('a', 1_700_000_000_000), drain('c', 1)]);
      store.saveStaged(remove('b'));
      assert.deepEqual(readMaps(store).draining, new Map([['a', drain('a', 1_700_000_000_000)], ['c', drain('c', 1)]]));
      store.saveCommit([], [drain('a', 3)]);
      assert.deepEqual(store.load().draining, [drain('a', 3)]);
      store.saveCommit([]);
      assert.deepEqual(store.load().draining, []);
    });

    test('keeps the routes as the last commit gave them', (t) => {
      const store = open(t);
      const old = [
        {
          sinceMs: 1,
          untilMs: 1_700_000_000_000,
          count: 21,
          routes: [
            { prefix: '兔:', cluster: 'a' },
            { prefix: undefined, cluster: undefined },
          ],
        },
      ];
      store.saveCommit([], [], { catchAll: 'a', old });
      store.saveStaged(put('b'));
      assert.deepEqual(store.load().routes, { catchAll: 'a', old });
      store.saveCommit([], [], { catchAll: undefined, old: [] });
      assert.deepEqual(store.load().routes, { catchAll: undefined, old: [] });
    });

    test('gives clusters that are frozen all the way down', (t) => {
      const store = open(t);
      store.saveStaged(put('a', 1));
      const [cluster] = store.load().staged;
      assert.ok(cluster);
      for (const value of [cluster, hostsOf(cluster), hostsOf(cluster)[0]]) assert.ok(Object.isFrozen(value));
    });

    test('gives a cluster that is staged as it was committed as one object', (t) => {
      const store = open(t);
      const [same, changed] = [put('same', 1), put('changed', 1)];
      store.saveCommit([same, changed]);
      for (const edit of [same, put('changed', 2)]) store.saveStaged(edit);
      const { staged, committed } = readMaps(store);
      assert.equal(staged.get('same'), committed?.get('same'));
      assert.notEqual(staged.get('changed'), committed?.get('changed'));
    });

    test('keeps names and prefixes of any script, and ones that look like something else', (t) => {
      const store = open(t);
      const names = ['a', 'A', '兔子', 'é', 'e\u0301', '🐇', "'; DROP TABLE staged", '"', '{}', ' ', '__proto__'];
      for (const name of names) store.saveStaged(put(name));
      store.saveCommit(names.map((name) => put(name)));
      const expected = new Map(names.map((name) => [name, buildCluster(name)]));
      assert.deepEqual(readMaps(store), { staged: expected, committed: expected, draining: new Map() });
    });

    test('removes the cluster of that very name', (t) => {
      const store = open(t);
      for (const name of ['a', 'A', '%', 'á']) store.saveStaged(put(name));
      for (const name of ['%', 'A']) store.saveStaged(remove(name));
      assert.deepEqual([...readMaps(store).staged.keys()].sort(), ['a', 'á']);
    });

    test('may be closed twice', (t) => {
      const store = open(t);
      store.close();
      store.close();
    });
  });
}

test('random edits, commits and reopenings leave both twins equal', (t) => {
  const name = fc.constantFrom('a', 'b', '兔', '🐇', "'", ' ');
  const ports = fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 4 }));
  const edit = fc.tuple(name, ports).map(([which, at]): ClusterEdit =>
    at === null ? remove(which) : put(which, ...at.sort((a, b) => a - b)),
  );
  const draining = fc.uniqueArray(fc.tuple(name, fc.nat()).map(([which, untilMs]) => drain(which, untilMs)), {
    maxLength: 2,
    selector: ({ cluster }) => cluster.name,
  });
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ stage: edit }) },
    { weight: 2, arbitrary: fc.record({ commit: fc.array(edit, { maxLength: 4 }), draining }) },
    { weight: 1, arbitrary: fc.record({ reopen: fc.constant(true) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const directory = makeDirectory(t);
      const memory = createMemoryStore();
      let sqlite = openSqliteStore(directory);
      try {
        for (const next of [...steps, { reopen: true }]) {
          if ('reopen' in next) {
            sqlite.close();
            sqlite = openSqliteStore(directory);
            assert.deepEqual(readMaps(sqlite), readMaps(memory));
          }
          for (const store of [memory, sqlite]) {
            if ('stage' in next) store.saveStaged(next.stage);
            if ('commit' in next) store.saveCommit(next.commit, next.draining);
          }
        }
      } finally {
        sqlite.close();
      }
    }),
  );
});
