import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { JsonMessage } from '../../src/proto/json-message.ts';
import { decodeMessage } from '../../src/proto/protos.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { encodeClientStatus, renderClientStatus } from '../../src/xds/client-status.ts';
import type { ClientPages } from '../../src/xds/client-status.ts';
import { foldClients } from '../../src/xds/client.ts';
import type { Nack, StreamStatus, TypeStatus } from '../../src/xds/stream-status.ts';
import { kinds, typeUrlOf } from '../support/xds/discovery-api.ts';
import type { Kind } from '../support/xds/discovery-api.ts';
import { buildStreamStatus, buildTypeStatus, nodeOf, subscriptionTo } from '../support/xds/stream-status.ts';

const all = new JsonMessage({});

const atMs = 1_700_000_000_250 - performance.timeOrigin;
const nack: Nack = { atMs, version: 'v-bad', message: 'no such cluster', names: [], isInForce: false };

function streamOf(id: string, peer: string, types: readonly TypeStatus[], kind?: Kind): StreamStatus {
  return buildStreamStatus(types, {
    method: { apiVersion: 'v3', protocol: 'sotw', kind },
    peer,
    node: nodeOf(id),
  });
}

interface Config {
  readonly node: object;
  readonly client_scope: string;
  readonly generic_xds_configs: readonly Record<string, unknown>[];
}

/** Of two clients each. */
function pagesOf(statuses: readonly StreamStatus[]): ClientPages {
  return function* (select) {
    const clients = foldClients(statuses);
    const selected = select(new Set(clients.map(({ node }) => node.id)));
    const wanted = clients.filter(({ node }) => selected.has(node.id));
    for (let start = 0; start <= wanted.length; start += 2) yield wanted.slice(start, start + 2);
  };
}

async function configs(statuses: readonly StreamStatus[], request = all): Promise<readonly Config[]> {
  const name = 'envoy.service.status.v3.ClientStatusResponse';
  const response = decodeMessage(name, await encodeClientStatus(request, pagesOf(statuses)));
  return (response['config'] ?? []) as readonly Config[];
}

/** The entry about clusters of the only client. */
async function clusterConfig(type: TypeStatus): Promise<Record<string, unknown> | undefined> {
  return (await configs([streamOf('n', 'p', [type])]))[0]?.generic_xds_configs[0];
}

