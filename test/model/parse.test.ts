import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { contentOf } from '../../src/model/canonical.ts';
import { FaultsError } from '../../src/model/faults.ts';
import { parseCluster, parseConfig, parseListener } from '../../src/model/parse.ts';

const endpoint = { address: '10.0.0.1', port: 6379 };
const replica = { address: '10.0.0.2', port: 6379 };
const other = { address: '10.0.0.3', port: 6379 };
const group = [endpoint, replica];
const replicatedShard = { name: 's', primary: '10.0.0.1:6379', endpoints: group };

function faultsOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    return error.faults.map(({ pointer, value, rule }) => `${pointer} ${JSON.stringify(value) ?? 'nothing'}: ${rule}`);
  }
  return [];
}

describe('a cluster', () => {
  const cases: readonly (readonly [what: string, value: unknown, faults: readonly string[]])[] = [
    ['needs a name alone', { name: 'a' }, []],
    ['may have everything', {
      name: 'a',
      kind: 'plain',
      prefix: 'a:',
      groups: ['g'],
      labels: { team: 'x' },
      connect_timeout: '250ms',
      endpoints: [{ ...endpoint, weight: 2, zone: 'z', labels: { rack: '1' } }],
      load_balancing: { policy: 'ring_hash', min_ring_size: 8, max_ring_size: 16 },
    }, []],
    ['is an object', 5, [' 5: must be an object']],
    ['has a name', {}, ['/name nothing: is required']],
    ['has a name with something in it', { name: '' }, ['/name "": must not be empty']],
    ['has a name of 255 bytes at most', { name: `${'é'.repeat(127)}xx` }, [`/name "${'é'.repeat(127)}xx": must have at most 255 bytes`]],
    ['has a name that can be printed', { name: 'a\u0007' }, ['/name "a\\u0007": must be Unicode text without control characters']],
    ['has no other fields', { name: 'a', prefx: 'b', 'x/y~z': 1 }, ['/prefx "b": no such field', '/x~1y~0z 1: no such field']],
    ['is of a kind that there is', { name: 'a', kind: 'shared' }, ['/kind "shared": must be one of plain, sharded, replicated, redis_cluster']],
    ['has its own fields for its kind', { name: 'a', shards: [] }, ['/shards []: no such field']],
    ['has endpoints with address and port', { name: 'a', endpoints: [{}] }, [
      '/endpoints/0/address nothing: is required', '/endpoints/0/port nothing: is required',
    ]],
    ['has endpoints that are IP addresses or names', { name: 'a', endpoints: [
      { ...endpoint, address: 'redis-a' }, { ...endpoint, address: 'Redis-B.x1.internal.' }, { ...endpoint, address: '3com.example' },
      ...['redis_a', '-a', 'a..b', '10.0.0', '10.0.0.256', 'a b', '', `${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}`]
        .map((address) => ({ ...endpoint, address })),
    ] }, [
      ...['redis_a', '-a', 'a..b', '10.0.0', '10.0.0.256', 'a b', '', `${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}`].map((address, index) => {
        return `/endpoints/${index + 3}/address "${address}": must be an IPv4 or IPv6 address, or a host name`;
      }),
    ]],
    ['has each name once, in whatever case', { name: 'a', endpoints: [{ ...endpoint, address: 'a.b' }, { ...endpoint, address: 'A.b' }] }, [
      '/endpoints [{"address":"a.b","port":6379},{"address":"A.b","port":6379}]: must have each address and port once',
    ]],
    ['has a primary with a name', {
      name: 'a', kind: 'replicated', primary: 'Redis-A:6379', endpoints: [{ ...endpoint, address: 'redis-a' }, endpoint],
    }, []],
    ['has no shard whose keys move when its name is gone', {
      name: 'a', kind: 'sharded', shards: [
        { name: 's', endpoint: { ...endpoint, address: 'redis-a' } },
        { name: 't', primary: 'redis-b:1', endpoints: [{ address: '10.0.0.2', port: 1 }, { address: 'redis-b', port: 1 }] },
      ],
    }, [
      '/shards/0/endpoint/address "redis-a": must be an IP address unless resolve is controlplane or placement is remap: ' +
        'while the name is gone, the keys of its shard go to other shards',
      '/shards/1/endpoints/1/address "redis-b": must be an IP address unless resolve is controlplane or placement is remap: ' +
        'while the name is gone, the keys of its shard go to other shards',
    ]],
    ['has shards with names whose keys may move', {
      name: 'a', kind: 'sharded', placement: 'remap', shards: [{ name: 's', endpoint: { ...endpoint, address: 'redis-a' } }],
    }, []],
    ['panics by no threshold where servers have names', {
      name: 'a', endpoints: [endpoint, { ...endpoint, address: 'redis-a' }], panic_threshold: 50,
    }, [
      '/panic_threshold 50: must be left out where an address is a host name, unless resolve is controlplane: there the healthy servers get all commands',
    ]],
    ['has endpoints that can be reached', { name: 'a', endpoints: [{ ...endpoint, address: '224.0.0.1' }] }, [
      '/endpoints/0/address "224.0.0.1": must be an address that Envoys can connect to',
    ]],
    ['has ports from 1 to 65535', { name: 'a', endpoints: [{ ...endpoint, port: 0 }, { address: '::1', port: 65_536 }, { address: '::2', port: 1.5 }] }, [
      '/endpoints/0/port 0: must be at least 1', '/endpoints/1/port 65536: must be at most 65535', '/endpoints/2/port 1.5: must be a whole number',
    ]],
    ['has each endpoint once, in whatever spelling', { name: 'a', endpoints: [endpoint, { ...endpoint, address: '::ffff:10.0.0.1' }] }, [
      '/endpoints [{"address":"10.0.0.1","port":6379},{"address":"::ffff:10.0.0.1","port":6379}]: must have each address and port once',
    ]],
    ['has a table whose size is a prime', { name: 'a', load_balancing: { policy: 'maglev', table_size: 65_536 } }, [
      '/load_balancing/table_size 65536: must be a prime number',
    ]],
    ['has a ring that is not smaller than its smallest', { name: 'a', load_balancing: { policy: 'ring_hash', min_ring_size: 9, max_ring_size: 8 } }, [
      '/load_balancing/max_ring_size 8: must not be below min_ring_size (1024 unless told)',
    ]],
    ['waits for a connection for some time', { name: 'a', connect_timeout: '0s' }, [
      '/connect_timeout "0s": must be a duration above 0 and up to 10m, such as 500ms, 5s or 1m',
    ]],
    ['that is sharded has shards', { name: 'a', kind: 'sharded' }, ['/shards nothing: is required']],
    ['that is sharded has each shard once', { name: 'a', kind: 'sharded', shards: [{ name: 's', endpoint }, { name: 's', endpoint: { ...endpoint, port: 1 } }] }, [
      '/shards [{"name":"s","endpoint":{"address":"10.0.0.1","port":6379}},{"name":"s","endpoint":{"address":"10.0.0.1","port":1}}]: must have each name once',
    ]],
    ['that is sharded does not scatter its keys', { name: 'a', kind: 'sharded', shards: [], load_balancing: { policy: 'round_robin' } }, [
      '/load_balancing/policy "round_robin": must be one of maglev, ring_hash',
    ]],
    ['that is sharded may have shards with replicas', { name: 'a', kind: 'sharded', shards: [replicatedShard] }, []],
    ['that is sharded has a server for each shard', { name: 'a', kind: 'sharded', shards: [{ name: 's' }] }, [
      '/shards/0/endpoint nothing: is required, or primary and endpoints in its place',
    ]],
    ['that is sharded has a primary for each shard with replicas', { name: 'a', kind: 'sharded', shards: [{ ...replicatedShard, primary: undefined }] }, [
      '/shards/0/primary nothing: is required: one of the endpoints, as ADDRESS:PORT',
    ]],
    ['that is sharded has shards with one server or with replicas', { name: 'a', kind: 'sharded', shards: [{ ...replicatedShard, endpoint: other }] }, [
      '/shards/0/primary "10.0.0.1:6379": must be left out beside endpoint',
      `/shards/0/endpoints ${JSON.stringify(group)}: must be left out beside endpoint`,
    ]],
    ['that is sharded has each server once, replicas too', { name: 'a', kind: 'sharded', shards: [replicatedShard, { name: 't', endpoint: replica }] }, [
      `/shards ${JSON.stringify([replicatedShard, { name: 't', endpoint: replica }])}: must have each address and port once`,
    ]],
    ['that is replicated may have no server yet', { name: 'a', kind: 'replicated' }, []],
    ['that is replicated may have everything', {
      name: 'a',
      kind: 'replicated',
      primary: '[::ffff:10.0.0.1]:6379',
      endpoints: [{ ...endpoint, weight: 2, zone: 'z' }, replica],
      reads: 'any',
      load_balancing: { policy: 'least_request', choice_count: 3 },
    }, []],
    ['that is replicated says which server is the primary', { name: 'a', kind: 'replicated', endpoints: group }, [
      '/primary nothing: is required: one of the endpoints, as ADDRESS:PORT',
    ]],
    ['that is replicated has a primary with an address', { name: 'a', kind: 'replicated', primary: '10.0.0.1', endpoints: group }, [
      '/primary "10.0.0.1": must be the address and port of a server, such as 10.0.0.1:6379',
    ]],
    ['that is replicated has a primary that it has', { name: 'a', kind: 'replicated', primary: '10.0.0.9:6379', endpoints: group }, [
      '/primary "10.0.0.9:6379": must be the address and port of one of the endpoints',
    ]],
    ['that is replicated has no primary among no servers', { name: 'a', kind: 'replicated', primary: '10.0.0.1:6379' }, [
      '/primary "10.0.0.1:6379": must be the address and port of one of the endpoints',
    ]],
    ['that is replicated reads from servers that there are', { name: 'a', kind: 'replicated', reads: 'prefer_primary' }, [
      '/reads "prefer_primary": must be one of primary, replica, prefer_replica, any',
    ]],
    ['that is replicated has no keys to choose by', { name: 'a', kind: 'replicated', load_balancing: { policy: 'maglev' } }, [
      '/load_balancing/policy "maglev": must be one of round_robin, least_request, random',
    ]],
    ['that is replicated leaves room for the names of those that its reads go to', { name: 'x'.repeat(241), kind: 'replicated' }, [
      `/name "${'x'.repeat(241)}": must have at most 240 bytes`,
    ]],
    ['that is a Redis Cluster may have everything', {
      name: 'a',
      kind: 'redis_cluster',
      endpoints: [{ ...endpoint, labels: { rack: '1' } }, replica],
      refresh: {
        rate: '10s', timeout: '2s', redirect_interval: '500ms', redirect_threshold: 3, failure_threshold: 0, degraded_threshold: 0,
      },
      connect_timeout: '1s',
    }, []],
    ['that is a Redis Cluster has seeds that are equals', { name: 'a', kind: 'redis_cluster', endpoints: [{ ...endpoint, weight: 2 }] }, [
      '/endpoints/0/weight 2: no such field',
    ]],
    ['that is a Redis Cluster spreads its keys itself', { name: 'a', kind: 'redis_cluster', load_balancing: { policy: 'maglev' } }, [
      '/load_balancing {"policy":"maglev"}: no such field',
    ]],
    ['that is a Redis Cluster is asked now and then', { name: 'a', kind: 'redis_cluster', refresh: { rate: '0s', redirect_threshold: 0 } }, [
      '/refresh/rate "0s": must be a duration above 0 and up to 1h, such as 500ms, 5s or 1m',
      '/refresh/redirect_threshold 0: must be at least 1',
    ]],
    ['is told all its faults at once', { name: '', prefix: 5, endpoints: 'x', labels: { a: 1 } }, [
      '/name "": must not be empty', '/prefix 5: must be text', '/endpoints "x": must be a list', '/labels/a 1: must be text',
    ]],
  ];
  for (const [what, value, faults] of cases) {
    test(what, () => assert.deepEqual(faultsOf(() => parseCluster(value)).toSorted(), faults.toSorted()));
  }
});

