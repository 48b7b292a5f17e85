import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';

import type { ClientMessage, ClientsMessage, TypeMessage } from '../../../src/api/v2/messages.ts';
import type { PublishedStatus } from '../../../src/commit/published.ts';
import { encodeMessage } from '../../../src/proto/protos.ts';
import { Presence, keptId } from '../../../src/xds/presence.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { addCluster, addEndpoint, removeCluster } from '../../support/xds/changes.ts';
import { DeltaClient, connectDelta } from '../../support/xds/delta-client.ts';
import { discoveryApis, typeUrlOf } from '../../support/xds/discovery-api.ts';
import { FakeTransport } from '../../support/xds/fake-transport.ts';
import { SotwClient } from '../../support/xds/sotw-client.ts';
import { SotwStream } from '../../support/xds/sotw-stream.ts';
import { buildStreamStatus, nodeOf } from '../../support/xds/stream-status.ts';
import { allVariants } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';
import { openDesk } from '../../support/open-desk.ts';
import { getClients, serveV2 } from './serve-v2.ts';
import type { ServedV2 } from './serve-v2.ts';

const v3: WireVariant = { apiVersion: 'v3', isAggregated: true };
const isoTime = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u;

/** The one client there is, as soon as `isSo` says that it is as it should be. */
async function untilClient(api: ServedV2, isSo: (client: ClientMessage) => boolean): Promise<ClientMessage> {
  let answer: ClientsMessage | undefined;
  return waitUntil('the client is as expected', async () => {
    answer = await getClients(api);
    const [client] = answer.clients;
    if (answer.clients.length === 1 && client !== undefined && isSo(client)) return client;
    throw new Error(JSON.stringify(answer));
  });
}

function typeOf({ types }: ClientMessage, name: TypeMessage['type']): TypeMessage {
  const type = types.find((each) => each.type === name);
  assert.ok(type);
  return type;
}

test('nobody is connected, nothing drains', async (t) => {
  const api = await serveV2(t);
  const response = await fetch(`${api.url}/clients`);
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.deepEqual(await response.json(), {
    summary: { state: 'ok', message: 'no Envoys' },
    warnings: [],
    draining: [],
    old_routes: [],
    orders: [],
    in_sync: true,
    gone: [],
    returning: null,
    expected: null,
    clients: [],
  });
});

for (const variant of allVariants) {
  const { apiVersion, isAggregated } = variant;
  test(`a client in sync (${apiVersion}, ${isAggregated ? 'aggregated' : 'per type'})`, async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const client = api.xds.client(variant, 'envoy-7');
    const held = await client.hold({ cluster: [], endpoint: ['a'] });
    const { connected_since: since, types, peer, ...rest } = await untilClient(api, ({ state }) => state === 'synced');
    assert.deepEqual(rest, {
      node: { id: 'envoy-7', cluster: 'redis', user_agent: '', user_agent_version: '' },
      api_version: apiVersion,
      mode: 'sotw',
      aggregated: isAggregated,
      streams: isAggregated ? 1 : 2,
      state: 'synced',
      reason: null,
      unknown_types: [],
      unasked: null,
    });
    assert.match(peer, /^127\.0\.0\.1:\d+$/u);
    assert.match(since, isoTime);
    assert.ok(Math.abs(Date.now() - Date.parse(since)) < 600_000);
    const names = {
      cluster: { wildcard: true, count: 0, names: [] },
      endpoint: { wildcard: false, count: 1, names: ['a'] },
    };
    const expected = (['cluster', 'endpoint'] as const).map((type) => ({
      type,
      type_url: typeUrlOf(apiVersion, type),
      state: 'synced',
      reason: null,
      version_sent: held[type].versionInfo,
      version_acked: held[type].versionInfo,
      runs_earlier: false,
      unacked_since: null,
      unwritten_since: null,
      last_nack: null,
      api_version: apiVersion,
      mode: 'sotw',
      aggregated: isAggregated,
      names: names[type],
    }));
    assert.deepEqual(types.map(({ bytes_sent: _, ...type }) => type), expected);
    assert.ok(types.every(({ bytes_sent: bytes }) => bytes > 40));
  });
}

