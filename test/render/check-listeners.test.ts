import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { affectsListeners, findUnpublishableListeners } from '../../src/render/check-listeners.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import { decodeResource } from './decode-resource.ts';
import { byName, defaultOptions } from './examples.ts';
import { anyCatchAll } from './random-clusters.ts';
import { anyObjects } from './random-listeners.ts';

const clusters = [
  { name: 'a', prefix: 'a:' },
  { name: 'A', prefix: 'A:' },
  { name: 'keyed', load_balancing: { policy: 'ring_hash' } },
  { name: 'sharded', kind: 'sharded', shards: [] },
  { name: 'random', load_balancing: { policy: 'random' } },
  { name: 'group', kind: 'replicated' },
  { name: 'rc', kind: 'redis_cluster', endpoints: [{ address: '10.0.0.7', port: 1 }] },
];

type Case = readonly [
  what: string,
  listeners: readonly object[],
  problems: readonly RegExp[],
  declared?: readonly object[],
];

const at = (address: string, name = address) => ({ name, address, catch_all: 'a' });
const tcp = (cluster: string, sticky?: string) => ({ name: 't', kind: 'tcp', address: '10.0.0.1:1', cluster, sticky });

const reading = (...routes: readonly object[]) => {
  const list = routes.map((route, index) => ({ prefix: `${index}`, ...route }));
  return { name: 'l', address: '10.0.0.1:1', catch_all: 'none', routes: list };
};