describe('a listener', () => {
  const tcp = { name: 't', kind: 'tcp', address: '0.0.0.0:7000', cluster: 'a' };
  const cases: readonly (readonly [what: string, value: unknown, faults: readonly string[]])[] = [
    ['is a Redis one unless told', { name: 'l' }, []],
    ['may route by a list', { name: 'l', routes: [{ prefix: 'a', cluster: 'b', remove_prefix: true }], catch_all: 'none' }, []],
    ['may say of a route which servers answer reads', { name: 'l', routes: [{ prefix: 'a', cluster: 'b', reads: 'any' }] }, []],
    ['may say which servers of Redis Clusters do', { name: 'l', read_policy: 'prefer_primary' }, []],
    ['of HTTP says nothing of reads', { name: 'h', kind: 'http', routes: [{ prefix: '/', cluster: 'b', reads: 'any' }] }, [
      '/routes/0/reads "any": no such field',
    ]],
    ['routes by itself or by a list', { name: 'l', routes: 'all' }, ['/routes "all": must be auto, or a list']],
    ['has routes with prefix and cluster', { name: 'l', routes: [{ prefix: '' }] }, [
      '/routes/0/prefix "": must not be empty', '/routes/0/cluster nothing: is required',
    ]],
    ['has each prefix once', { name: 'l', routes: [{ prefix: 'a', cluster: 'b' }, { prefix: 'a', cluster: 'c' }] }, [
      '/routes [{"prefix":"a","cluster":"b"},{"prefix":"a","cluster":"c"}]: must have each prefix once',
    ]],
    ['of TCP leads to one cluster', { ...tcp, cluster: undefined }, ['/cluster nothing: is required']],
    ['of TCP has no routes', { ...tcp, routes: 'auto' }, ['/routes "auto": no such field']],
    ['listens on an IP address and a port', { ...tcp, address: 'localhost:7000' }, [
      '/address "localhost:7000": must be an IP address and a port, such as 0.0.0.0:6379',
    ]],
    ['listens on a port of its own choice', { ...tcp, address: '0.0.0.0:0' }, [
      '/address "0.0.0.0:0": must be an IP address and a port, such as 0.0.0.0:6379',
    ]],
    ['listens on a port of its own choice, in other digits', { ...tcp, address: '[::]:000' }, [
      '/address "[::]:000": must be an IP address and a port, such as 0.0.0.0:6379',
    ]],
    ['listens on a port with zeros before it', { ...tcp, address: '0.0.0.0:07000' }, []],
    ['sticks or does not', { ...tcp, sticky: 'cookie' }, ['/sticky "cookie": must be one of none, source_ip']],
    ['of HTTP needs no address', { name: 'h', kind: 'http' }, []],
  ];
  for (const [what, value, faults] of cases) {
    test(what, () => assert.deepEqual(faultsOf(() => parseListener(value)).toSorted(), faults.toSorted()));
  }
});

