// How streams live and end: section "Stream lifecycle" of the catalogue.

import assert from 'node:assert/strict';

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import type { DiscoveryClient } from '../../support/xds/both-protocols.ts';
import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import { discoveryApis, kinds, typeUrlOf } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import type { Http2Connection } from '../../support/xds/http2-connection.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { ServedXds } from '../../support/xds/served-xds.ts';
import { connectSlowly } from '../../support/xds/slow-reader.ts';
import { SotwClient } from '../../support/xds/sotw-client.ts';
import { parseSotwResponse } from '../../support/xds/sotw-response.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';
import { waitUntil } from '../../support/wait-until.ts';

const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };

async function untilStreamCount(xds: ServedXds, count: number): Promise<void> {
  await waitUntil(`${count} streams are open`, () => xds.streamCount === count);
}

scenarioOfBoth('STR-01 only the node of the first request counts', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t, { groupOf: ({ id }) => id });
  xds.publish(buildSnapshot({ clusters: { a: 1 } }), 'envoy-1');
  xds.publish(buildSnapshot({ clusters: { b: 1 } }), 'envoy-2');
  const client = protocol.client(xds.connect(), variant, 'envoy-1');
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a']);
  for (const id of ['envoy-1', 'envoy-2', '']) client.send('cluster', { node: { id } });
  await client.assertQuiet();
  assert.equal(xds.streamCount, 1);
  xds.publish(buildSnapshot({ clusters: { b: 2 } }), 'envoy-2');
  await client.assertQuiet();
  xds.publish(buildSnapshot({ clusters: { a: 2 } }), 'envoy-1');
  assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a']);
});

const endings: Readonly<Record<string, (client: DiscoveryClient) => void>> = {
  'half-close': (client) => kinds.forEach((kind) => client.stream(kind).call.halfClose()),
  reset: (client) => client.cancel(),
};

for (const [ending, end] of Object.entries(endings)) {
  scenarioOfBoth(`STR-02 after a ${ending} nothing of a stream is left`, allVariants, async (t, variant, protocol) => {
    const xds = await serveXds(t, { inForceBoundMs: 50 });
    xds.commit(...addCluster('a', 6379));
    const client = protocol.client(xds.connect(), variant);
    await client.hold(wanted);
    xds.commit(...addCluster('b', 6380));
    await client.next('cluster');
    end(client);
    const ends = await Promise.all(kinds.map((kind) => client.stream(kind).ended));
    const expected = ending === 'half-close' ? 'OK' : 'CANCELLED';
    assert.deepEqual(ends.map(({ code }) => code), kinds.map(() => expected));
    await untilStreamCount(xds, 0);
    const count = client.responseCount;
    xds.commit(addEndpoint('a', 6381));
    await client.connection.fence();
    assert.equal(client.responseCount, count);
    assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 40), []);
  });
}

scenario('STR-02 after the connection is lost nothing of the stream is left', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const connection = xds.connectByHand();
  await new SotwClient(connection, variant).hold(wanted);
  connection.close();
  await untilStreamCount(xds, 0);
  xds.commit(addEndpoint('a', 6380));
  await xds.connect().fence();
  assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 40), []);
});

scenario('STR-02 who asks and says at once that this was all is answered', perType, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const { paths, sotwRequest } = discoveryApis[variant.apiVersion];
  const answers: Buffer[] = [];
  const call = xds.connectByHand().call(paths.cluster, (message) => void answers.push(message));
  call.send(encodeMessage(sotwRequest, { node: { id: 'n' } }));
  call.halfClose();
  assert.equal((await call.ended).code, 'OK');
  assert.deepEqual(answers.map((message) => parseSotwResponse(variant.apiVersion, message).names), [['a']]);
  await untilStreamCount(xds, 0);
});

scenario('STR-02 such a client is sent every part of its answer', perType, async (t, variant) => {
  const xds = await serveXds(t, { maxBytes: 1 });
  for (const name of ['a', 'b', 'c']) xds.commit(...addCluster(name, 6379));
  const { paths, sotwRequest } = discoveryApis[variant.apiVersion];
  const answers: Buffer[] = [];
  const call = xds.connectByHand().call(paths.endpoint, (message) => void answers.push(message));
  call.send(encodeMessage(sotwRequest, { node: { id: 'n' }, resource_names: ['a', 'b', 'c'] }));
  call.halfClose();
  assert.equal((await call.ended).code, 'OK');
  const parts = answers.map((message) => parseSotwResponse(variant.apiVersion, message).names);
  assert.deepEqual(parts, [['a'], ['b'], ['c']]);
  await untilStreamCount(xds, 0);
});

scenarioOfBoth('STR-03 refused first requests leave nothing behind', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const connection = xds.connect();
  const typeUrl = typeUrlOf(variant.apiVersion, 'cluster');
  const firstRequests = [
    encodeMessage(protocol.requestOf(variant.apiVersion), { type_url: typeUrl, node: { id: '' } }),
    encodeMessage(protocol.requestOf(variant.apiVersion), { type_url: typeUrl }),
    Buffer.from([0xff]),
  ];
  const tries = 2_500;
  for (let n = 0; n < tries; n += firstRequests.length) {
    const ends = firstRequests.map((request) => {
      const stream = protocol.stream(connection, variant, 'cluster', {});
      stream.call.send(request);
      return stream.ended;
    });
    assert.deepEqual((await Promise.all(ends)).map(({ code }) => code), firstRequests.map(() => 'INVALID_ARGUMENT'));
  }
  await waitUntil('no stream is left', () => xds.hub.streams.size === 0);
  const client = protocol.client(connection, variant);
  client.subscribe('cluster');
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a']);
});