test('a delta client, its user agent', async (t) => {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1));
  const service = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
  const call = api.xds.connect().call(`${service}/DeltaAggregatedResources`);
  const version = { version: { major_number: 1, minor_number: 40, patch: 2 } };
  const node = { id: 'd', user_agent_name: 'envoy', user_agent_build_version: version };
  const request = { node, type_url: typeUrlOf('v3', 'cluster'), resource_names_subscribe: ['*', 'b'] };
  call.send(encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', request));
  const client = await untilClient(api, ({ types }) => types[0]?.state === 'stale');
  assert.equal(client.mode, 'delta');
  assert.deepEqual(client.node, { id: 'd', cluster: '', user_agent: 'envoy', user_agent_version: '1.40.2' });
  assert.deepEqual(client.types[0]?.names, { wildcard: true, count: 1, names: ['b'] });
});

describe('what is not in sync is told with its reason:', () => {
  test('nothing was committed yet', async (t) => {
    const api = await serveV2(t);
    api.xds.client(v3).subscribe('cluster');
    const client = await untilClient(api, ({ types }) => types.length === 1);
    const { names, type_url, ...type } = typeOf(client, 'cluster');
    assert.equal(client.state, 'not-sent');
    assert.deepEqual(type, {
      type: 'cluster',
      state: 'not-sent',
      reason: 'not sent: nothing was committed yet',
      version_sent: null,
      version_acked: null,
      runs_earlier: false,
      unacked_since: null,
      unwritten_since: null,
      last_nack: null,
      api_version: 'v3',
      mode: 'sotw',
      aggregated: true,
      bytes_sent: 0,
    });
  });

  test('sent, not answered', async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const client = api.xds.client(v3);
    const held = await client.hold({ cluster: [], endpoint: ['a'] });
    api.xds.commit(addEndpoint('a', 2));
    const { versionInfo } = await client.next('endpoint');
    const shown = await untilClient(api, ({ state }) => state === 'stale');
    assert.equal(typeOf(shown, 'cluster').state, 'synced');
    const { state, reason, version_sent, version_acked, unacked_since } = typeOf(shown, 'endpoint');
    assert.deepEqual([state, version_sent, version_acked], ['stale', versionInfo, held.endpoint.versionInfo]);
    assert.match(String(unacked_since), isoTime);
    assert.equal(reason, `sent, not answered since ${unacked_since}`);
  });

  test('rejected', async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const client = api.xds.client(v3);
    const held = await client.hold({ cluster: [], endpoint: ['a'] });
    api.xds.commit(addEndpoint('a', 2));
    const { versionInfo } = await client.next('endpoint');
    client.nack('endpoint', 'bad\nport');
    const shown = await untilClient(api, ({ state }) => state === 'error');
    const { reason, version_sent, version_acked, unacked_since, last_nack } = typeOf(shown, 'endpoint');
    assert.deepEqual([reason, unacked_since], ['bad port', null]);
    assert.deepEqual([version_sent, version_acked], [versionInfo, held.endpoint.versionInfo]);
    assert.match(String(last_nack?.at), isoTime);
    const told = { at: '', version: versionInfo, message: 'bad port', names: ['a'], in_force: false };
    assert.deepEqual({ ...last_nack, at: '' }, told);
  });

  test('held back by make-before-break', async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const client = api.xds.client(v3);
    await client.hold({ cluster: [], endpoint: ['a'], listener: [] });
    api.xds.commit(...removeCluster('a', 1), ...addCluster('b', 2));
    await client.next('cluster');
    const shown = await untilClient(api, ({ state }) => state === 'stale');
    const { state, reason } = typeOf(shown, 'listener');
    assert.equal(state, 'stale');
    assert.equal(reason, 'not sent: held back until the other types on its stream are answered');
  });

  test('a client that does not read', async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const client = new SotwClient(api.xds.connectByHand(0), v3);
    client.subscribe('cluster');
    await untilClient(api, ({ types }) => types.some(({ bytes_sent: bytes }) => bytes > 0));
    client.subscribe('endpoint', 'a');
    const shown = await untilClient(api, ({ types }) => types.length === 2);
    const { unacked_since: since } = typeOf(shown, 'cluster');
    assert.match(String(since), isoTime);
    for (const [type, state] of [['cluster', 'stale'], ['endpoint', 'not-sent']] as const) {
      const { reason, ...told } = typeOf(shown, type);
      assert.deepEqual([told.state, told.unwritten_since], [state, since]);
      assert.equal(reason, `not read: the last response is still in our send buffer since ${since}`);
    }
  });
});

