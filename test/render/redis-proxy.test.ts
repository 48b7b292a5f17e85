import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { buildRedisProxy, findRedisRoutes } from '../../src/render/redis-proxy.ts';
import { cluster, clustersOf } from './examples.ts';

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

describe('the Redis proxy', () => {
  const routes = [{ prefix: 'a', cluster: 'a' }];

  test('has the routes, and the catch-all if there is one', () => {
    const proxyWith = (catchAll: { cluster: string } | undefined) => {
      return buildRedisProxy({ name: 'l' }, { routes, catchAll }, 'v3');
    };
    assert.deepEqual(proxyWith(undefined)?.['prefix_routes'], { routes });
    assert.deepEqual(proxyWith({ cluster: 'b' })?.['prefix_routes'], { routes, catch_all_route: { cluster: 'b' } });
  });

  test('is none when no key has a route: Envoy would refuse it', () => {
    assert.equal(buildRedisProxy({ name: 'l' }, { routes: [], catchAll: undefined }, 'v3'), undefined);
  });

  test('denies first, whatever the drills of the listener are', () => {
    const faults = [{ type: 'error', percent: 5 }] as const;
    const proxy = buildRedisProxy({ name: 'l', faults }, { routes, catchAll: undefined }, 'v3', ['select']);
    const always = (numerator: number) => ({ default_value: { numerator, denominator: 'HUNDRED' } });
    assert.deepEqual(proxy?.['faults'], [
      { fault_type: 'ERROR', fault_enabled: always(100), commands: ['select'] },
      { fault_type: 'ERROR', fault_enabled: always(5), commands: [] },
    ]);
  });

  test('counts by the name of its listener, the one that was always there by the name that it always had', () => {
    const prefixOf = (name: string) => buildRedisProxy({ name }, { routes, catchAll: undefined }, 'v3')?.['stat_prefix'];
    assert.deepEqual(['l', 'redis_listener'].map(prefixOf), ['l', 'egress_redis']);
  });
});
