import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { RedisListener, RedisRoute } from '../../src/model/objects.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { findReadsUnsupportedInV2 } from '../../src/render/reads-in-v2.ts';
import { buildRedisProxy, findRedisRoutes } from '../../src/render/redis-proxy.ts';
import { buildReadPolicy } from '../../src/render/redis-reads.ts';
import { byName, cluster, clustersOf } from './examples.ts';

/** @param option the flag's catch-all. @param field the listener's own. */
type Case = readonly [
  what: string,
  names: readonly string[],
  option: string | undefined,
  field: string | undefined,
  catchAll: string | undefined,
];

const CATCH_ALL: readonly Case[] = [
  ['the only cluster', ['dev'], undefined, undefined, 'dev'],
  ['no cluster of several', ['dev', 'prod'], undefined, undefined, undefined],
  ['the cluster that the flag names', ['dev', 'prod'], 'prod', undefined, 'prod'],
  ['the only cluster, by its name', ['dev'], 'dev', undefined, 'dev'],
  ["no cluster when the flag's is not there", ['dev'], 'prod', undefined, undefined],
  ["no cluster of several when the flag's is not there", ['dev', 'next'], 'prod', undefined, undefined],
  ['no cluster when there is none', [], undefined, undefined, undefined],
  ['no cluster when there is none, named by the flag or not', [], 'dev', undefined, undefined],
  ["the flag's cluster when the listener says auto", ['dev', 'prod'], 'prod', 'auto', 'prod'],
  ["the listener's cluster, whatever the flag says", ['dev', 'prod'], 'prod', 'dev', 'dev'],
  ['no cluster when the listener says none, whatever the flag says', ['dev', 'prod'], 'prod', 'none', undefined],
  ['no cluster when the listener says none, though there is only one', ['dev'], undefined, 'none', undefined],
];

describe('keys that no prefix matches go to', () => {
  for (const [what, names, option, field, catchAll] of CATCH_ALL) {
    test(what, () => {
      const clusters = clustersOf(...names.map((name) => cluster(name, `${name}:`)));
      const listener = { name: 'l', ...(field === undefined ? {} : { catch_all: field }) };
      const found = findRedisRoutes(listener, clusters, option).catchAll;
      assert.deepEqual(found, catchAll === undefined ? undefined : { cluster: catchAll });
    });
  }
});

const context = { clusters: clustersOf(), apiVersion: 'v3' } as const;

describe('the Redis proxy', () => {
  const routes = [{ prefix: 'a', cluster: 'a' }];

  test('has the routes, and the catch-all if there is one', () => {
    const proxyWith = (catchAll: { cluster: string } | undefined) => {
      return buildRedisProxy({ name: 'l' }, { routes, catchAll }, context);
    };
    assert.deepEqual(proxyWith(undefined)?.['prefix_routes'], { routes });
    assert.deepEqual(proxyWith({ cluster: 'b' })?.['prefix_routes'], { routes, catch_all_route: { cluster: 'b' } });
  });

  test('is none when no key has a route: Envoy would refuse it', () => {
    assert.equal(buildRedisProxy({ name: 'l' }, { routes: [], catchAll: undefined }, context), undefined);
  });

  test('denies first, whatever the drills of the listener are', () => {
    const faults = [{ type: 'error', percent: 5 }] as const;
    const denying = { ...context, denied: ['select'] };
    const proxy = buildRedisProxy({ name: 'l', faults }, { routes, catchAll: undefined }, denying);
    const always = (numerator: number) => ({ default_value: { numerator, denominator: 'HUNDRED' } });
    assert.deepEqual(proxy?.['faults'], [
      { fault_type: 'ERROR', fault_enabled: always(100), commands: ['select'] },
      { fault_type: 'ERROR', fault_enabled: always(5), commands: [] },
    ]);
  });

  test('counts by the name of its listener, the one that was always there by the name that it always had', () => {
    const prefixOf = (name: string) => buildRedisProxy({ name }, { routes, catchAll: undefined }, context)?.['stat_prefix'];
    assert.deepEqual(['l', 'redis_listener'].map(prefixOf), ['l', 'egress_redis']);
  });
});

describe('reads', () => {
  const clusters = byName(
    ...[
      { name: 'plain' },
      { name: 'group', kind: 'replicated' },
      { name: 'read', kind: 'replicated', reads: 'any' },
      { name: 'rc', kind: 'redis_cluster' },
    ].map(parseCluster),
  );
  type Reads = NonNullable<RedisRoute['reads']>;
  const cases: readonly (readonly [cluster: string, reads: Reads | undefined, goTo: string | undefined])[] = [
    ['group', undefined, undefined],
    ['group', 'primary', undefined],
    ['group', 'replica', 'group/replica'],
    ['group', 'prefer_replica', 'group/prefer_replica'],
    ['read', undefined, 'read/any'],
    ['read', 'replica', 'read/replica'],
    ['read', 'primary', undefined],
    ['plain', undefined, undefined],
    ['rc', undefined, undefined],
  ];
  for (const [cluster, reads, goTo] of cases) {
    test(`of ${cluster}, for which the route says ${reads ?? 'nothing'}, go to ${goTo ?? 'where writes do'}`, () => {
      const expected = goTo === undefined ? {} : { read_command_policy: { cluster: goTo } };
      assert.deepEqual(buildReadPolicy({ cluster, reads }, clusters, 'v3'), expected);
      assert.deepEqual(buildReadPolicy({ cluster, reads }, clusters, 'v2'), {});
    });
  }

  test('of Redis Clusters go by one policy, and such a listener alone follows redirections', () => {
    const settingsOf = (cluster: string, read_policy?: RedisListener['read_policy']) => {
      const routes = { routes: [{ prefix: 'a', cluster: 'plain' }], catchAll: { cluster } };
      const { op_timeout: _, ...settings } = Object(
        buildRedisProxy({ name: 'l', read_policy }, routes, { clusters, apiVersion: 'v3' })?.['settings'],
      );
      return settings;
    };
    assert.deepEqual(settingsOf('group', 'any'), {});
    assert.deepEqual(settingsOf('rc'), { enable_redirection: true });
    assert.deepEqual(settingsOf('rc', 'primary'), { enable_redirection: true });
    assert.deepEqual(settingsOf('rc', 'prefer_primary'), { enable_redirection: true, read_policy: 'PREFER_MASTER' });
  });

  test('are told of where v2 has no word for them', () => {
    const listener = parseListener({
      name: 'l',
      routes: [
        { prefix: 'a', cluster: 'group', reads: 'any' },
        { prefix: 'b', cluster: 'group', reads: 'primary' },
      ],
    });
    assert.deepEqual(findReadsUnsupportedInV2([...clusters.values()], [listener]), [
      'cluster "read": reads any: v2 has no such field, reads go to the primary there',
      'cluster "rc": an Envoy that speaks v2 takes no listener before a seed has answered: v2 has no field for it',
      'listener "l": route "a": reads any: v2 has no such field, reads go to the primary there',
    ]);
  });
});