const CASES: readonly Case[] = [
  ['no listener', [], []],
  ['no listener and no cluster', [], [], []],
  ['routes of the clusters', [{ name: 'l', address: '10.0.0.1:1' }], []],

  ['kinds of the implicit ones', [{ name: 'redis_listener' }, { name: 'generic_route', kind: 'http' }], []],
  [
    'other kinds of the implicit ones',
    [
      { name: 'redis_listener', kind: 'http' },
      { name: 'generic_route', address: '10.0.0.1:1' },
    ],
    [
      /^listener "redis_listener": kind must be redis, not http, for this name$/,
      /^listener "generic_route": kind must be http, not redis, for this name$/,
    ],
  ],
  ['a Redis listener without an address', [{ name: 'l' }], [/^listener "l": address is required$/]],
  ['HTTP routes without an address', [{ name: 'l', kind: 'http' }], []],
  [
    'HTTP routes without an address, and TLS',
    [{ name: 'l', kind: 'http', tls: { certificate: { secret: 'c' } } }],
    [/^listener "l": tls: must be left out where there is no address/],
  ],
  [
    'a certificate that can not be asked for',
    [{ ...at('10.0.0.1:1'), tls: { certificate: { secret: '*' }, client_ca: { secret: 'xdstp:x' } } }],
    [
      /^listener "10.0.0.1:1": tls.certificate: secret "\*": in xDS this name/,
      /^listener "10.0.0.1:1": tls.client_ca: secret "xdstp:x": Envoy takes this/,
    ],
  ],
  ["the stand-in's name", [at('10.0.0.1:1', 'no_upstream_host')], [/^listener "no_upstream_host": .* has this name$/]],
  ['the wildcard of discovery requests as name', [at('10.0.0.1:1', '*')], [/^listener "\*": in xDS this name/]],
  ['a name that Envoy takes for a locator', [at('10.0.0.1:1', 'xdstp:x')], [/^listener "xdstp:x": Envoy takes this/]],
  ["the control plane's own name, which is a cluster's", [at('10.0.0.1:1', 'xds_cluster')], []],

  [
    'routes to clusters that there are',
    [{ name: 'l', address: '10.0.0.1:1', routes: [{ prefix: 'x', cluster: 'a' }], catch_all: 'A' }],
    [],
  ],
  [
    'routes and a catch-all to clusters that there are not',
    [{ name: 'l', address: '10.0.0.1:1', routes: [{ prefix: 'x', cluster: 'no' }], catch_all: 'nobody' }],
    [
      /^listener "l": route "x": cluster "no" is not declared$/,
      /^listener "l": catch_all: cluster "nobody" is not declared$/,
    ],
  ],
  [
    'an HTTP route to a cluster that is not there',
    [{ name: 'generic_route', kind: 'http', routes: [{ prefix: '/', cluster: 'no' }] }],
    [/^listener "generic_route": route "\/": cluster "no" is not declared$/],
  ],
  [
    'mirrors to clusters that there are not',
    [
      {
        name: 'l',
        address: '10.0.0.1:1',
        routes: [{ prefix: 'x', cluster: 'a', mirrors: [{ cluster: 'no' }, { cluster: 'A' }] }],
        catch_all: { cluster: 'A', mirrors: [{ cluster: 'nobody' }] },
      },
    ],
    [
      /^listener "l": route "x": mirror: cluster "no" is not declared$/,
      /^listener "l": catch_all: mirror: cluster "nobody" is not declared$/,
    ],
  ],
  ['TCP to a cluster that is not there', [tcp('no', 'source_ip')], [/^listener "t": cluster "no" is not declared$/]],

  ['TCP to any policy', [tcp('a')], []],
  ['sticky TCP to a cluster with ring hash', [tcp('keyed', 'source_ip')], []],
  ['sticky TCP to a sharded cluster', [tcp('sharded', 'source_ip')], []],
  ['TCP that is not sticky, said so', [tcp('random', 'none')], []],
  [
    'sticky TCP to a cluster that scatters',
    [tcp('random', 'source_ip')],
    [/^listener "t": sticky source_ip: .* cluster "random" must be maglev or ring_hash, not random$/],
  ],
  ['sticky TCP to the default policy', [tcp('a', 'source_ip')], [/cluster "a" must be .*, not round_robin$/]],

  [
    'reads of a replicated cluster, and of others from where they go by themselves',
    [reading({ cluster: 'group', reads: 'any' }, { cluster: 'a', reads: 'primary' }, { cluster: 'rc', reads: 'primary' })],
    [],
  ],
  [
    'reads of clusters without replicas, of shards, of a Redis Cluster',
    [reading({ cluster: 'a', reads: 'any' }, { cluster: 'sharded', reads: 'replica' }, { cluster: 'rc', reads: 'any' })],
    [
      /^listener "l": route "0": reads any: cluster "a" is plain, not replicated: any of its servers answers/,
      /^listener "l": route "1": reads replica: cluster "sharded" is sharded, not replicated: when the replica of one shard/,
      /^listener "l": route "2": reads any: cluster "rc" is redis_cluster, not replicated: .* the listener's read_policy$/,
    ],
  ],
  ['reads of a cluster that there is not', [reading({ cluster: 'no', reads: 'any' })], [/cluster "no" is not declared$/]],
  ['a read policy for Redis Clusters', [{ ...reading({ cluster: 'rc' }), read_policy: 'any' }], []],
  ['a read policy for clusters to come', [{ name: 'l', address: '10.0.0.1:1', read_policy: 'any' }], []],
  [
    'a read policy for nobody',
    [{ ...reading({ cluster: 'group' }), read_policy: 'any' }],
    [/^listener "l": read_policy any: Envoy heeds it for Redis Clusters only, and the listener leads to none$/],
  ],
  ['TCP to a Redis Cluster', [tcp('rc', 'source_ip')], [/^listener "t": cluster "rc" is a redis_cluster: .* of kind redis only$/]],
  [
    'HTTP to a Redis Cluster',
    [{ name: 'h', kind: 'http', routes: [{ prefix: '/', cluster: 'rc' }] }],
    [/^listener "h": route "\/": cluster "rc" is a redis_cluster/],
  ],

  [
    'no route and no catch-all',
    [{ name: 'l', address: '10.0.0.1:1', routes: [], catch_all: 'none' }],
    [/^listener "l": no key has a route/],
  ],
  [
    'routes of the clusters when none has a prefix',
    [{ name: 'l', address: '10.0.0.1:1' }],
    [/no key has a route/],
    [{ name: 'b' }, { name: 'c' }],
  ],
  ['the only cluster as catch-all', [{ name: 'l', address: '10.0.0.1:1', routes: [] }], [], [{ name: 'b' }]],
  ['the implicit Redis listener without any route', [{ name: 'redis_listener', routes: [], catch_all: 'none' }], []],

  ['prefixes that differ by case', [{ name: 'l', address: '10.0.0.1:1', case_insensitive: false }], []],
  [
    'prefixes that differ by case, where it does not count',
    [{ name: 'l', address: '10.0.0.1:1', case_insensitive: true }],
    [/^listener "l": case_insensitive: prefixes "A:" and "a:" are one/],
  ],
  [
    'prefixes that differ by the case of letters of which Envoy knows none',
    [
      {
        name: 'l',
        address: '10.0.0.1:1',
        case_insensitive: true,
        routes: [
          { prefix: 'É', cluster: 'a' },
          { prefix: 'é', cluster: 'a' },
        ],
      },
    ],
    [],
  ],

  ['addresses apart', [at('10.0.0.1:1'), at('10.0.0.2:1'), at('10.0.0.1:2'), at('[::1]:2'), at('0.0.0.0:3')], []],
  ['an IPv6 address beside all IPv4 ones', [at('0.0.0.0:1'), at('[::1]:1')], []],
  [
    'the same address twice',
    [at('10.0.0.1:1', 'l'), at('10.0.0.1:1', 'm')],
    [/^listener "m": address 10\.0\.0\.1:1 is in the way of listener "l", 10\.0\.0\.1:1$/],
  ],
  ['an address and all of IPv4', [at('10.0.0.1:1', 'l'), at('0.0.0.0:1', 'm')], [/"m".* in the way of listener "l"/]],
  ['all of IPv4 and an address', [at('0.0.0.0:1', 'l'), at('10.0.0.1:1', 'm')], [/"m".* in the way of listener "l"/]],
  ['all addresses and one of IPv4', [at('[::]:1'), at('10.0.0.1:1')], [/in the way/]],
  ['all addresses and all of IPv4', [at('[::]:1'), at('0.0.0.0:1')], [/in the way/]],
  [
    "the flag's address",
    [at('10.0.0.1:6379', 'l')],
    [/^listener "l": .* in the way of listener "redis_listener", 0\.0\.0\.0:6379$/],
  ],
  ["the flag's address, when its listener has another", [at('10.0.0.1:6379'), at('10.0.0.1:1', 'redis_listener')], []],

  ["the stand-in's port elsewhere", [at('10.0.0.1:12712')], []],
  [
    "the stand-in's address",
    [at('127.0.0.1:12712', 'l')],
    [/^listener "l": address 127\.0\.0\.1:12712 has the port of --redis-empty-listener 127\.0\.0\.1:12712$/],
  ],
  ["the stand-in's port on loopback", [at('[::1]:12712', 'l')], [/^listener "l": address \[::1\]:12712 has the port/]],
  ["the stand-in's port on all addresses", [at('0.0.0.0:12712', 'l')], [/has the port/]],
];