test('a rejection of an earlier push: the client runs the version that was sent', async (t) => {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1), ...addCluster('b', 1));
  const client = api.xds.client(v3);
  await client.hold({ cluster: [], endpoint: ['a', 'b'] });
  api.xds.commit(addEndpoint('a', 2));
  await client.next('endpoint');
  api.xds.commit(addEndpoint('b', 3));
  const { versionInfo } = await client.next('endpoint');
  client.send('endpoint', { version_info: versionInfo, error_detail: { code: 13, message: 'bad' } });
  const shown = await untilClient(api, ({ types }) => types.some(({ last_nack: nack }) => nack !== null));
  const { state, reason, version_acked, last_nack } = typeOf(shown, 'endpoint');
  assert.deepEqual([state, reason, version_acked], ['synced', null, versionInfo]);
  assert.deepEqual([last_nack?.version, last_nack?.names, last_nack?.in_force], [versionInfo, ['a'], true]);
});

test('streams of one connection are one client, with the version of all that they have together', async (t) => {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1), ...addCluster('b', 2, 3));
  const connection = api.xds.connect();
  const client = new SotwClient(connection, { apiVersion: 'v3', isAggregated: false }, 'e');
  await client.hold({ cluster: [] });
  for (const name of ['b', 'a']) {
    const stream = new SotwStream(connection, discoveryApis.v3.paths.endpoint, 'v3', { id: 'e', cluster: 'redis' });
    stream.send({ resource_names: [name] });
    const { nonce, versionInfo } = await stream.responses.take('endpoints');
    const answer = { response_nonce: nonce, resource_names: [name] };
    if (name === 'a') stream.send({ ...answer, version_info: versionInfo });
    else stream.send({ ...answer, error_detail: { code: 3, message: 'no b' } });
  }
  const shown = await untilClient(api, ({ types }) => typeStates(types).join() === 'synced,error');
  assert.deepEqual([shown.streams, shown.state, shown.aggregated], [3, 'error', false]);
  const endpoint = typeOf(shown, 'endpoint');
  assert.equal(endpoint.reason, 'no b');
  const both = await api.xds.client(v3, 'f').hold({ endpoint: ['a', 'b'] });
  const one = await api.xds.client(v3, 'g').hold({ endpoint: ['a'] });
  const versions = [both, one].map((held) => held.endpoint.versionInfo);
  assert.deepEqual([endpoint.version_sent, endpoint.version_acked], versions);
  assert.equal(endpoint.last_nack?.message, 'no b');
  assert.deepEqual(endpoint.names, { wildcard: false, count: 2, names: ['a', 'b'] });
});

test('an Envoy with an aggregated stream and one of its own for listeners is one client', async (t) => {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1));
  const connection = api.xds.connect();
  await new SotwClient(connection, v3, 'e').hold({ cluster: [] });
  const perType = new DeltaClient(connection, { apiVersion: 'v3', isAggregated: false }, 'e');
  perType.subscribe('listener');
  await perType.takeAndAck('listener');
  const shown = await untilClient(api, ({ types, state }) => types.length === 2 && state === 'synced');
  assert.deepEqual([shown.streams, shown.api_version, shown.mode, shown.aggregated], [2, 'v3', null, null]);
  const modes = shown.types.map(({ type, mode, aggregated }) => [type, mode, aggregated]);
  assert.deepEqual(modes, [['cluster', 'sotw', true], ['listener', 'delta', false]]);
});

test('a delta client that resumed and accepted nothing yet runs what an earlier stream brought', async (t) => {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1));
  const fresh = connectDelta(api.xds, v3, 'e');
  fresh.subscribe('listener');
  await fresh.takeAndAck('listener');
  const versions = fresh.versions('listener');
  fresh.cancel();
  api.xds.commit(...addCluster('b', 2));
  const resumed = connectDelta(api.xds, v3, 'e');
  resumed.resume('listener', versions);
  await resumed.next('listener');
  resumed.nack('listener', 'no port');
  const refused = typeOf(await untilClient(api, ({ state }) => state === 'error'), 'listener');
  assert.deepEqual([refused.version_acked, refused.runs_earlier], [null, true]);
  resumed.cancel();
  const reborn = connectDelta(api.xds, v3, 'e');
  reborn.subscribe('listener');
  await reborn.next('listener');
  reborn.nack('listener', 'no port');
  const none = typeOf(await untilClient(api, ({ state }) => state === 'error'), 'listener');
  assert.deepEqual([none.version_acked, none.runs_earlier], [null, false]);
});