describe('client status', () => {
  test('of nobody is empty', async () => {
    assert.deepEqual(await configs([]), []);
    assert.deepEqual(await configs([buildStreamStatus([], { node: undefined })]), []);
  });

  test('says who it is, and has an entry for every type, asked for or not', async () => {
    const [config, ...others] = await configs([streamOf('n', '127.0.0.1:1', [buildTypeStatus('endpoint')])]);
    assert.deepEqual(others, []);
    const node = { id: 'n', cluster: 'redis', user_agent_name: 'envoy', user_agent_version: '1.40.0' };
    assert.deepEqual(config?.node, node);
    assert.equal(config?.client_scope, '127.0.0.1:1');
    assert.deepEqual(
      config?.generic_xds_configs,
      kinds.map((kind) =>
        kind === 'endpoint'
          ? { type_url: typeUrlOf('v3', kind), version_info: 'v-1', config_status: 'SYNCED', client_status: 'ACKED' }
          : { type_url: typeUrlOf('v3', kind), config_status: 'NOT_SENT' },
      ),
    );
  });

  const states: readonly (readonly [type: Partial<TypeStatus>, status: string, clientStatus: string])[] = [
    [{ state: 'synced' }, 'SYNCED', 'ACKED'],
    [{ state: 'stale', versionSent: 'v-2' }, 'STALE', 'ACKED'],
    [{ state: 'stale', versionAccepted: '' }, 'STALE', 'REQUESTED'],
    [{ state: 'error', lastNack: nack }, 'ERROR', 'NACKED'],
    [{ state: 'not-sent', versionSent: '', versionAccepted: '' }, 'NOT_SENT', 'REQUESTED'],
  ];
  for (const [fields, status, clientStatus] of states) {
    test(`of ${JSON.stringify(fields)} is ${status} and ${clientStatus}`, async () => {
      const config = await clusterConfig(buildTypeStatus('cluster', fields));
      assert.equal(config?.['config_status'], status);
      assert.equal(config?.['client_status'], clientStatus);
      assert.equal(config?.['version_info'], fields.versionSent === '' ? undefined : (fields.versionSent ?? 'v-1'));
      assert.equal('error_state' in config, status === 'ERROR');
    });
  }

  test('has the time of the last response or answer', async () => {
    const lastUpdated = { seconds: 1_700_000_000, nanos: 250_000_000 };
    const config = await clusterConfig(buildTypeStatus('cluster', { updatedAtMs: atMs }));
    assert.deepEqual(config?.['last_updated'], lastUpdated);
    assert.equal((await clusterConfig(buildTypeStatus('cluster')))?.['last_updated'], undefined);
  });

  test('of a refusal has its words, its version and its time', async () => {
    const config = await clusterConfig(buildTypeStatus('cluster', { state: 'error', versionSent: 'v-bad', lastNack: nack }));
    assert.deepEqual(config?.['error_state'], {
      details: 'no such cluster',
      version_info: 'v-bad',
      last_update_attempt: { seconds: 1_700_000_000, nanos: 250_000_000 },
    });
  });

  test('of a refusal that is over has none of it', async () => {
    const config = await clusterConfig(buildTypeStatus('cluster', { lastNack: nack }));
    assert.equal(config?.['error_state'], undefined);
  });

  test('puts the streams of one connection together, each with what it asks for', async () => {
    const endpointsOf = (name: string): TypeStatus =>
      buildTypeStatus('endpoint', { subscription: subscriptionTo([name]), versionSent: `v-${name}` });
    const [config, ...others] = await configs([
      streamOf('n', 'p', [buildTypeStatus('cluster')], 'cluster'),
      streamOf('n', 'p', [endpointsOf('a')], 'endpoint'),
      streamOf('n', 'p', [endpointsOf('b')], 'endpoint'),
    ]);
    assert.deepEqual(others, []);
    const names = config?.generic_xds_configs.map(({ name, version_info: version }) => [name, version]);
    const none = [undefined, undefined];
    assert.deepEqual(names, [[undefined, 'v-1'], ['a', 'v-a'], ['b', 'v-b'], none, none]);
  });

  test('of clusters that were taken without asking for their endpoints says that these were not sent', async () => {
    const resources = ['a', 'b', 'c'].map((name) => new Resource(name, Buffer.from(name)));
    const set = ResourceSet.of({ typeUrl: 't', apiVersion: 'v3' }, resources);
    const taken = { clusters: set.view(subscriptionTo()), endpoints: set, atMs: performance.now() - 60_000 };
    const clusters = buildTypeStatus('cluster', { taken });
    const endpoints = buildTypeStatus('endpoint', { subscription: subscriptionTo(['a']) });
    const shown = async (stream: StreamStatus) =>
      (await configs([stream]))[0]?.generic_xds_configs
        .filter(({ type_url: url }) => url === typeUrlOf('v3', 'endpoint'))
        .map(({ name, config_status: status }) => `${String(name)} ${String(status)}`);
    assert.deepEqual(await shown(buildStreamStatus([clusters, endpoints])), ['a SYNCED', 'b NOT_SENT', 'c NOT_SENT']);
    assert.deepEqual(await shown(buildStreamStatus([clusters])), ['a NOT_SENT', 'b NOT_SENT', 'c NOT_SENT']);
  });

  test('has an entry per Envoy and connection, sorted', async () => {
    const statuses = [streamOf('b', 'p', []), streamOf('a', 'q', []), streamOf('a', 'p', [])];
    const found = (await configs(statuses)).map(({ node, client_scope: peer }) => [(node as { id: string }).id, peer]);
    assert.deepEqual(found, [['a', 'p'], ['a', 'q'], ['b', 'p']]);
  });

  test('of an Envoy that takes its listeners by a stream of their own says so of no type twice', async () => {
    const delta = { apiVersion: 'v3', protocol: 'delta', kind: 'listener' } as const;
    const [config, ...others] = await configs([
      buildStreamStatus([buildTypeStatus('cluster')]),
      buildStreamStatus([buildTypeStatus('listener')], { method: delta }),
    ]);
    assert.deepEqual(others, []);
    const statuses = config?.generic_xds_configs.map(({ config_status: status }) => status);
    assert.deepEqual(statuses, ['SYNCED', 'NOT_SENT', 'SYNCED', 'NOT_SENT']);
  });

  test('has those that match, and no other', async () => {
    const request = JsonMessage.parse('{"nodeMatchers":[{"nodeId":{"exact":"b"}}]}');
    const found = await configs([streamOf('a', 'p', []), streamOf('b', 'p', []), streamOf('b', 'q', [])], request);
    assert.deepEqual(found.map(({ client_scope: peer }) => peer), ['p', 'q']);
  });

  test('of a v2 Envoy has v2 types', async () => {
    const method = { apiVersion: 'v2', protocol: 'sotw', kind: undefined } as const;
    const stream = { ...streamOf('n', 'p', []), method };
    const urls = (await configs([stream]))[0]?.generic_xds_configs.map(({ type_url: url }) => url);
    assert.deepEqual(urls, kinds.map((kind) => typeUrlOf('v2', kind)));
  });

  test('in JSON has times and enums as proto3 JSON has them', async () => {
    const stream = streamOf('n', 'p', [buildTypeStatus('cluster', { state: 'error', lastNack: nack })]);
    const rendered = JSON.parse(await renderClientStatus(all, pagesOf([stream]))) as { config: readonly Config[] };
    assert.deepEqual(rendered.config[0]?.generic_xds_configs[0], {
      type_url: typeUrlOf('v3', 'cluster'),
      version_info: 'v-1',
      config_status: 'ERROR',
      client_status: 'NACKED',
      error_state: {
        details: 'no such cluster',
        version_info: 'v-bad',
        last_update_attempt: '2023-11-14T22:13:20.250Z',
      },
    });
    assert.equal(await renderClientStatus(all, pagesOf([])), '{}');
    const three = ['a', 'b', 'c'].map((id) => streamOf(id, 'p', []));
    const { config } = JSON.parse(await renderClientStatus(all, pagesOf(three))) as { config: readonly Config[] };
    assert.equal(config.length, 3);
  });
});
