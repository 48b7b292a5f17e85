// The bootstraps under envoy/: the v3 ones are put before the real Envoy, and each is held to what its users rely on.
// The end-to-end tests run the same files.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { parse } from 'yaml';

import { buildConfigSource } from '../src/render/config-source.ts';
import { dialects } from '../src/snapshot/dialect.ts';
import { moveToLoopback, readBootstrap, type Bootstrap } from './support/bootstrap.ts';
import { checkoutPath } from './support/checkout.ts';
import { startEnvoy, validateBootstrap, type Envoy } from './support/envoy.ts';
import { freePort } from './support/free-port.ts';
import { connectRedis } from './support/resp-client.ts';

const v3Files = [
  'envoy/redis-v3-ads.yaml',
  'envoy/redis-v3-delta-ads.yaml',
  'envoy/redis-v3-streams.yaml',
  'envoy/redis-v3-delta-streams.yaml',
  'envoy/redis-v3-rest.yaml',
  'envoy/http-v3.yaml',
];
const v2Files = ['b.yaml', 'envoy/http-v2.yaml'];
const allFiles = [...v3Files, ...v2Files];

const backOff = { retry_policy: { retry_back_off: { base_interval: '0.5s', max_interval: '3s' } } };
const grpcV3 = {
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster', ...backOff } }],
  },
};
const deltaV3 = { ...grpcV3, api_config_source: { ...grpcV3.api_config_source, api_type: 'DELTA_GRPC' } };
const grpcV2 = {
  api_config_source: { api_type: 'GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }] },
};
const adsV3 = { resource_api_version: 'V3', ads: {} };
const restV3 = {
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'REST',
    transport_api_version: 'V3',
    cluster_names: ['xds_rest'],
    refresh_delay: '1s',
    request_timeout: '15s',
  },
};