describe('who is missing:', () => {
  const inSync = (answer: ClientsMessage): boolean => answer.in_sync;

  test('who went, since when, and not who came back', async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const ids = ['one', 'two'];
    const clients = ids.map((id) => api.xds.client(v3, id));
    for (const client of clients) await client.hold({ cluster: [], endpoint: ['a'] });
    await waitUntil('both are in sync', async () => inSync(await getClients(api)));
    for (const client of clients) client.cancel();
    const { gone, in_sync } = await waitUntil('both have gone', async () => {
      const answer = await getClients(api);
      if (answer.gone.length < 2) throw new Error(JSON.stringify(answer));
      return answer;
    });
    assert.deepEqual([gone.map(({ node_id: id }) => id).sort(), in_sync], [ids, false]);
    for (const { gone_since: since, connected_since: before } of gone) assert.ok(before <= since && isoTime.test(since));
    assert.deepEqual((await getClients(api, '?node=one')).gone.map(({ node_id: id }) => id), ['one']);
    await api.xds.client(v3, 'one').hold({ cluster: [], endpoint: ['a'] });
    const left = await getClients(api);
    assert.deepEqual([left.gone.map(({ node_id: id }) => id), left.in_sync], [['two'], false]);
  });

  test('who had a long id, asked for by all of it or as it is told', async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const id = 'x'.repeat(1_024);
    const client = api.xds.client(v3, id);
    await client.hold({ cluster: [], endpoint: ['a'] });
    client.cancel();
    await waitUntil('it has gone', async () => (await getClients(api)).gone.length === 1);
    for (const asked of [id, keptId(id)]) {
      const { gone } = await getClients(api, `?node=${encodeURIComponent(asked)}`);
      assert.deepEqual(gone.map(({ node_id: told }) => told), [keptId(id)]);
    }
    assert.deepEqual((await getClients(api, `?node=${id.slice(1)}`)).gone, []);
  });

  test('who is expected, whoever has gone', async (t) => {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const [one, two, gone] = ['one', 'two', 'gone'].map((id) => api.xds.client(v3, id));
    for (const client of [one, two, gone]) await client?.hold({ cluster: [], endpoint: ['a'] });
    gone?.cancel();
    await waitUntil('one has gone', async () => (await getClients(api)).gone.length === 1);
    const { expected } = await getClients(api, '?at_least=2');
    assert.deepEqual(expected, { at_least: 2, expect: [], in_sync: 2, missing: [], is_met: true });
    assert.equal((await getClients(api, '?at_least=2')).in_sync, true);
    assert.equal((await getClients(api, '?at_least=3')).in_sync, false);
    assert.equal((await getClients(api, '?expect=two,one')).in_sync, true);
    const missing = await getClients(api, '?expect=one,gone,never&at_least=2&node=one');
    assert.deepEqual([missing.in_sync, missing.expected?.missing], [false, ['gone', 'never']]);
  });

  test('nobody is back after a start, and then some are, and others may be', async (t) => {
    const start = { atMs: performance.now() - 20_000, goneTimeMs: 60_000 };
    const api = await serveV2(t, { start });
    api.xds.commit(...addCluster('a', 1));
    const { returning, in_sync } = await getClients(api);
    assert.equal(in_sync, false);
    assert.match(String(returning?.started), isoTime);
    assert.ok(Number(returning?.started_ms_ago) >= 20_000);
    await api.xds.client(v3, 'one').hold({ cluster: [], endpoint: ['a'] });
    const some = await waitUntil('one is back', async () => {
      const answer = await getClients(api);
      if (answer.clients[0]?.state !== 'synced') throw new Error(JSON.stringify(answer));
      return answer;
    });
    assert.deepEqual([some.in_sync, some.returning === null], [false, false]);
    assert.equal((await getClients(api, '?at_least=1')).in_sync, true);
  });

  const starts: readonly (readonly [what: string, agoMs: number, goneTimeMs: number, isReturning: boolean])[] = [
    ['for a while longer when nobody came at all', 50_000, 60_000, true],
    ['but not for ever', 60_000, 60_000, false],
    ['and not at all when nobody is to be remembered', 0, 0, false],
  ];
  for (const [what, agoMs, goneTimeMs, isReturning] of starts) {
    test(`a fleet that is not back counts as missing ${what}`, async (t) => {
      const api = await serveV2(t, { start: { atMs: performance.now() - agoMs, goneTimeMs } });
      const { returning, in_sync } = await getClients(api);
      assert.deepEqual([returning !== null, in_sync], [isReturning, !isReturning]);
    });
  }
});

