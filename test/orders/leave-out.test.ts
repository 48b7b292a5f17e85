// Clusters without the servers that orders leave out.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { hostsOf } from '../../src/inventory/cluster.ts';
import { readHostsOf } from '../../src/inventory/read-clusters.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { leaveOut, leftOutBy } from '../../src/orders/leave-out.ts';

const [one, two, three] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const at = (server: string) => ({ address: server.slice(0, -2), port: 1 });
const cluster = (fields: object) => parseCluster({ name: 'c', ...fields });
const endpoints = [one, two, three].map(at);
const group = { kind: 'replicated', primary: one, endpoints };
const shards = [{ name: 's0', endpoint: at(one) }, { name: 's1', primary: two, endpoints: [two, three].map(at) }];

const namesOf = (hosts: readonly { address: string; port: number }[]) => hosts.map(({ address, port }) => `${address}:${port}`);

const cases: readonly (readonly [what: string, fields: object, out: string[], hosts: string[], readers: string[]])[] = [
  ['a plain cluster', { endpoints }, [two], [one, three], [one, three]],
  ['a plain cluster, of which all are', { endpoints }, [one, two, three], [], []],
  ['a group that replicates, of which a replica is', group, [two], [one], [three]],
  ['a group that replicates, of which the primary is', group, [one], ['127.0.0.1:1'], [two, three]],
  ['shards, of which the only server of one is', { kind: 'sharded', shards }, [one], [two], [two]],
  ['shards, of which a primary is', { kind: 'sharded', shards }, [two], [one], [one]],
  ['shards, of which a replica is', { kind: 'sharded', shards }, [three], [one, two], [one, two]],
];

describe('who is left to take commands, and to answer reads of replicas', () => {
  for (const [what, fields, out, hosts, readers] of cases) {
    test(what, () => {
      const left = leaveOut(cluster(fields), new Set(out));
      assert.deepEqual(namesOf(hostsOf(left)), hosts);
      assert.deepEqual(namesOf(readHostsOf(left, 'replica')), readers);
    });
  }
});

test('the same servers left out are the same cluster, and nobody left out the one that is declared', () => {
  const declared = cluster({ endpoints });
  assert.equal(leaveOut(declared, new Set([one, two])), leaveOut(declared, new Set([two, one])));
  assert.notEqual(leaveOut(declared, new Set([one])), leaveOut(declared, new Set([one, two])));
  assert.equal(leaveOut(declared, undefined), declared);
  assert.equal(leaveOut(declared, new Set(['10.9.9.9:1'])), declared);
  const seeds = cluster({ kind: 'redis_cluster', endpoints });
  assert.equal(leaveOut(seeds, new Set([one])), seeds);
});

test('servers by cluster', () => {
  const order = (name: string, server: string) => ({ cluster: name, server, order: 'drain', author: 'a', atMs: 1 }) as const;
  const found = leftOutBy([order('a', one), order('a', two), order('b', one)]);
  assert.deepEqual([...found].map(([name, servers]) => [name, [...servers]]), [['a', [one, two]], ['b', [one]]]);
});
