import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { keptEvents } from '../../src/events/event-store.ts';
import type { NumberedEvent } from '../../src/events/event.ts';
import { hostsOf } from '../../src/inventory/cluster.ts';
import type { ClusterEdit } from '../../src/inventory/cluster.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { objectKinds } from '../../src/model/kinds.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { orderVerbs } from '../../src/orders/order.ts';
import { emptyState, fold } from '../../src/store/fold.ts';
import type { Entry, LogState, LogStore } from '../../src/store/log-store.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { maxLogWeight } from '../../src/store/trimming.ts';
import { buildCluster, drain, makeDirectory, put, remove } from './clusters.ts';
import { appendAll, commit, deed, discard, drainAs, editsOf, openStore, order as give } from './entries.ts';
import { putListener, putSecret, stage, toPlain, twins } from './entries.ts';
import { LogModel } from './log-model.ts';

const far = Number.MAX_SAFE_INTEGER;
const numbersOf = (entries: readonly { readonly number: number }[]) => entries.map(({ number }) => number);
const idsOf = (events: readonly NumberedEvent[]) => events.map(({ id }) => id);
const revisionsOf = async (store: LogStore) => (await store.revisions(far, 100)).map(({ revision }) => revision);

for (const [twin, open] of Object.entries(twins)) {
  describe(`the ${twin} log`, () => {
    test('is empty at first', async (t) => {
      const store = open(t);
      assert.deepEqual(await store.load(), emptyState);
      assert.deepEqual(await store.entriesAfter(0, 10), []);
      assert.deepEqual(await store.revisions(far, 10), []);
      assert.equal(await store.editsBackTo(0), undefined);
      assert.equal(await store.editsBackTo(1), undefined);
    });

    test('numbers entries from 1', async (t) => {
      const store = open(t);
      assert.equal(await store.append(0, stage(put('a'))), 1);
      assert.equal(await store.append(1, commit(1, [put('a')])), 2);
      assert.equal((await store.load()).lastEntry, 2);
    });

    const stale: readonly (readonly [what: string, expected: number, entry: Entry])[] = [
      ['what was expected is past', 1, stage(put('b'))],
      ['what was expected never was', 3, stage(put('b'))],
      ['a commit has the number of the newest revision', 2, commit(1, [put('b')])],
      ['a commit leaves out a revision', 2, commit(3, [put('b')])],
    ];
    for (const [what, expected, entry] of stale) {
      test(`takes nothing when ${what}`, async (t) => {
        const store = open(t);
        await appendAll(store, stage(put('a', 1)), commit(1, []));
        const before = await store.load();
        assert.equal(await store.append(expected, entry), undefined);
        assert.deepEqual(await store.load(), before);
        assert.equal((await store.entriesAfter(0, 10)).length, 2);
        assert.equal(await store.append(2, commit(2, [])), 3);
      });
    }

    test('keeps what host names lead to, beside the log', async (t) => {
      const store = open(t);
      await store.keepAddresses(new Map([['a.test', ['10.0.0.1', '::1']], ['b.test', ['10.0.0.2']]]));
      await store.keepAddresses(new Map([['b.test', undefined], ['c.test', ['10.0.0.3']], ['d.test', undefined]]));
      const { addresses, lastEntry } = await store.load();
      assert.deepEqual([...(addresses ?? [])], [['a.test', ['10.0.0.1', '::1']], ['c.test', ['10.0.0.3']]]);
      assert.equal(lastEntry, 0);
    });

    test('keeps who is left out for its health, beside the log', async (t) => {
      const store = open(t);
      const out = (...servers: readonly string[]) => {
        return new Map(servers.map((server) => [server, { sinceMs: 5, reason: 'refused' }] as const));
      };
      await store.keepOutages(new Map([['a', out('10.0.0.1:1', '[::1]:2')], ['b', out('10.0.0.2:1')]]));
      await store.keepOutages(new Map([['b', undefined], ['c b', out('10.0.0.3:1')]]));
      const { outages, lastEntry } = await store.load();
      assert.deepEqual([...(outages ?? [])], [['a', out('10.0.0.1:1', '[::1]:2')], ['c b', out('10.0.0.3:1')]]);
      assert.equal(lastEntry, 0);
    });

    test('keeps notes, beside the log', async (t) => {
      const store = open(t);
      await store.keepNotes(new Map([['following a', '{"a": 1}'], ['following b', 'ü\n']]));
      await store.keepNotes(new Map([['following a', undefined], ['failover c d', '']]));
      const { notes, lastEntry } = await store.load();
      assert.deepEqual([...(notes ?? [])].sort(), [['failover c d', ''], ['following b', 'ü\n']]);
      assert.equal(lastEntry, 0);
    });

    test('keeps events beside the log, and gives back those behind a number', async (t) => {
      const store = open(t);
      assert.deepEqual([await store.lastEvent(), await store.eventsAfter(0, 10)], [0, []]);
      const data = { ms: 1.5, isAlone: true, names: ['兔', ''], text: '\n' };
      const events: NumberedEvent[] = [
        { id: 1, atMs: 5, type: 'server-down', cluster: 'a', server: '10.0.0.1:1', message: 'zwei "兔"' },
        { id: 2, atMs: 4, type: 'acked', message: '', data },
        { id: 3, atMs: 6, type: 'server-down', cluster: 'b', message: 'down' },
      ];
      await store.keepEvents(events.slice(0, 2));
      await store.keepEvents(events.slice(2));
      assert.equal(await store.lastEvent(), 3);
      assert.deepEqual(toPlain(await store.eventsAfter(0, 10)), toPlain(events));
      assert.deepEqual(idsOf(await store.eventsAfter(1, 1)), [2]);
      assert.deepEqual(await store.eventsAfter(3, 10), []);
      assert.deepEqual(idsOf(await store.eventsAfter(0, 10, { type: 'server-down' })), [1, 3]);
      assert.deepEqual(idsOf(await store.eventsAfter(0, 1, { cluster: 'b' })), [3]);
      assert.deepEqual(idsOf(await store.eventsAfter(0, 9, { cluster: 'b', type: 'acked' })), []);
      assert.equal((await store.load()).lastEntry, 0);
    });

    test('keeps the newest events', async (t) => {
      const store = open(t);
      const batch = (from: number, count: number): NumberedEvent[] =>
        Array.from({ length: count }, (_, index) => ({ id: from + index, atMs: 0, type: 'order', message: '' }));
      await store.keepEvents(batch(1, keptEvents));
      await store.keepEvents(batch(keptEvents + 1, 3));
      assert.equal(await store.lastEvent(), keptEvents + 3);
      const kept = idsOf(await store.eventsAfter(0, 2 * keptEvents));
      assert.deepEqual([kept.length, kept[0], kept.at(-1)], [keptEvents, 4, keptEvents + 3]);
    });

    test('of two that append at once one is taken', async (t) => {
      const store = open(t);
      const both = [store.append(0, stage(put('a'))), store.append(0, stage(put('b')))];
      assert.deepEqual(await Promise.all(both), [1, undefined]);
    });

    test('gives entries back as they were, in order, so many as are asked for', async (t) => {
      const store = open(t);
      const edits = {
        clusters: [put('a', 1), remove('b')],
        listeners: [putListener('l', 1), { name: 'm', after: undefined }],
        secrets: [putSecret('s', 'one'), { name: 't', after: undefined }],
      };
      const old = [{ listeners: ['l'], sinceMs: 1, untilMs: 2, count: 3, routes: [{ prefix: undefined, cluster: 'a' }] }];
      const entries: Entry[] = [
        { ...stage(), edits },
        discard({ kind: 'listener', name: 'l' }, { kind: 'cluster', name: 'a' }),
        commit(1, [], { edits, message: 'zwei\nlines', routes: { catchAll: 'a', old } }),
        commit(2, [], { rollbackTo: 1, routes: undefined }),
        { ...give('drain', 'a', '192.0.2.1:1'), untilMs: 5, message: 'new memory' },
        give('undrain', 'a', '192.0.2.1:1'),
      ];
      await appendAll(store, ...entries);
      const numbered = entries.map((entry, index) => ({ ...entry, number: index + 1 }));
      assert.deepEqual(toPlain(await store.entriesAfter(0, 10)), toPlain(numbered));
      assert.deepEqual(numbersOf(await store.entriesAfter(1, 2)), [2, 3]);
      assert.deepEqual(await store.entriesAfter(6, 10), []);
    });

    test('folded from its beginning, is the state', async (t) => {
      const store = open(t);
      await appendAll(
        store,
        commit(1, [put('a', 1), put('b', 1)], { draining: [drain('long gone', 5)] }),
        stage(remove('a'), put('c')),
        commit(2, [remove('a')], { draining: [drain('a', 9), drain('long gone', 5)] }),
        commit(3, [put('b', 2)], { draining: [drainAs(drain('a', 9), 9, 'b')] }),
      );
      assert.deepEqual(await foldLog(store), await store.load());
    });

    test('lists revisions, the newest first, below one and so many as are asked for', async (t) => {
      const store = open(t);
      const bob = { author: 'bob', atMs: 7, message: '兔', rollbackTo: 1 };
      await appendAll(
        store,
        commit(1, [put('a', 1), put('b'), put('c')]),
        commit(2, [put('a', 2), remove('b'), put('c'), remove('nobody'), put('d')], bob),
        commit(3, [], { edits: { ...noEdits, listeners: [putListener('l', 1)] } }),
      );
      const none = { added: 0, changed: 0, removed: 0 };
      const [third, second, first] = await store.revisions(far, 10);
      assert.deepEqual(toPlain(first), {
        ...deed,
        revision: 1,
        message: 'revision 1',
        summary: { cluster: { ...none, added: 3 }, listener: none, secret: none },
      });
      assert.deepEqual(toPlain(second), {
        ...bob,
        revision: 2,
        summary: { cluster: { added: 1, changed: 1, removed: 1 }, listener: none, secret: none },
      });
      assert.deepEqual(third?.summary, { cluster: none, listener: { ...none, added: 1 }, secret: none });
      assert.deepEqual((await store.revisions(3, 1)).map(({ revision }) => revision), [2]);
      assert.deepEqual(await store.revisions(1, 10), []);
    });

    test('knows the way back to each revision', async (t) => {
      const store = open(t);
      await appendAll(
        store,
        commit(1, [put('a', 1), put('b', 1)]),
        commit(2, [put('a', 2), remove('b')]),
        commit(3, [put('a', 1), put('c', 3)]),
        commit(4, [], { edits: { ...noEdits, listeners: [putListener('l', 1)] } }),
        stage(put('a', 9)),
      );
      const back = { ...noEdits, listeners: [{ name: 'l', after: undefined }] };
      assert.deepEqual(await store.editsBackTo(1), { ...back, clusters: [put('b', 1), remove('c')] });
      assert.deepEqual(await store.editsBackTo(2), { ...back, clusters: [put('a', 2), remove('c')] });
      assert.deepEqual(await store.editsBackTo(3), back);
      assert.deepEqual(await store.editsBackTo(4), editsOf());
      assert.deepEqual([await store.editsBackTo(0), await store.editsBackTo(5)], [undefined, undefined]);
    });

    test('keeps the newest revisions, and the log since the oldest of them', async (t) => {
      const store = open(t, 2);
      const edits = [put('a', 1), put('a', 2), put('a', 3)] as const;
      await appendAll(store, stage(edits[0]), commit(1, [edits[0]]), stage(edits[1]), commit(2, [edits[1]]));
      assert.deepEqual(numbersOf(await store.entriesAfter(0, 10)), [1, 2, 3, 4]);
      await appendAll(store, stage(edits[2]), commit(3, [edits[2]]));
      assert.deepEqual(await revisionsOf(store), [3, 2]);
      assert.deepEqual(numbersOf(await store.entriesAfter(0, 10)), [4, 5, 6]);
      assert.equal(await store.editsBackTo(1), undefined);
      assert.deepEqual(await store.editsBackTo(2), editsOf(edits[1]));
    });

    test('of very much that was staged keeps the newest entries, and every revision', async (t) => {
      const store = open(t);
      const large = (count: number): Entry => ({
        ...discard(),
        objects: Array.from({ length: count }, (_, index) => ({ kind: 'cluster', name: `${index}` })),
      });
      const half = large(maxLogWeight / 2);
      await appendAll(store, commit(1, [put('a', 1)]), half, half, stage(put('b')));
      assert.deepEqual(numbersOf(await store.entriesAfter(0, 10)), [2, 3, 4]);
      await appendAll(store, commit(2, [put('a', 2)]), large(maxLogWeight));
      assert.deepEqual(numbersOf(await store.entriesAfter(0, 10)), [6]);
      assert.deepEqual(await revisionsOf(store), [2, 1]);
      assert.deepEqual(await store.editsBackTo(1), editsOf(put('a', 1)));
      assert.equal((await store.load()).lastEntry, 6);
    });

    test('keeps what drains and the routes as the last commit gave them', async (t) => {
      const store = open(t);
      const catchAll = { ...drain('c', 1), wasCatchAll: true, followed: 'b' };
      const old = [{ listeners: ['l', 'm'], sinceMs: 1, untilMs: 1_700_000_000_000, count: 21, routes: [{ prefix: '兔:', cluster: 'a' }] }];
      const rest = { draining: [catchAll, drain('a', 9)], routes: { catchAll: 'a', old } };
      await appendAll(store, commit(1, [put('b')], rest), stage(remove('b')));
      const { draining, routes } = await store.load();
      assert.deepEqual([draining, routes], [[drain('a', 9), catchAll], { catchAll: 'a', old }]);
      await appendAll(store, commit(2, [], { draining: [drain('a', 10)], routes: undefined }));
      const next = await store.load();
      assert.deepEqual([next.draining, next.routes], [[drain('a', 10)], undefined]);
    });

    test('a cluster that drains again with other servers drains with those', async (t) => {
      const store = open(t);
      const other = { ...drain('a', 5), cluster: buildCluster('a', [{ address: '192.0.2.9', port: 9 }]) };
      await appendAll(store, commit(1, [], { draining: [drain('a', 5)] }), commit(2, [], { draining: [other] }));
      assert.deepEqual((await store.load()).draining, [other]);
    });

    test('keeps orders beside what is staged and committed, one for a server', async (t) => {
      const store = open(t);
      const [first, second] = ['192.0.2.1:1', '192.0.2.1:2'];
      await appendAll(store, commit(1, [put('a', 1, 2), put('b', 1)]), stage(put('a', 1)));
      const { orders: _none, lastEntry: _two, ...before } = await store.load();
      const next = { ...give('disable', 'a', first), untilMs: undefined, message: 'broken' };
      await appendAll(store, give('drain', 'b', first), give('drain', 'a', first), give('drain', 'a', second), next);
      const { orders, lastEntry, ...after } = await store.load();
      assert.equal(lastEntry, 6);
      assert.deepEqual(after, before);
      assert.deepEqual(orders.map(({ order, cluster, server, message }) => [order, cluster, server, message]), [
        ['disable', 'a', first, 'broken'],
        ['drain', 'a', second, undefined],
        ['drain', 'b', first, undefined],
      ]);
      await appendAll(store, give('enable', 'a', first));
      assert.deepEqual((await store.load()).orders.map(({ server }) => server), [second, first]);
    });

    test('an order goes with its server, and when its time is over by the next order or commit', async (t) => {
      const store = open(t);
      const until = (untilMs: number) => ({ untilMs });
      const serversOf = async () => (await store.load()).orders.map(({ cluster, server }) => `${cluster} ${server}`);
      await appendAll(
        store,
        commit(1, [put('a', 1, 2), put('b', 1), put('c', 1)]),
        give('drain', 'a', '192.0.2.1:1'),
        give('drain', 'a', '192.0.2.1:2'),
        give('drain', 'b', '192.0.2.1:1'),
        { ...give('drain', 'c', '192.0.2.1:1'), ...until(deed.atMs + 10) },
      );
      await appendAll(store, stage(put('a', 1), remove('b')));
      assert.equal((await serversOf()).length, 4);
      await appendAll(store, commit(2, [put('a', 1), remove('b')]));
      assert.deepEqual(await serversOf(), ['a 192.0.2.1:1', 'c 192.0.2.1:1']);
      await appendAll(store, { ...commit(3, [put('a', 1), put('b', 1)]), atMs: deed.atMs + 9 });
      assert.deepEqual(await serversOf(), ['a 192.0.2.1:1', 'c 192.0.2.1:1']);
      await appendAll(store, { ...commit(4, []), atMs: deed.atMs + 10 });
      assert.deepEqual(await serversOf(), ['a 192.0.2.1:1']);
    });

    test('gives objects that are frozen all the way down', async (t) => {
      const store = open(t);
      await appendAll(store, commit(1, [put('a', 1)]));
      const { committed: { clusters: [cluster] } } = await store.load();
      assert.ok(cluster);
      for (const value of [cluster, hostsOf(cluster), hostsOf(cluster)[0]]) assert.ok(Object.isFrozen(value));
    });

    test('keeps clusters of every kind, and what /api/v1 takes beyond the model', async (t) => {
      const store = open(t);
      const long = 'x'.repeat(2_000);
      const endpoint = { address: '192.0.2.1', port: 1, zone: 'z' };
      const shard = { name: 's', endpoint };
      const clusters = [
        parseCluster({ name: 'plain', labels: { b: '1', a: '2' }, endpoints: [{ ...endpoint, weight: 3 }] }),
        parseCluster({ name: 'sharded', kind: 'sharded', shards: [shard], load_balancing: { policy: 'maglev' } }),
        buildCluster(long, [{ address: '0.0.0.0', port: 1 }]),
      ];
      await appendAll(store, commit(1, clusters.map((after) => ({ name: after.name, after }))));
      assert.deepEqual((await store.load()).committed.clusters, clusters);
    });

    test('keeps names and prefixes of any script, and ones that look like something else', async (t) => {
      const store = open(t);
      const plain = ['a', 'A', '兔子', 'é', 'e\u0301', '🐇', '\uff5e'];
      const names = [...plain, "'; DROP TABLE staged", '"', '{}', ' ', '__proto__', '%'];
      const inOrder = names.toSorted((a, b) => (a < b ? -1 : 1));
      await appendAll(store, stage(...names.map((name) => put(name, 1))), commit(1, names.map((name) => put(name))));
      await appendAll(store, discard({ kind: 'cluster', name: '%' }, { kind: 'cluster', name: 'A' }));
      const { committed, staged } = await store.load();
      assert.deepEqual(committed.clusters, inOrder.map((name) => buildCluster(name)));
      assert.deepEqual(staged.map(({ name }) => name), inOrder.filter((name) => name !== '%' && name !== 'A'));
    });

    test('may be closed twice', async (t) => {
      const store = open(t);
      await store.close();
      await store.close();
    });
  });
}