test('a client that asked for nothing that is published waits, and what it asked for is told', async (t) => {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1));
  const transport = new FakeTransport(api.xds.hub, v3);
  const urls = Array.from({ length: 20 }, (_, index) => `type.googleapis.com/Unknown${index + 10}`);
  for (const url of urls) transport.request('cluster', { node: { id: 'e' }, type_url: url });
  const shown = await untilClient(api, ({ unknown_types: unknown }) => unknown.length > 0);
  assert.deepEqual([shown.state, shown.types, shown.unknown_types], ['not-sent', [], urls.slice(0, 16)]);
  assert.equal(shown.reason, `asked for nothing that is published, but for ${urls.slice(0, 16).join(', ')}`);
  assert.equal((await getClients(api)).in_sync, false);
  transport.onResponse = (response) => transport.ack(response);
  transport.request('cluster', {});
  const served = await untilClient(api, ({ state }) => state === 'synced');
  assert.deepEqual([served.reason, served.unknown_types.length], [null, 16]);
});

test('a client that took clusters long ago, and did not ask for all endpoints, is stale, and says why', async (t) => {
  const api = await serveV2(t);
  const names = Array.from({ length: 12 }, (_, index) => `c${index + 10}`);
  api.xds.commit(...names.flatMap((name) => addCluster(name, 1)));
  await api.xds.client(v3, 'e').hold({ cluster: [], endpoint: ['c10'] });
  const shown = await untilClient(api, ({ state }) => state === 'stale');
  assert.deepEqual([shown.unasked?.count, shown.unasked?.names], [11, names.slice(1, 11)]);
  const endpoint = typeOf(shown, 'endpoint');
  assert.equal(endpoint.state, 'stale');
  const since = String(shown.unasked?.since);
  assert.match(since, isoTime);
  const list = names.slice(1, 11).join(', ');
  assert.equal(endpoint.reason, `not asked for the endpoints of 11 clusters that it took at ${since}: ${list} and 1 more`);
});

test('of the names asked for, the first hundred are told', async (t) => {
  const api = await serveV2(t);
  const names = Array.from({ length: 150 }, (_, index) => `c${String(index).padStart(3, '0')}`);
  api.xds.client(v3).subscribe('endpoint', ...names.toReversed());
  const client = await untilClient(api, ({ types }) => types.length === 1);
  assert.deepEqual(client.types[0]?.names, { wildcard: false, count: 150, names: names.slice(0, 100) });
});

test('what is published says: warnings, what drains until when and for whom, and where old connections go', async (t) => {
  const [sinceMs, untilMs] = [Date.UTC(2031, 0, 2), Date.UTC(2031, 0, 2, 3, 4, 5)];
  const api = await serveV2(t, {
    desk: Object.assign(await openDesk(), { status: (): PublishedStatus => ({
      orders: [],
      warnings: [{ code: 'no-catch-all', message: 'none' }],
      draining: [
        { name: 'old', untilMs, successor: 'new' },
        { name: 'gone', untilMs, successor: undefined },
      ],
      oldRoutes: [
        {
          listeners: ['l'],
          sinceMs,
          untilMs,
          count: 2,
          routes: [
            { prefix: 'h:', from: 'old', to: undefined },
            { prefix: undefined, from: undefined, to: 'new' },
          ],
        },
      ],
    }) }),
  });
  const [since, until] = ['2031-01-02T00:00:00.000Z', '2031-01-02T03:04:05.000Z'];
  const { warnings, draining, old_routes: oldRoutes } = await getClients(api);
  assert.deepEqual(warnings, [{ code: 'no-catch-all', message: 'none' }]);
  assert.deepEqual(draining, [
    { name: 'old', until, successor: 'new' },
    { name: 'gone', until, successor: null },
  ]);
  const routes = [
    { prefix: 'h:', from: 'old', to: null },
    { prefix: null, from: null, to: 'new' },
  ];
  assert.deepEqual(oldRoutes, [{ listeners: ['l'], since, until, count: 2, routes }]);
});

