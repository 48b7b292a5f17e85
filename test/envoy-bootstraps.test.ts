// The bootstraps under envoy/: the v3 ones are put before the real Envoy, and each is held to what its users rely on.
// The end-to-end tests run the same files.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { validateBootstrap } from './support/envoy.ts';
import { readBootstrap, type Bootstrap } from './support/bootstrap.ts';
import { checkoutPath } from './support/checkout.ts';

const grpcV3 = {
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }],
  },
};
const grpcV2 = {
  api_config_source: { api_type: 'GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }] },
};
const adsV3 = { resource_api_version: 'V3', ads: {} };

for (const file of ['redis-v3-streams.yaml', 'redis-v3-ads.yaml', 'http-v3.yaml']) {
  test(`Envoy 1.40 takes ${file} without a warning`, async () => {
    const { status, stdout, stderr } = await validateBootstrap(checkoutPath(`envoy/${file}`));
    assert.equal(status, 0, stdout + stderr);
    assert.doesNotMatch(stdout + stderr, /\[(warning|error|critical)\]/);
  });
}

test('Envoy 1.40 refuses what only looks like a bootstrap, so that the tests above can fail', async () => {
  const { status, stdout, stderr } = await validateBootstrap(checkoutPath('envoy/http-v2.yaml'));
  assert.notEqual(status, 0);
  assert.match(stdout + stderr, /http_connection_manager/);
});

interface Expected {
  readonly file: string;
  readonly admin: string;
  readonly listener: string | undefined;
  readonly controlPlane: string;
  readonly dynamicResources: object;
}

const expectations: readonly Expected[] = [
  {
    file: 'redis-v3-streams.yaml',
    admin: '0.0.0.0:8001',
    listener: 'redis_listener 0.0.0.0:6379',
    controlPlane: '192.168.0.11:5678',
    dynamicResources: { cds_config: grpcV3 },
  },
  {
    file: 'redis-v3-ads.yaml',
    admin: '127.0.0.1:8001',
    listener: undefined,
    controlPlane: 'control-plane:5678',
    dynamicResources: {
      ads_config: { ...grpcV3.api_config_source },
      cds_config: adsV3,
      lds_config: adsV3,
    },
  },
  {
    file: 'http-v3.yaml',
    admin: '0.0.0.0:9901',
    listener: 'http_listener 0.0.0.0:3000',
    controlPlane: 'control-plane:5678',
    dynamicResources: { cds_config: grpcV3 },
  },
  {
    file: 'http-v2.yaml',
    admin: '0.0.0.0:9901',
    listener: 'http_listener 0.0.0.0:3000',
    controlPlane: 'control-plane:5678',
    dynamicResources: { cds_config: grpcV2 },
  },
];

for (const expected of expectations) {
  test(`${expected.file} listens and connects where its users expect`, async () => {
    const bootstrap = await readBootstrap(`envoy/${expected.file}`);
    const [listener, ...otherListeners] = bootstrap.static_resources.listeners ?? [];
    const [xds, ...otherClusters] = bootstrap.static_resources.clusters;
    const controlPlane = xds?.load_assignment.endpoints[0]?.lb_endpoints[0]?.endpoint.address;
    assert.equal(showAddress(bootstrap.admin.address), expected.admin);
    assert.equal(listener && `${listener.name} ${showAddress(listener.address)}`, expected.listener);
    assert.equal(xds?.name, 'xds_cluster');
    assert.equal(showAddress(controlPlane), expected.controlPlane);
    assert.deepEqual([otherListeners, otherClusters], [[], []]);
    assert.deepEqual(bootstrap.dynamic_resources, expected.dynamicResources);
  });
}

test('redis-v3-streams.yaml is the twin of b.yaml: node, listener, filter and timeouts are the same', async () => {
  const streams = await readBootstrap('envoy/redis-v3-streams.yaml');
  const original = await readBootstrap('b.yaml');
  assert.deepEqual(streams.node, original.node);
  assert.equal(xdsTimeout(streams), xdsTimeout(original));
  const [{ '@type': v3Type, ...v3Filter }, { '@type': v2Type, ...v2Filter }] = [filterOf(streams), filterOf(original)];
  assert.deepEqual(v3Filter, v2Filter);
  assert.equal(v3Type, 'type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy');
  assert.equal(v2Type, 'type.googleapis.com/envoy.config.filter.network.redis_proxy.v2.RedisProxy');
});

for (const [file, configSource] of [['http-v3.yaml', grpcV3], ['http-v2.yaml', grpcV2]] as const) {
  test(`${file} takes generic_route from the control plane and logs accesses to standard output`, async () => {
    const manager = filterOf(await readBootstrap(`envoy/${file}`));
    assert.equal(manager['codec_type'], 'HTTP1');
    assert.deepEqual(manager['rds'], { route_config_name: 'generic_route', config_source: configSource });
    assert.match(JSON.stringify(manager['access_log']), /StdoutAccessLog|"path":"\/dev\/stdout"/);
  });
}

function showAddress(address: Bootstrap['admin']['address'] | undefined): string {
  return `${address?.socket_address.address}:${address?.socket_address.port_value}`;
}

function xdsTimeout(bootstrap: Bootstrap): unknown {
  return (bootstrap.static_resources.clusters[0] as unknown as { connect_timeout: string }).connect_timeout;
}

function filterOf(bootstrap: Bootstrap): Record<string, unknown> {
  const listener = bootstrap.static_resources.listeners?.[0] as unknown as {
    filter_chains: { filters: { typed_config: Record<string, unknown> }[] }[];
  };
  return listener.filter_chains[0]!.filters[0]!.typed_config;
}
