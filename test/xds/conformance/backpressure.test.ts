// Clients that read slowly or send too much: section "Backpressure" of the catalogue.

import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';

import type { StreamStatus } from '../../../src/xds/stream-status.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { scenarioOfBoth, sotw } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint, removeEndpoint } from '../../support/xds/changes.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { FakeTransport } from '../../support/xds/fake-transport.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { clustersRoutedTo, portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { ServedXds } from '../../support/xds/served-xds.ts';
import { connectSlowly, readAll, untilTaken } from '../../support/xds/slow-reader.ts';
import { SotwClient } from '../../support/xds/sotw-client.ts';
import type { SotwResponse } from '../../support/xds/sotw-response.ts';
import { allVariants, aggregated, scenario } from '../../support/xds/wire-variant.ts';

const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };

async function takeAndAckParts(client: SotwClient, count: number): Promise<SotwResponse[]> {
  const parts: SotwResponse[] = [];
  while (parts.length < count) parts.push(await client.takeAndAck('endpoint'));
  return parts;
}

/** What tells names apart that are long for their own sake. */
function shortOf(name: string): string {
  return name.replace(/^x+/, '');
}

/** How a node's only stream stands. */
function statusOf({ hub }: ServedXds, nodeId: string): StreamStatus {
  const status = Array.from(hub.streams, (stream) => stream.status()).find(({ node }) => node?.id === nodeId);
  assert.ok(status);
  return status;
}

scenario('SUB-10 a change that has not left yet is dropped with its name', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const { client, connection } = await connectSlowly(xds, sotw, variant, { endpoint: ['a', 'b'] });
  xds.commit(addEndpoint('a', 6381), addEndpoint('b', 6382));
  client.subscribe('endpoint', 'a');
  await untilTaken(xds, connection);
  connection.openWindow();
  assert.deepEqual((await client.next('endpoint')).names, ['a', 'b']);
  const second = await client.takeAndAck('endpoint');
  assert.deepEqual(second.names, ['a']);
  assert.deepEqual(portsOf(second.resources[0]), [6379, 6381]);
  await client.assertQuiet();
});

scenarioOfBoth('BKP-01 one client that does not read delays no other', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 7000));
  const clients = Array.from({ length: 99 }, () => protocol.client(xds.connect(), variant));
  const { client: slow } = await connectSlowly(xds, protocol, variant, wanted);
  for (const client of clients) client.subscribe('endpoint', 'a');
  await Promise.all(clients.map((client) => client.takeAndAck('endpoint')));
  for (let port = 7001; port <= 7010; port += 1) {
    xds.commit(addEndpoint('a', port));
    const responses = await Promise.all(clients.map((client) => client.takeAndAck('endpoint')));
    assert.ok(responses.every(({ resources }) => portsOf(resources[0]).at(-1) === port));
  }
  assert.equal(slow.responseCount, 0);
});

scenario('BKP-02 a client that reads late gets what was in flight and the newest', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { inForceBoundMs: 0 });
  xds.commit(...addCluster('a', 1));
  const { client, connection } = await connectSlowly(xds, sotw, variant, wanted);
  const commits = 1_000;
  for (let n = 1; n <= commits; n += 1) {
    xds.commit(addEndpoint('a', n + 1), removeEndpoint('a', n), ...(n % 100 === 0 ? addCluster(`b${n}`, 1) : []));
    if (n % 10 === 0) await nextTurn();
  }
  await untilTaken(xds, connection);
  connection.openWindow();
  const responses = await readAll(client);
  for (const kind of kinds) {
    const ofKind = responses.filter((response) => response.kind === kind);
    assert.ok(ofKind.length <= 2, `${ofKind.length} ${kind} responses`);
  }
  const last = (kind: Kind): SotwResponse | undefined => responses.findLast((response) => response.kind === kind);
  const newClusters = Array.from({ length: commits / 100 }, (_, index) => `b${(index + 1) * 100}`);
  assert.deepEqual(last('cluster')?.names, ['a', ...newClusters].sort());
  assert.deepEqual(portsOf(last('endpoint')?.resources[0]), [commits + 1]);
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, last('listener')?.resources[0]), ['a', ...newClusters].sort());
});

scenario('BKP-02 what a client that does not read is owed does not pile up', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  const snapshotOf = (port: number): ReturnType<typeof buildSnapshot> => buildSnapshot({ endpoints: { a: [port] } });
  xds.publish(snapshotOf(1));
  const transport = new FakeTransport(xds.hub, variant);
  transport.isReading = false;
  transport.request('endpoint', { node: { id: 'slow' }, resource_names: ['a'] });
  await transport.responses.take('the first response');
  for (let port = 2; port <= 100; port += 1) {
    xds.publish(snapshotOf(port));
    await nextTurn();
  }
  assert.equal(transport.written.length, 1);
  transport.isReading = true;
  transport.drain();
  assert.deepEqual(portsOf((await transport.responses.take('the newest')).resources[0]), [100]);
  assert.equal(transport.written.length, 2);
});