describe('of many clients', () => {
  /** Clients `n000` to `n199`, opened in another order; every fourth holds nothing yet. */
  async function serveMany(t: Parameters<typeof serveV2>[0]): Promise<ServedV2> {
    const api = await serveV2(t);
    api.xds.commit(...addCluster('a', 1));
    const ids = Array.from({ length: 200 }, (_, index) => `n${String((index * 7) % 200).padStart(3, '0')}`);
    ids.forEach((id, index) => {
      const transport = new FakeTransport(api.xds.hub, v3);
      transport.onResponse = ({ nonce, versionInfo }) => {
        if (index % 4 > 0) transport.request('cluster', { response_nonce: nonce, version_info: versionInfo });
      };
      transport.request('cluster', { node: { id } });
    });
    await waitUntil('all are served', async () =>
      (await getClients(api)).clients.every(({ types }) => types[0]?.version_sent !== null),
    );
    return api;
  }

  test('each is there once, sorted by node id', async (t) => {
    const ids = (await getClients(await serveMany(t))).clients.map(({ node }) => node.id);
    assert.equal(new Set(ids).size, 200);
    assert.deepEqual(ids, ids.toSorted());
  });

  test('those of one node or one state are asked for', async (t) => {
    const api = await serveMany(t);
    const idsOf = async (query: string) => (await getClients(api, query)).clients.map(({ node }) => node.id);
    assert.deepEqual(await idsOf('?node=n003'), ['n003']);
    assert.deepEqual(await idsOf('?node=n00'), []);
    assert.equal((await idsOf('?state=stale')).length, 50);
    assert.equal((await idsOf('?state=synced')).length, 150);
    assert.deepEqual(await idsOf('?state=error&node=n003'), []);
  });
});

describe('readers that do not read', () => {
  /** Serves 5,000 clients of 10 KB each, and counts how often one is looked at. */
  async function serveLarge(t: Parameters<typeof serveV2>[0]): Promise<{ api: ServedV2; looks: () => number }> {
    let looks = 0;
    const streams = Array.from({ length: 5_000 }, (_, index) => {
      const node = { ...nodeOf(String(index)), userAgentName: 'x'.repeat(10_000) };
      const status = () => ((looks += 1), buildStreamStatus([], { node }));
      return { nodeId: node.id, node, peer: 'p', status };
    });
    const api = await serveV2(t, { hub: { streams: new Set(streams), presence: new Presence(0) } as unknown as StreamHub });
    return { api, looks: () => looks };
  }

  function openReader(t: Parameters<typeof serveV2>[0], { url }: ServedV2): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(`${url}/clients`, { agent: false });
      t.after(() => sent.destroy());
      sent.on('response', resolve).on('error', reject).end();
    });
  }

  test('are not written to, and what they would be told is not looked up', async (t) => {
    const { api, looks } = await serveLarge(t);
    const reader = await openReader(t, api);
    // Who does read gets through meanwhile.
    assert.equal((await getClients(api)).clients.length, 5_000);
    // All are looked at before the first is told, for whether all are in sync.
    assert.ok(looks() < 19_000, `${looks()} looks`);
    reader.destroy();
  });

  test('are 64 at most', async (t) => {
    const { api } = await serveLarge(t);
    const readers = await Promise.all(Array.from({ length: 64 }, () => openReader(t, api)));
    const refused = await fetch(`${api.url}/clients`);
    assert.equal(refused.status, 503);
    assert.match(await refused.text(), /"64 answers are on their way: ask again later"/u);
    assert.deepEqual(api.log, []);
    readers[0]?.destroy();
    await waitUntil('there is room', async () => (await fetch(`${api.url}/clients?state=error`)).status === 200);
  });
});

describe('a query is refused that', () => {
  const refused: readonly (readonly [what: string, query: string, detail: string])[] = [
    ['asks for no state', '?state=good', 'state "good": must be one of synced, stale, error, not-sent'],
    ['asks for an empty state', '?state=', 'state "": must be one of synced, stale, error, not-sent'],
    ['has a parameter that there is not', '?nod=a', '"nod": no such parameter, only node, state, at_least, expect'],
    ['expects no number', '?at_least=many', 'at_least "many": must be a whole number from 1 to 1000000'],
    ['expects too many', '?at_least=1000001', 'at_least "1000001": must be a whole number from 1 to 1000000'],
    ['expects nobody', '?expect=', 'expect "": must be node ids with commas between them'],
    ['has one twice', '?node=a&node=b', 'node: must be given once'],
  ];
  for (const [what, query, detail] of refused) {
    test(what, async (t) => {
      const { url } = await serveV2(t);
      const response = await fetch(`${url}/clients${query}`);
      assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
      assert.deepEqual(await response.json(), { type: 'about:blank', title: 'Bad Request', status: 400, detail });
      assert.equal(response.status, 400);
    });
  }
});

function typeStates(types: readonly TypeMessage[]): string[] {
  return types.map(({ state }) => state);
}
