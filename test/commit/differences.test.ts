import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { compareConfigs, compareObjects, isSameObject } from '../../src/commit/differences.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';

const cluster = parseCluster({
  name: 'a',
  prefix: 'a:',
  endpoints: [{ address: '10.0.0.1', port: 1 }, { address: '::1', port: 2, weight: 3 }],
  load_balancing: { policy: 'maglev' },
  labels: { team: 'x' },
});

describe('the difference of two objects', () => {
  const cases: readonly (readonly [what: string, after: object, fields: readonly (readonly unknown[])[]])[] = [
    ['is none when they say the same', {}, []],
    ['names a field', { prefix: 'b:' }, [['prefix', 'a:', 'b:']]],
    ['names a field that is new', { connect_timeout: '1s' }, [['connect_timeout', undefined, '1s']]],
    ['names a part of the policy', { load_balancing: { policy: 'maglev', table_size: 251 } }, [
      ['load_balancing.table_size', undefined, 251],
    ]],
    ['names a label', { labels: { team: 'y' } }, [['labels.team', 'x', 'y']]],
    ['names endpoints one by one', { endpoints: [{ address: '::1', port: 2 }, { address: '10.0.0.2', port: 1 }] }, [
      ['endpoints/10.0.0.1:1', { address: '10.0.0.1', port: 1 }, undefined],
      ['endpoints/10.0.0.2:1', undefined, { address: '10.0.0.2', port: 1 }],
      ['endpoints/[::1]:2', { address: '::1', port: 2, weight: 3 }, { address: '::1', port: 2 }],
    ]],
  ];
  for (const [what, changed, fields] of cases) {
    test(what, () => {
      const after = parseCluster({ ...cluster, ...changed });
      const change = compareObjects('cluster', 'a', cluster, after);
      assert.deepEqual((change?.fields ?? []).map((each) => [each.field, each.before, each.after]), fields);
      assert.equal(isSameObject(cluster, after), fields.length === 0);
      assert.equal(change?.change, fields.length === 0 ? undefined : 'changed');
    });
  }

  test('names a kind that changes, and its shards', () => {
    const shards = [{ name: 's', endpoint: { address: '10.0.0.1', port: 1 } }];
    const after = parseCluster({ name: 'a', kind: 'sharded', shards });
    const fields = compareObjects('cluster', 'a', parseCluster({ name: 'a' }), after)?.fields.map(({ field }) => field);
    assert.deepEqual(fields, ['kind', 'shards/s']);
  });

  test('of one that came or went names no fields', () => {
    const added = compareObjects('cluster', 'a', undefined, cluster);
    assert.deepEqual(added, { kind: 'cluster', name: 'a', change: 'added', before: undefined, after: cluster, fields: [] });
    assert.equal(compareObjects('cluster', 'a', cluster, undefined)?.change, 'removed');
    assert.equal(compareObjects('cluster', 'a', undefined, undefined), undefined);
  });
});

test('the difference of two states goes by kind and name', () => {
  const listener = parseListener({ name: 'l', routes: [{ prefix: 'p', cluster: 'a' }], address: '0.0.0.0:1' });
  const other = parseListener({ name: 'l', routes: [{ prefix: 'q', cluster: 'a' }], address: '0.0.0.0:1' });
  const changes = compareConfigs(
    { clusters: [cluster, parseCluster({ name: 'z' })], listeners: [listener], secrets: [] },
    { clusters: [parseCluster({ name: 'b' }), cluster], listeners: [other], secrets: [] },
  );
  assert.deepEqual(
    changes.map(({ kind, name, change, fields }) => [kind, name, change, fields.map(({ field }) => field)]),
    [
      ['cluster', 'b', 'added', []],
      ['cluster', 'z', 'removed', []],
      ['listener', 'l', 'changed', ['routes/p', 'routes/q']],
    ],
  );
});