describe('a file', () => {
  test('gives its objects in order of name', () => {
    const { clusters, listeners } = parseConfig({ clusters: [{ name: 'b' }, { name: 'a' }], listeners: [{ name: 'l' }] });
    assert.deepEqual([clusters.map(({ name }) => name), listeners.map(({ name }) => name)], [['a', 'b'], ['l']]);
    assert.deepEqual(parseConfig({}), { clusters: [], listeners: [] });
  });

  test('has each name once in each list', () => {
    assert.deepEqual(faultsOf(() => parseConfig({ clusters: [{ name: 'a' }, { name: 'a' }], listeners: [{ name: 'a' }] })), [
      '/clusters/1/name "a": must be there once, "a" is at /clusters/0 too',
    ]);
    assert.deepEqual(faultsOf(() => parseConfig({ clusters: [{ name: 'a', prefix: 1 }, { name: 'a', port: 1 }] })), [
      '/clusters/0/prefix 1: must be text',
      '/clusters/1/port 1: no such field',
      '/clusters/1/name "a": must be there once, "a" is at /clusters/0 too',
    ]);
  });

  test('is told where in it a fault is', () => {
    assert.deepEqual(faultsOf(() => parseConfig({ clusters: [{ name: 'a' }, { nam: 'b' }], routes: [] })), [
      '/clusters/1/name nothing: is required', '/clusters/1/nam "b": no such field', '/routes []: no such field',
    ]);
  });
});

