import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { parse } from 'yaml';

const socketAddress = (address: string, port: number) => ({ socket_address: { address, port_value: port } });

suite('b.yaml, the bootstrap for Envoy 1.17 and older', () => {
  const bootstrap = parse(readFileSync(new URL('../b.yaml', import.meta.url), 'utf8')) as Record<string, unknown>;
  const resources = bootstrap.static_resources as Record<string, readonly Record<string, unknown>[]>;

  test('says nothing that Envoy does not know', () => {
    assert.deepEqual(Object.keys(bootstrap).sort(), ['admin', 'dynamic_resources', 'node', 'static_resources']);
    assert.deepEqual(Object.keys(resources).sort(), ['clusters', 'listeners']);
  });

  test('opens the admin page on port 8001, with the access log that Envoy of that time demands', () => {
    assert.deepEqual(bootstrap.admin, { access_log_path: '/dev/null', address: socketAddress('0.0.0.0', 8001) });
  });

  test('names the node', () => {
    assert.deepEqual(bootstrap.node, {
      id: 'default-instance',
      cluster: 'default-cluster',
      metadata: { foo: 'bar', foo2: 'bar2' },
    });
  });

  test('takes clusters from the control plane on a stream of their own', () => {
    assert.deepEqual(bootstrap.dynamic_resources, {
      cds_config: {
        api_config_source: { api_type: 'GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }] },
      },
    });
  });

  test('has one listener, which sends all Redis commands to one cluster', () => {
    const redisProxy = {
      '@type': 'type.googleapis.com/envoy.config.filter.network.redis_proxy.v2.RedisProxy',
      stat_prefix: 'egress_redis',
      settings: { op_timeout: '5s' },
      prefix_routes: { catch_all_route: { cluster: 'bunny_redis_cluster' } },
    };
    assert.deepEqual(resources.listeners, [
      {
        name: 'redis_listener',
        address: socketAddress('0.0.0.0', 6379),
        filter_chains: [{ filters: [{ name: 'envoy.redis_proxy', typed_config: redisProxy }] }],
      },
    ]);
  });

  test('has one cluster, the control plane, reached over one HTTP/2 connection that is kept alive', () => {
    const address = socketAddress('192.168.0.11', 5678);
    const limits = { max_requests: 100_000, max_pending_requests: 100_000 };
    const tcpKeepalive = { keepalive_time: 30, keepalive_interval: 5, keepalive_probes: 3 };
    assert.deepEqual(resources.clusters, [
      {
        name: 'xds_cluster',
        type: 'STRICT_DNS',
        connect_timeout: '0.25s',
        circuit_breakers: { thresholds: [limits] },
        http2_protocol_options: { max_concurrent_streams: 100_000 },
        upstream_connection_options: { tcp_keepalive: tcpKeepalive },
        load_assignment: { cluster_name: 'xds_cluster', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
      },
    ]);
  });
});