const clusterName = fc.constantFrom('a', 'b', '兔', '🐇', '\uff5e', "'", ' ');
const ports = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }).map((list) => list.sort());
const clusterEdit = fc.tuple(clusterName, fc.option(ports)).map(([name, at]): ClusterEdit =>
  at === null ? remove(name) : put(name, ...at),
);
const port = fc.option(fc.integer({ min: 1, max: 3 }));
const listenerEdit = fc.tuple(fc.constantFrom('a', 'l'), port).map(([name, at]) =>
  at === null ? { name, after: undefined } : putListener(name, at),
);
const secretEdit = fc.tuple(fc.constantFrom('a', 's'), port).map(([name, at]) =>
  at === null ? { name, after: undefined } : putSecret(name, `password ${at}`),
);
const named = { maxLength: 3, selector: ({ name }: { readonly name: string }) => name };
const edits = fc.record({
  clusters: fc.uniqueArray(clusterEdit, named),
  listeners: fc.uniqueArray(listenerEdit, named),
  secrets: fc.uniqueArray(secretEdit, named),
});
const maybeName = fc.option(clusterName, { nil: undefined });
const terms = fc.record({ untilMs: fc.nat(3), wasCatchAll: fc.boolean(), followed: maybeName });
const drained = fc.tuple(clusterName, terms).map(([name, rest]) => ({ ...drain(name, 0), ...rest }));
const draining = fc.uniqueArray(drained, { maxLength: 3, selector: ({ cluster }) => cluster.name });
const by = { author: fc.constantFrom('alice', 'bob', ''), atMs: fc.nat() };
const kind = fc.constantFrom(...objectKinds);
const objects = fc.array(fc.record({ kind, name: clusterName }), { maxLength: 2 });
const routes = fc.option(fc.record({ catchAll: maybeName, old: fc.constant([]) }), { nil: undefined });
const message = fc.string({ unit: 'grapheme', maxLength: 3 });
const until = fc.option(fc.nat(), { nil: undefined });
const order = {
  order: fc.constantFrom(...orderVerbs),
  cluster: clusterName,
  server: fc.constantFrom('192.0.2.1:1', '192.0.2.1:2'),
  untilMs: until,
  message: fc.option(message, { nil: undefined }),
};
const kept = fc.integer({ min: 1, max: 5 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('stage'), ...by, edits }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('discard'), ...by, objects }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('commit'), ...by, message, edits, draining, routes }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('order'), ...by, ...order }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' } as const) },
);

