import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildRedisListener, buildRedisProxy } from '../../src/render/listener.ts';
import { cluster, clustersOf } from './examples.ts';

type Case = readonly [what: string, names: readonly string[], option: string | undefined, catchAll: string | undefined];

const CATCH_ALL: readonly Case[] = [
  ['the only cluster', ['dev'], undefined, 'dev'],
  ['no cluster of several', ['dev', 'prod'], undefined, undefined],
  ['the cluster that is named', ['dev', 'prod'], 'prod', 'prod'],
  ['the only cluster, by its name', ['dev'], 'dev', 'dev'],
  ['no cluster when the one that is named is not there', ['dev'], 'prod', undefined],
  ['no cluster of several when the one that is named is not there', ['dev', 'next'], 'prod', undefined],
  ['no cluster when there is none', [], undefined, undefined],
  ['no cluster when there is none, named or not', [], 'dev', undefined],
];

describe('keys that no prefix matches go to', () => {
  for (const [what, names, option, catchAll] of CATCH_ALL) {
    test(what, () => {
      const clusters = clustersOf(...names.map((name) => cluster(name, `${name}:`)));
      const { prefix_routes: routes } = buildRedisProxy(clusters, option);
      assert.deepEqual(routes, {
        routes: names.map((name) => ({ prefix: `${name}:`, cluster: name })).sort(longestFirst),
        ...(catchAll === undefined ? {} : { catch_all_route: { cluster: catchAll } }),
      });
    });
  }
});

const FILTERS = [
  ['v2', 'envoy.redis_proxy', 'envoy.config.filter.network.redis_proxy.v2.RedisProxy'],
  ['v3', 'envoy.filters.network.redis_proxy', 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy'],
] as const;

describe('the Redis listener', () => {
  for (const [apiVersion, filterName, messageName] of FILTERS) {
    test(`has one filter in ${apiVersion}, by the name that Envoys of that version know`, () => {
      const redisProxy = Buffer.from([1, 2, 3]);
      assert.deepEqual(buildRedisListener('redis_listener', apiVersion, { host: '::1', port: 6380 }, redisProxy), {
        name: 'redis_listener',
        address: { socket_address: { address: '::1', port_value: 6380 } },
        filter_chains: [
          {
            filters: [
              { name: filterName, typed_config: { type_url: `type.googleapis.com/${messageName}`, value: redisProxy } },
            ],
          },
        ],
      });
    });

    test(`on all addresses takes IPv4 and IPv6 in ${apiVersion}`, () => {
      const addressOf = (host: string) => {
        return buildRedisListener('redis_listener', apiVersion, { host, port: 6380 }, Buffer.of())['address'];
      };
      assert.deepEqual(addressOf('::'), { socket_address: { address: '::', port_value: 6380, ipv4_compat: true } });
      assert.deepEqual(addressOf('0.0.0.0'), { socket_address: { address: '0.0.0.0', port_value: 6380 } });
    });
  }
});

function longestFirst(a: { readonly prefix: string }, b: { readonly prefix: string }): number {
  return b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1);
}