describe('the canonical form', () => {
  test('is the same in whatever order it was written', () => {
    const one = parseCluster({
      name: 'a',
      prefix: 'p',
      groups: ['y', 'x'],
      labels: { b: '1', a: '2' },
      endpoints: [{ port: 1, address: '10.0.0.2' }, { address: '0:0::1', port: 1 }, { address: '::ffff:10.0.0.1', port: 1 }],
    });
    const other = parseCluster({
      endpoints: [{ address: '10.0.0.1', port: 1 }, { address: '10.0.0.2', port: 1 }, { address: '::1', port: 1 }],
      labels: { a: '2', b: '1' },
      groups: ['x', 'y'],
      kind: 'plain',
      prefix: 'p',
      name: 'a',
    });
    assert.equal(contentOf(one), contentOf(other));
  });

  test('is that of a cluster of /api/v1', () => {
    assert.equal(contentOf(parseCluster({ name: 'a', prefix: 'p' })), '{"name":"a","prefix":"p","endpoints":[]}');
  });

  test('is frozen all the way down', () => {
    const cluster = parseCluster({ name: 'a', kind: 'sharded', shards: [{ name: 's', endpoint }] });
    assert.ok(cluster.kind === 'sharded');
    for (const value of [cluster, cluster.shards, cluster.shards[0], cluster.shards[0]?.endpoint]) assert.ok(Object.isFrozen(value));
  });

  test('is its own', () => {
    const anyCluster = fc.record({
      name: fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('a', 'b', '集') }),
      endpoints: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 5 }).map((ports) => ports.map((port) => ({ address: '10.0.0.1', port, weight: 1 + (port % 7) }))),
      connect_timeout: fc.constantFrom('1s', '250ms', undefined),
      load_balancing: fc.constantFrom({ policy: 'random' }, { policy: 'maglev', table_size: 251 }, undefined),
    }, { requiredKeys: ['name'] });
    fc.assert(fc.property(anyCluster, (value) => {
      const cluster = parseCluster(value);
      assert.deepEqual(parseCluster(JSON.parse(contentOf(cluster))), cluster);
      assert.equal(contentOf(parseCluster(cluster)), contentOf(cluster));
    }));
  });
});

test('whatever it is given, a parser gives an object or faults', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    for (const parse of [parseCluster, parseListener, parseConfig]) faultsOf(() => parse(value));
  }));
});