test('after random entries and reopenings both twins hold what a simple model says', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), kept, async (steps, keptRevisions) => {
      const directory = makeDirectory(t);
      const memory = createMemoryLogStore(keptRevisions);
      let sqlite = openStore(directory, keptRevisions);
      const model = new LogModel(keptRevisions);
      try {
        for (const next of [...steps, { type: 'reopen' } as const]) {
          if (next.type === 'reopen') {
            await sqlite.close();
            sqlite = openStore(directory, keptRevisions);
            for (const store of [memory, sqlite]) {
              assert.deepEqual(await observe(store), model.observe());
              if (model.revision <= keptRevisions) assert.deepEqual(await foldLog(store), await store.load());
            }
            continue;
          }
          const entry: Entry = next.type === 'commit' ? { ...next, revision: model.revision + 1 } : next;
          for (const store of [memory, sqlite]) {
            assert.equal(await store.append(model.lastEntry, entry), model.lastEntry + 1);
          }
          model.append(entry);
        }
      } finally {
        await sqlite.close();
      }
    }),
    { numRuns: 60 },
  );
});

async function foldLog(store: LogStore): Promise<LogState> {
  return (await store.entriesAfter(0, 100)).reduce(fold, emptyState);
}

/** All that can be asked of a store, as the model answers it. */
async function observe(store: LogStore): Promise<unknown> {
  const { lastEntry, revision, ...state } = await store.load();
  const entries = await store.entriesAfter(0, 100);
  const numbers = Array.from({ length: revision + 2 }, (_, number) => number);
  return toPlain({
    lastEntry,
    revision,
    ...state,
    entries: entries.map(({ number, type, author, atMs }) => ({ number, type, author, atMs })),
    revisions: await store.revisions(far, 100),
    ways: await Promise.all(numbers.map(async (number) => (await store.editsBackTo(number)) ?? 'none')),
  });
}
