import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { encodeMessage } from '../../src/proto/protos.ts';
import { buildListener } from '../../src/render/listener.ts';
import { redisProxyFilter } from '../../src/render/redis-proxy.ts';

const FILTERS = [
  ['v2', 'envoy.redis_proxy', 'envoy.config.filter.network.redis_proxy.v2.RedisProxy'],
  ['v3', 'envoy.filters.network.redis_proxy', 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy'],
] as const;

describe('a listener', () => {
  for (const [apiVersion, filterName, messageName] of FILTERS) {
    const filter = redisProxyFilter[apiVersion];

    test(`has one filter in ${apiVersion}, by the name that Envoys of that version know`, () => {
      const config = { stat_prefix: 'a' };
      assert.deepEqual(buildListener('l', { host: '::1', port: 6380 }, filter, config), {
        name: 'l',
        address: { socket_address: { address: '::1', port_value: 6380 } },
        filter_chains: [
          {
            filters: [
              {
                name: filterName,
                typed_config: {
                  type_url: `type.googleapis.com/${messageName}`,
                  value: encodeMessage(messageName, config),
                },
              },
            ],
          },
        ],
      });
    });

    test(`on all addresses takes IPv4 and IPv6 in ${apiVersion}`, () => {
      const addressOf = (host: string) => buildListener('l', { host, port: 6380 }, filter, {})['address'];
      assert.deepEqual(addressOf('::'), { socket_address: { address: '::', port_value: 6380, ipv4_compat: true } });
      assert.deepEqual(addressOf('0.0.0.0'), { socket_address: { address: '0.0.0.0', port_value: 6380 } });
    });
  }
});