scenarioOfBoth('STR-04 the end of the old stream leaves the new alone', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const old = protocol.client(xds.connect(), variant, 'envoy-1');
  await old.hold(wanted);
  const client = protocol.client(xds.connect(), variant, 'envoy-1');
  await client.hold(wanted);
  const count = variant.isAggregated ? 1 : kinds.length;
  assert.equal(xds.streamCount, 2 * count);
  old.cancel();
  await untilStreamCount(xds, count);
  xds.commit(addEndpoint('a', 6380));
  assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [6379, 6380]);
  await client.assertQuiet();
});

const breaks: Readonly<Record<string, (client: DiscoveryClient, connection: Http2Connection) => void>> = {
  reset: (client) => client.cancel(),
  'lost connection': (_, connection) => connection.close(),
};

for (const [what, breakOff] of Object.entries(breaks)) {
  scenarioOfBoth(`STR-05 a ${what} during a push touches no other`, allVariants, async (t, variant, protocol) => {
    const xds = await serveXds(t);
    xds.commit(...addCluster('a', 6379));
    const client = protocol.client(xds.connect(), variant);
    await client.hold(wanted);
    const count = xds.streamCount;
    const broken = Array.from({ length: 5 }, () => xds.connectByHand());
    const victims = broken.map((connection) => protocol.client(connection, variant));
    for (const victim of victims) await victim.hold(wanted);
    xds.commit(addEndpoint('a', 6380));
    broken.forEach((connection, index) => breakOff(victims[index] ?? assert.fail(), connection));
    xds.commit(addEndpoint('a', 6381));
    await untilStreamCount(xds, count);
    await client.connection.fence();
    assert.deepEqual(portsOf(client.unread.at(-1)?.resources[0]), [6379, 6380, 6381]);
    assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 40), []);
  });
}

scenarioOfBoth('STR-06 a shutdown ends every stream with UNAVAILABLE', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = protocol.client(xds.connect(), variant);
  await client.hold(wanted);
  const silent = protocol.stream(xds.connect(), { ...variant, isAggregated: true }, 'cluster', {});
  await untilStreamCount(xds, variant.isAggregated ? 2 : kinds.length + 1);
  await xds.shutDown();
  for (const kind of kinds) assert.equal((await client.stream(kind).ended).code, 'UNAVAILABLE');
  assert.equal((await silent.ended).code, 'UNAVAILABLE');
  assert.equal(xds.streamCount, 0);
});

scenarioOfBoth('STR-06 who does not read does not hold up a shutdown', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const { client } = await connectSlowly(xds, protocol, variant, wanted);
  await xds.shutDown();
  assert.equal(xds.hub.streams.size, 0);
  assert.equal(client.responseCount, 0);
});

scenarioOfBoth('STR-07 nothing is served before it is committed', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.stage(...addCluster('a', 6379));
  const client = protocol.client(xds.connect(), variant);
  client.subscribe('cluster');
  client.subscribe('endpoint', 'a');
  await client.assertQuiet();
  xds.stage(...addCluster('b', 6380));
  await client.assertQuiet();
  xds.commit();
  assert.deepEqual((await client.takeAndAck('cluster')).names, ['a', 'b']);
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  await client.assertQuiet();
});

scenarioOfBoth('STR-08 a client may send pings as it likes', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const connection = xds.connectByHand();
  for (let n = 0; n < 100; n += 1) await connection.ping();
  const client = protocol.client(connection, variant);
  await client.hold(wanted);
  for (let n = 0; n < 100; n += 1) await connection.ping();
  xds.commit(addEndpoint('a', 6380));
  assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [6379, 6380]);
});

scenarioOfBoth('STR-09 a thousand endpoint streams on one connection', perType, async (t, variant, protocol) => {
  const names = Array.from({ length: 1_000 }, (_, index) => `c${index}`);
  const endpointsAt = (port: number): Snapshot =>
    buildSnapshot({ endpoints: Object.fromEntries(names.map((name) => [name, [port]])) });
  const xds = await serveXds(t);
  xds.publish(endpointsAt(6379));
  const connection = xds.connect();
  const clients = names.map((name) => {
    const client = protocol.client(connection, variant);
    client.subscribe('endpoint', name);
    return client;
  });
  const takeAll = (): Promise<unknown[]> =>
    Promise.all(
      clients.map(async (client) => {
        const { names: [name], resources: [resource] } = await client.takeAndAck('endpoint');
        return [name, portsOf(resource)];
      }),
    );
  assert.deepEqual(await takeAll(), names.map((name) => [name, [6379]]));
  assert.equal(xds.streamCount, names.length);
  xds.publish(endpointsAt(6380));
  assert.deepEqual(await takeAll(), names.map((name) => [name, [6380]]));
});

scenario('STR-09 streams of a node may come and go on one connection', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const connection = xds.connect();
  for (let n = 0; n < 50; n += 1) {
    const client = new SotwClient(connection, variant);
    client.subscribe('cluster');
    assert.deepEqual((await client.takeAndAck('cluster')).names, ['a']);
    client.cancel();
  }
  await untilStreamCount(xds, 0);
});