for (const file of v3Files) {
  test(`Envoy 1.40 takes ${file} without a warning`, async () => {
    const { status, stdout, stderr } = await validateBootstrap(checkoutPath(file));
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
  readonly clusters: readonly string[];
  readonly dynamicResources: object;
}

const expectations: readonly Expected[] = [
  {
    file: 'b.yaml',
    admin: '0.0.0.0:8001',
    listener: 'redis_listener 0.0.0.0:6379',
    clusters: ['xds_cluster 192.168.0.11:5678'],
    dynamicResources: { cds_config: grpcV2 },
  },
  {
    file: 'envoy/redis-v3-streams.yaml',
    admin: '127.0.0.1:8001',
    listener: 'redis_listener 0.0.0.0:6379',
    clusters: ['xds_cluster control-plane:5678'],
    dynamicResources: { cds_config: grpcV3 },
  },
  {
    file: 'envoy/redis-v3-delta-streams.yaml',
    admin: '127.0.0.1:8001',
    listener: 'redis_listener 0.0.0.0:6379',
    clusters: ['xds_cluster control-plane:5678'],
    dynamicResources: { cds_config: deltaV3 },
  },
  {
    file: 'envoy/redis-v3-ads.yaml',
    admin: '127.0.0.1:8001',
    listener: undefined,
    clusters: ['xds_cluster control-plane:5678'],
    dynamicResources: { ads_config: grpcV3.api_config_source, cds_config: adsV3, lds_config: adsV3 },
  },
  {
    file: 'envoy/redis-v3-delta-ads.yaml',
    admin: '127.0.0.1:8001',
    listener: undefined,
    clusters: ['xds_cluster control-plane:5678'],
    dynamicResources: { ads_config: deltaV3.api_config_source, cds_config: adsV3, lds_config: adsV3 },
  },
  {
    file: 'envoy/redis-v3-rest.yaml',
    admin: '127.0.0.1:8001',
    listener: undefined,
    clusters: ['xds_cluster control-plane:5678', 'xds_rest control-plane:8000'],
    dynamicResources: { cds_config: restV3, lds_config: restV3 },
  },
  {
    file: 'envoy/http-v3.yaml',
    admin: '0.0.0.0:9901',
    listener: 'http_listener 0.0.0.0:3000',
    clusters: ['xds_cluster control-plane:5678'],
    dynamicResources: { cds_config: grpcV3 },
  },
  {
    file: 'envoy/http-v2.yaml',
    admin: '127.0.0.1:9901',
    listener: 'http_listener 0.0.0.0:3000',
    clusters: ['xds_cluster control-plane:5678'],
    dynamicResources: { cds_config: grpcV2 },
  },
];

test('every shipped bootstrap is expected below', () => {
  assert.deepEqual(expectations.map(({ file }) => file).toSorted(), allFiles.toSorted());
  const inFolder = readdirSync(checkoutPath('envoy')).filter((name) => name.endsWith('.yaml'));
  assert.deepEqual(inFolder.map((name) => `envoy/${name}`).toSorted(), allFiles.filter((file) => file !== 'b.yaml').toSorted());
});

for (const expected of expectations) {
  test(`${expected.file} listens and connects where its users expect`, async () => {
    const bootstrap = await readBootstrap(expected.file);
    const [listener, ...otherListeners] = bootstrap.static_resources.listeners ?? [];
    const clusters = bootstrap.static_resources.clusters.map(({ name, load_assignment: { endpoints } }) => {
      return `${name} ${showAddress(endpoints[0]?.lb_endpoints[0]?.endpoint.address)}`;
    });
    assert.equal(showAddress(bootstrap.admin.address), expected.admin);
    assert.equal(listener && `${listener.name} ${showAddress(listener.address)}`, expected.listener);
    assert.deepEqual(otherListeners, []);
    assert.deepEqual(clusters, expected.clusters);
    assert.deepEqual(bootstrap.dynamic_resources, expected.dynamicResources);
  });
}

test('redis-v3-streams.yaml is the twin of b.yaml: node, listener and filter are the same', async () => {
  const streams = await readBootstrap('envoy/redis-v3-streams.yaml');
  const original = await readBootstrap('b.yaml');
  assert.deepEqual(streams.node, original.node);
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

for (const file of allFiles) {
  describe(`the cluster to the control plane in ${file}`, () => {
    test('has room for a stream per cluster, on one connection', async () => {
      const cluster = await readXdsCluster(file);
      assert.deepEqual(cluster.circuit_breakers, {
        thresholds: [{ max_requests: 100_000, max_pending_requests: 100_000 }],
      });
      assert.equal(http2Of(cluster).max_concurrent_streams, 100_000);
    });

    test('notices one that vanished in the time that the comment says', async () => {
      const cluster = await readXdsCluster(file);
      const comment = / is noticed, and\s+(?:# )?left, after (\d+) s\./.exec(await readFile(checkoutPath(file), 'utf8'));
      assert.equal(Number(comment?.[1]), secondsToNotice(cluster));
    });

    test('is given 5 s to connect to, but where the original says otherwise', async () => {
      const { connect_timeout: timeout } = await readXdsCluster(file);
      assert.equal(timeout, file === 'b.yaml' ? '0.25s' : '5s');
    });
  });

  test(`${file} says how an Envoy gets a node id of its own`, async () => {
    const text = await readFile(checkoutPath(file), 'utf8');
    assert.match(text, /# One id per Envoy(?:.*\n#)+.*--service-node NAME, which goes before what stands here\.\nnode:/);
    assert.match(text, /# To change: the node id, and the address(?:es)? of the control plane/);
  });
}

for (const page of ['docs/connect.md', 'docs/connect.zh-CN.md']) {
  test(`the file of one's own in ${page} says what redis-v3-ads.yaml says`, async () => {
    const [, snippet = ''] = /```yaml\n(node: [^`]+)```/.exec(await readFile(checkoutPath(page), 'utf8')) ?? [];
    const { node, dynamic_resources, static_resources } = parse(snippet) as Bootstrap;
    const shipped = await readBootstrap('envoy/redis-v3-ads.yaml');
    assert.deepEqual(Object.keys(node), Object.keys(shipped.node));
    assert.deepEqual(dynamic_resources, shipped.dynamic_resources);
    const { type, load_assignment, ...rest } = await readXdsCluster('envoy/redis-v3-ads.yaml');
    assert.deepEqual(static_resources.clusters, [rest]);
    assert.deepEqual([type, load_assignment.cluster_name], ['STRICT_DNS', 'xds_cluster']);
  });
}

/** A started Envoy with a bootstrap of ours that has a listener of its own; nobody answers on the xDS port. */
async function startAlone(t: TestContext, bootstrap: Bootstrap, flags: readonly string[] = []): Promise<[Envoy, number]> {
  const listener = await freePort();
  const ports = { admin: await freePort(), xds: await freePort(), listener };
  return [await startEnvoy(t, moveToLoopback(bootstrap, ports), { flags }), listener];
}

test('the node id on the command line goes before the one in the file', async (t) => {
  const [envoy] = await startAlone(t, await readBootstrap('envoy/redis-v3-streams.yaml'), ['--service-node', 'envoy-7']);
  assert.equal(await envoy.nodeId(), 'envoy-7');
});

test('clusters say of the streams for their endpoints what the bootstraps say of the others', () => {
  const { api_config_source: source } = buildConfigSource(dialects.v3.grpc, 'xds_cluster') as typeof grpcV3;
  const { retry_back_off: published } = source.grpc_services[0]!.envoy_grpc.retry_policy;
  assert.deepEqual(published, { base_interval: { nanos: 500_000_000 }, max_interval: { seconds: 3 } });
  assert.deepEqual(backOff.retry_policy.retry_back_off, { base_interval: '0.5s', max_interval: '3s' });
});

for (const file of v3Files) {
  test(`${file} tries again within the time that its comment says`, async () => {
    const text = await readFile(checkoutPath(file), 'utf8');
    // Not the one of polling, which has a delay instead.
    const limits = [...text.matchAll(/Tried again within (\d+) s,.*\n *retry_policy: .*max_interval: (\d+)s/g)];
    assert.equal(limits.length, text.match(/ envoy_grpc:/g)?.length ?? 0);
    for (const [, said, set] of limits) assert.equal(said, set);
  });

  test(`${file} limits the connections of clients`, async () => {
    assert.equal(connectionLimitOf(await readBootstrap(file)).max_active_downstream_connections, 50_000);
  });
}

test('connections beyond the limit are closed, and Envoy has nothing to warn of at its start', async (t) => {
  const bootstrap = await readBootstrap('envoy/redis-v3-streams.yaml');
  connectionLimitOf(bootstrap).max_active_downstream_connections = 2;
  const [envoy, port] = await startAlone(t, bootstrap);
  await envoy.untilLive();
  assert.doesNotMatch(envoy.child.output, /downstream connections/);
  const kept = [await connectRedis(t, port), await connectRedis(t, port)];
  for (const redis of kept) assert.equal(await redis.ask('PING'), 'PONG');
  const refused = await connectRedis(t, port);
  await assert.rejects(refused.ask('PING'));
  for (const redis of kept) assert.equal(await redis.ask('PING'), 'PONG');
});

function showAddress(address: Bootstrap['admin']['address'] | undefined): string {
  return `${address?.socket_address.address}:${address?.socket_address.port_value}`;
}

interface Http2Options {
  readonly max_concurrent_streams?: number;
  readonly connection_keepalive?: { readonly interval: string; readonly timeout: string };
}

/** The parts of `xds_cluster` that say how Envoy holds on to the control plane. */
type XdsCluster = Bootstrap['static_resources']['clusters'][number] & {
  readonly type: string;
  readonly connect_timeout: string;
  readonly circuit_breakers: unknown;
  readonly load_assignment: { readonly cluster_name: string };
  /** v3 */
  readonly typed_extension_protocol_options?: Readonly<
    Record<string, { readonly explicit_http_config: { readonly http2_protocol_options: Http2Options } }>
  >;
  /** v2 */
  readonly http2_protocol_options?: Http2Options;
  readonly upstream_connection_options?: {
    readonly tcp_keepalive: Readonly<Record<'keepalive_time' | 'keepalive_interval' | 'keepalive_probes', number>>;
  };
};

async function readXdsCluster(file: string): Promise<XdsCluster> {
  const { clusters } = (await readBootstrap(file)).static_resources;
  return (clusters.find(({ name }) => name === 'xds_cluster') ?? assert.fail(file)) as XdsCluster;
}

function http2Of({ typed_extension_protocol_options: v3, http2_protocol_options: v2 }: XdsCluster): Http2Options {
  const [options] = Object.values(v3 ?? {});
  return options?.explicit_http_config.http2_protocol_options ?? v2 ?? assert.fail('no HTTP/2');
}

/** By HTTP/2 pings, and where there are none by TCP's probes. */
function secondsToNotice(cluster: XdsCluster): number {
  const { connection_keepalive: pings } = http2Of(cluster);
  if (pings !== undefined) return Number.parseFloat(pings.interval) + Number.parseFloat(pings.timeout);
  const { keepalive_time, keepalive_interval, keepalive_probes } =
    cluster.upstream_connection_options?.tcp_keepalive ?? assert.fail('nothing notices it');
  return keepalive_time + keepalive_interval * keepalive_probes;
}

/** Where a bootstrap says how many connections of clients Envoy takes. */
function connectionLimitOf(bootstrap: Bootstrap): { max_active_downstream_connections: number } {
  const { overload_manager: overload } = bootstrap as unknown as {
    overload_manager: { resource_monitors: { typed_config: { max_active_downstream_connections: number } }[] };
  };
  return overload.resource_monitors[0]?.typed_config ?? assert.fail('there is no monitor');
}

function filterOf(bootstrap: Bootstrap): Record<string, unknown> {
  const listener = bootstrap.static_resources.listeners?.[0] as unknown as {
    filter_chains: { filters: { typed_config: Record<string, unknown> }[] }[];
  };
  return listener.filter_chains[0]!.filters[0]!.typed_config;
}
