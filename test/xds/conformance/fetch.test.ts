// Discovery by polling: section "REST-JSON fetch" of the catalogue, without TTL.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serveDiscovery } from '../../api/serve-discovery.ts';
import { addCluster, removeCluster } from '../../support/xds/changes.ts';
import { nodeClusterOf } from '../../../src/xds/node.ts';
import { kinds, typeUrlOf } from '../../support/xds/discovery-api.ts';
import type { ApiVersion, UsualKind } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';

const node = '{"node":{"id":"n"}}';

function pathOf(apiVersion: ApiVersion, kind: UsualKind): string {
  return `/${apiVersion}/discovery:${kind}s`;
}

function configSource(apiVersion: ApiVersion): object {
  const cluster = { cluster_name: 'xds_cluster' };
  if (apiVersion === 'v2') return { api_config_source: { api_type: 'GRPC', grpc_services: [{ envoy_grpc: cluster }] } };
  const retryPolicy = { retry_back_off: { base_interval: '0.500s', max_interval: '3s' } };
  const envoyGrpc = { grpc_services: [{ envoy_grpc: { ...cluster, retry_policy: retryPolicy } }] };
  return {
    api_config_source: { api_type: 'GRPC', transport_api_version: 'V3', ...envoyGrpc },
    resource_api_version: 'V3',
  };
}

const redisProxies: Readonly<Record<ApiVersion, { readonly name: string; readonly type: string }>> = {
  v2: { name: 'envoy.redis_proxy', type: 'envoy.config.filter.network.redis_proxy.v2.RedisProxy' },
  v3: {
    name: 'envoy.filters.network.redis_proxy',
    type: 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
  },
};

/** What a cluster `a` with the prefix `a:` and a server at port 6379 is published as. */
function contentOf(apiVersion: ApiVersion, kind: UsualKind): object {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: 6379 } } };
  const { name, type } = redisProxies[apiVersion];
  const redisProxy = {
    '@type': `type.googleapis.com/${type}`,
    stat_prefix: 'egress_redis',
    settings: { op_timeout: '5s' },
    prefix_routes: { routes: [{ prefix: 'a:', cluster: 'a' }], catch_all_route: { cluster: 'a' } },
  };
  const contents: Readonly<Record<UsualKind, object>> = {
    cluster: {
      name: 'a',
      type: 'EDS',
      eds_cluster_config: { eds_config: configSource(apiVersion) },
      connect_timeout: '5s',
    },
    endpoint: { cluster_name: 'a', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    listener: {
      name: 'redis_listener',
      address: { socket_address: { address: '0.0.0.0', port_value: 6379 } },
      filter_chains: [{ filters: [{ name, typed_config: redisProxy }] }],
    },
    route: {
      name: 'generic_route',
      virtual_hosts: [
        {
          name: 'virtual_host',
          domains: ['*'],
          routes: [{ match: { prefix: 'a:' }, route: { cluster: 'a', prefix_rewrite: '/' } }],
        },
      ],
    },
  };
  return contents[kind];
}

for (const apiVersion of ['v2', 'v3'] as const) {
  for (const kind of kinds) {
    test(`FET-01 ${kind}s in proto3 JSON (${apiVersion})`, async (t) => {
      const { xds, post } = await serveDiscovery(t);
      xds.commit(...addCluster('a', 6379));
      const { status, body } = await post(pathOf(apiVersion, kind), node);
      assert.equal(status, 200);
      const { version_info: version, ...response } = JSON.parse(body) as { version_info: string };
      const typeUrl = typeUrlOf(apiVersion, kind);
      assert.deepEqual(response, {
        resources: [{ '@type': typeUrl, ...contentOf(apiVersion, kind) }],
        type_url: typeUrl,
        control_plane: { identifier: 'redis-envoy-controlplane' },
      });
      const stream = xds.client({ apiVersion, isAggregated: false });
      stream.subscribe(kind, kind === 'route' ? 'generic_route' : kind === 'listener' ? '*' : 'a');
      assert.equal((await stream.next(kind)).versionInfo, version, 'the version is that of a stream');
    });

    test(`FET-02 nothing new is a 304 without a body (${kind}s, ${apiVersion})`, async (t) => {
      const { xds, post } = await serveDiscovery(t);
      xds.commit(...addCluster('a', 6379));
      const path = pathOf(apiVersion, kind);
      const { version_info: version } = JSON.parse((await post(path, node)).body) as { version_info: string };
      for (const name of ['version_info', 'versionInfo']) {
        const { status, body } = await post(path, JSON.stringify({ node: { id: 'n' }, [name]: version }));
        assert.deepEqual([status, body], [304, '']);
      }
      xds.commit(...removeCluster('a', 6379));
      const changed = await post(path, JSON.stringify({ node: { id: 'n' }, version_info: version }));
      assert.equal(changed.status, 200);
    });

    test(`FET-02 bad fetches are refused, in words (${kind}s, ${apiVersion})`, async (t) => {
      const { xds, post } = await serveDiscovery(t);
      xds.commit(...addCluster('a', 6379));
      for (const body of ['', 'not JSON', '{}', '{"node":{}}', '{"node":{"id":""}}', '{"resource_names":["a"]}']) {
        const answer = await post(pathOf(apiVersion, kind), body);
        assert.equal(answer.status, 400, body);
        assert.match(answer.body, /^.+\n$/u);
      }
    });

    test(`FET-02 nothing hangs before anything is published (${kind}s, ${apiVersion})`, async (t) => {
      const { post } = await serveDiscovery(t);
      assert.equal((await post(pathOf(apiVersion, kind), node)).status, 503);
    });
  }

  test(`FET-02 an unknown path is not found (${apiVersion})`, async (t) => {
    const { post } = await serveDiscovery(t);
    for (const name of ['runtime', 'nothing', '']) {
      assert.equal((await post(`/${apiVersion}/discovery:${name}`, node)).status, 404);
    }
  });

  test(`FET-02 an unknown node is not given what is another's (${apiVersion})`, async (t) => {
    const { xds, post } = await serveDiscovery(t, nodeClusterOf);
    const ask = async (cluster: string): Promise<number> => {
      return (await post(`/${apiVersion}/discovery:clusters`, JSON.stringify({ node: { id: 'n', cluster } }))).status;
    };
    xds.publish(buildSnapshot({ clusters: { a: 1 } }), 'red');
    assert.deepEqual([await ask('red'), await ask('blue'), await ask('')], [200, 503, 503]);
    xds.publish(buildSnapshot({ clusters: { b: 1 } }));
    assert.deepEqual([await ask('red'), await ask('blue'), await ask('')], [200, 200, 200]);
  });
}
