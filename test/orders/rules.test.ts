// Who may be left out of a cluster, as tables.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parseCluster } from '../../src/model/parse.ts';
import { findRefusal, findTaken } from '../../src/orders/rules.ts';

const [one, two, three] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const at = (server: string) => ({ address: server.slice(0, -2), port: 1 });
const cluster = (fields: object) => parseCluster({ name: 'c', ...fields });

const plain = cluster({ endpoints: [one, two, three].map(at) });
const replicated = cluster({ kind: 'replicated', primary: one, endpoints: [one, two, three].map(at) });
const hashing = cluster({ endpoints: [one, two].map(at), load_balancing: { policy: 'maglev' } });
const replicaReads = cluster({ kind: 'replicated', primary: one, reads: 'replica', endpoints: [one, two, three].map(at) });
const sharded = cluster({
  kind: 'sharded',
  shards: [
    { name: 's0', endpoint: at(one) },
    { name: 's1', primary: two, endpoints: [two, three].map(at) },
  ],
});
const redisCluster = cluster({ kind: 'redis_cluster', endpoints: [one, two].map(at) });
const named = cluster({ endpoints: [{ address: 'a.test', port: 1 }, at(two)] });
const namedHere = cluster({ resolve: 'controlplane', endpoints: [{ address: 'a.test', port: 1 }, at(two)] });

const cases: readonly (readonly [what: string, cluster: typeof plain, server: string, others: string[], code?: string])[] = [
  ['one of three', plain, one, []],
  ['one of the two that are left', plain, one, [two]],
  ['the last one that is left', plain, one, [two, three], 'last-server'],
  ['a replica', replicated, two, []],
  ['the last replica, with reads of the primary', replicated, two, [three]],
  ['the primary', replicated, one, [], 'primary'],
  ['a replica that reads go to, of two', replicaReads, two, []],
  ['the last replica that reads go to', replicaReads, two, [three], 'last-replica'],
  ['the server of a shard', sharded, one, [], 'shard-primary'],
  ['the primary of a shard', sharded, two, [], 'shard-primary'],
  ['a replica of a shard', sharded, three, []],
  ['a node of a Redis Cluster', redisCluster, one, [], 'redis-cluster'],
  ['a server whose keys would move', hashing, one, [], 'moves-keys'],
  ['a server beside a name that Envoys look up', named, two, [], 'resolved-by-envoys'],
  ['a server beside a name that is looked up here', namedHere, two, []],
  ['a name that is looked up here', namedHere, 'a.test:1', []],
];

describe('left out', () => {
  for (const [what, declared, server, others, code] of cases) {
    test(`${code === undefined ? 'may be' : 'may not be'} ${what}`, () => {
      const refusal = findRefusal(declared, server, new Set(others));
      assert.equal(refusal?.code, code);
      assert.equal(refusal?.isForcible, code && code !== 'redis-cluster');
    });
  }

  test('several, each is held against the others', () => {
    const taken = (...servers: string[]) => findTaken(plain, new Set(servers)).map(({ server, code }) => [server, code]);
    assert.deepEqual(taken(one, two), []);
    assert.deepEqual(taken(one, two, three), [one, two, three].map((server) => [server, 'last-server']));
  });
});