describe('findUnpublishableListeners', () => {
  for (const [what, listeners, expected, declared = clusters] of CASES) {
    test(`${what}: ${expected.length === 0 ? 'none' : expected.length}`, () => {
      const [known, parsed] = [declared.map(parseCluster), listeners.map(parseListener)];
      const problems = findUnpublishableListeners(byName(...known), byName(...parsed), defaultOptions);
      assert.equal(problems.length, expected.length, problems.join('\n'));
      for (const [index, problem] of problems.entries()) assert.match(problem, expected[index] ?? /^$/);
    });
  }

  test('lets nothing through that routes to a cluster that is not declared, or nowhere', () => {
    let passed = 0;
    fc.assert(
      fc.property(anyObjects, anyObjects, anyCatchAll, (objects, others, redisCatchAll) => {
        const declared = { clusters: byName(...objects.clusters), listeners: byName(...others.listeners) };
        const options = { ...defaultOptions, redisCatchAll };
        if (findUnpublishableListeners(declared.clusters, declared.listeners, options).length > 0) return;
        passed += 1;
        const snapshot = RenderedSnapshot.of(declared, options);
        for (const kind of ['listener', 'route'] as const) {
          for (const resource of snapshot.resources(kind, dialects.v3.ads).resources.values()) {
            const named = clustersIn(decodeResource(messageNames.v3[kind], resource));
            const published = snapshot.resources('cluster', dialects.v3.ads).resources;
            assert.deepEqual(named.filter((name) => !published.has(name)), [], resource.name);
            const isRedis = kind === 'listener' && declared.listeners.get(resource.name)?.kind !== 'http';
            if (isRedis) assert.ok(named.length > 0, resource.name);
          }
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(passed > 50, `only ${passed} were let through`);
  });
});

describe('affectsListeners', () => {
  const picky = [
    { name: 'sticky', kind: 'tcp', address: '127.0.0.1:8', cluster: 'a', sticky: 'source_ip' },
    { name: 'caseless', address: '127.0.0.1:9', case_insensitive: true },
  ].map(parseListener);

  test('is false only where the same is published or refused as before', () => {
    let idle = 0;
    fc.assert(
      fc.property(anyObjects, anyObjects, anyCatchAll, (objects, { clusters: others }, redisCatchAll) => {
        const listeners = byName(...objects.listeners, ...picky);
        const options = { ...defaultOptions, redisCatchAll };
        const before = byName(...objects.clusters);
        // Which of the wrong policies it is may change.
        const findProblems = (clusters: typeof before): string[] => {
          return findUnpublishableListeners(clusters, listeners, options).map((each) => each.replace(/not \w+$/u, ''));
        };
        for (const name of ['a', 'b', 'c', 'd']) {
          const after = others.find((cluster) => cluster.name === name);
          if (affectsListeners({ clusters: [{ name, after }], listeners: [] }, before)) continue;
          idle += after === undefined ? 0 : 1;
          const rest = objects.clusters.filter((cluster) => cluster.name !== name);
          const clusters = byName(...rest, ...(after === undefined ? [] : [after]));
          assert.deepEqual(findProblems(clusters).sort(), findProblems(before).sort());
        }
      }),
      { numRuns: 2_000 },
    );
    assert.ok(idle > 50, `only ${idle} edits were idle`);
  });

  test('is true of every edit of a listener', () => {
    const [listener] = picky;
    assert.ok(affectsListeners({ clusters: [], listeners: [{ name: 'sticky', after: undefined }] }, byName()));
    assert.ok(affectsListeners({ clusters: [], listeners: [{ name: 'sticky', after: listener }] }, byName()));
  });
});

/** What every field called `cluster` says, however deep. */
function clustersIn(message: unknown): string[] {
  if (typeof message !== 'object' || message === null) return [];
  return Object.entries(message).flatMap(([key, value]) => {
    return key === 'cluster' && typeof value === 'string' ? [value] : clustersIn(value);
  });
}