scenario('BKP-02 who does not read is told from who does not answer', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 1));
  const silent = xds.client(variant, 'silent');
  silent.subscribe('cluster');
  const { client: slow, connection } = await connectSlowly(xds, sotw, variant, { cluster: [] });
  const { versionInfo } = await silent.next('cluster');
  const waiting = statusOf(xds, 'envoy-1');
  assert.equal(typeof waiting.unwrittenSinceMs, 'number');
  assert.equal(waiting.unwrittenSinceMs, waiting.types[0]?.unansweredSinceMs);

  xds.commit(...addCluster('b', 2));
  await silent.next('cluster');
  await untilTaken(xds, connection);
  const { unwrittenSinceMs, types: [clusters] } = statusOf(xds, 'envoy-1');
  assert.deepEqual([unwrittenSinceMs, clusters?.versionSent], [waiting.unwrittenSinceMs, versionInfo], 'nothing newer');
  await waitUntil('one has read all', () => statusOf(xds, 'silent').unwrittenSinceMs === undefined);
  assert.deepEqual([statusOf(xds, 'silent').types[0]?.state, clusters?.state], ['stale', 'stale']);

  connection.openWindow();
  await readAll(slow);
  await waitUntil('the other has too', () => statusOf(xds, 'envoy-1').unwrittenSinceMs === undefined);
  assert.equal(statusOf(xds, 'envoy-1').types[0]?.state, 'synced');
});

scenarioOfBoth('BKP-03 commits that come at once are one response', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 7000));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ endpoint: ['a'] });
  for (let port = 7001; port <= 7100; port += 1) xds.commit(addEndpoint('a', port));
  assert.equal(portsOf((await client.takeAndAck('endpoint')).resources[0]).length, 101);
  await client.assertQuiet();
});

scenarioOfBoth('BKP-04 a flood is neither answered nor in the way', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const flooding = protocol.client(xds.connect(), variant);
  await flooding.hold({ endpoint: ['a'] });
  const other = protocol.client(xds.connect(), variant);
  await other.hold({ endpoint: ['a'] });
  for (let n = 0; n < 10_000; n += 1) flooding.ack('endpoint');
  xds.commit(addEndpoint('a', 6380));
  assert.deepEqual((await other.takeAndAck('endpoint')).changes, ['a']);
  assert.deepEqual((await flooding.takeAndAck('endpoint')).changes, ['a']);
  await flooding.assertQuiet();
});

scenario('BKP-04 of a client that does not read no more requests are taken', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] } }));
  const { client, connection } = await connectSlowly(xds, sotw, variant, { cluster: [] });
  for (let n = 0; n < 100; n += 1) client.subscribe('endpoint', `${n}`);
  await untilTaken(xds, connection);
  const isAskedFor = (name: string): boolean =>
    statusOf(xds, 'envoy-1').types.some(({ subscription }) => subscription.names.has(name));
  // The one that was waited for when the first answer was written.
  assert.ok(isAskedFor('0'));
  connection.openWindow();
  await client.takeAndAck('cluster');
  await waitUntil('the last request is taken', () => isAskedFor('99'));
});

scenarioOfBoth('BKP-05 streams that want the same get the same bytes', aggregated, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] } }));
  const [first, second] = [protocol.fake(xds.hub, variant), protocol.fake(xds.hub, variant)];
  for (const transport of [first, second]) {
    transport.subscribe('cluster', 'n');
    transport.subscribe('endpoint', 'n', 'a');
    for (const kind of ['cluster', 'endpoint']) await transport.responses.take(kind);
  }
  assert.deepEqual(first.written, second.written);
});

scenario('BKP-06 an answer of more than 4 MiB arrives whole', allVariants, async (t, variant) => {
  const names = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(60_000, 'x'));
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: Object.fromEntries(names.map((name) => [name, 1])) }));
  const client = new SotwClient(xds.connect({ 'grpc.max_receive_message_length': -1 }), variant);
  client.subscribe('cluster');
  assert.equal((await client.takeAndAck('cluster')).names.length, names.length);
});

scenario('BKP-06 endpoints of more than 4 MiB come in parts a gRPC client takes', allVariants, async (t, variant) => {
  const names = Array.from({ length: 150 }, (_, index) => `${index}`.padStart(30_000, 'x'));
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ endpoints: Object.fromEntries(names.map((name) => [name, [1]])) }));
  const client = xds.client(variant);
  client.subscribe('endpoint', ...names);
  const answered = await takeAndAckParts(client, 3);
  assert.deepEqual(answered.flatMap((part) => part.names.map(shortOf)), names.toSorted().map(shortOf));
  assert.equal(new Set(answered.map(({ versionInfo }) => versionInfo)).size, 3);
  await client.assertQuiet();
  xds.publish(buildSnapshot({ endpoints: Object.fromEntries(names.map((name) => [name, [2]])) }));
  const pushed = await takeAndAckParts(client, 3);
  assert.deepEqual(pushed.map((part) => part.names.map(shortOf)), answered.map((part) => part.names.map(shortOf)));
  await client.assertQuiet();
  assert.deepEqual(xds.log.filter(({ level }) => Number(level) > 30), []);
});

scenario('BKP-06 a refused part comes again with its fix, the others do not', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { maxBytes: 1 });
  const endpointsOf = (b: number): ReturnType<typeof buildSnapshot> => {
    return buildSnapshot({ endpoints: { a: [1], b: [b], c: [1] } });
  };
  xds.publish(endpointsOf(1));
  const client = xds.client(variant);
  client.subscribe('endpoint', 'a', 'b', 'c');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['a']);
  assert.deepEqual((await client.next('endpoint')).names, ['b']);
  client.nack('endpoint');
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['c']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { endpoint: 'error' });
  xds.publish(endpointsOf(2));
  assert.deepEqual((await client.takeAndAck('endpoint')).names, ['b']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { endpoint: 'synced' });
});

scenario('BKP-06 names that change between two parts count for the next', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { maxBytes: 40_000 });
  const names = ['a', 'b', 'c', 'd'].map((name) => name.repeat(30_000));
  const [a = '', b = '', c = '', d = ''] = names;
  xds.publish(buildSnapshot({ endpoints: Object.fromEntries(names.map((name) => [name, [1]])) }));
  const connection = xds.connectByHand(0);
  const client = new SotwClient(connection, variant);
  client.subscribe('endpoint', a, b, c);
  await untilTaken(xds, connection);
  client.subscribe('endpoint', a, c, d);
  await untilTaken(xds, connection);
  connection.openWindow();
  const responses = await readAll(client);
  const said = responses.flatMap((response) => response.names.map(([letter]) => letter));
  // The second part may have been on its way.
  assert.deepEqual(said.filter((letter) => letter !== 'b'), ['a', 'c', 'd']);
});

scenario('BKP-06 a client that reads slowly gets the newest between two parts', aggregated, async (t, variant) => {
  const xds = await serveXds(t, { maxBytes: 1 });
  xds.publish(buildSnapshot({ endpoints: { a: [1], b: [1], c: [1] } }));
  const transport = new FakeTransport(xds.hub, variant);
  transport.isReading = false;
  transport.request('endpoint', { node: { id: 'slow' }, resource_names: ['a', 'b', 'c'] });
  assert.deepEqual((await transport.responses.take('the first part')).names, ['a']);
  xds.publish(buildSnapshot({ endpoints: { a: [2], b: [2], c: [1] } }));
  await nextTurn();
  assert.equal(transport.written.length, 1);
  transport.isReading = true;
  transport.drain();
  const rest = [1, 2, 3].map(() => transport.responses.take('the rest'));
  const said = (await Promise.all(rest)).flatMap(({ resources, names }) => [names, portsOf(resources[0])]);
  assert.deepEqual(said, [['a'], [2], ['b'], [2], ['c'], [1]]);
});

test('BKP-06 a client that refuses such a size loses its stream and no other does', async (t) => {
  const variant = { apiVersion: 'v3', isAggregated: true } as const;
  const names = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(60_000, 'x'));
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: Object.fromEntries(names.map((name) => [name, 1])), listeners: { l: 1 } }));
  const client = xds.client(variant);
  await client.hold({ listener: [] });
  const limited = xds.client(variant);
  limited.subscribe('cluster');
  assert.equal((await limited.stream('cluster').ended).code, 'RESOURCE_EXHAUSTED');
  xds.publish(buildSnapshot({ listeners: { l: 2 } }));
  assert.deepEqual((await client.takeAndAck('listener')).names, ['l']);
});

test('BKP-06 such a size is in the log', async (t) => {
  const names = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(60_000, 'x'));
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: Object.fromEntries(names.map((name) => [name, 1])) }));
  const connection = xds.connect({ 'grpc.max_receive_message_length': -1 });
  const client = new SotwClient(connection, { apiVersion: 'v3', isAggregated: true });
  client.subscribe('cluster');
  await client.takeAndAck('cluster');
  const sizes = xds.log.flatMap((line) => Object.values(line)).filter((value) => Number(value) > 6_000_000);
  const times = xds.log.map(({ time }) => time);
  assert.notDeepEqual(sizes.filter((size) => !times.includes(size)), []);
});
