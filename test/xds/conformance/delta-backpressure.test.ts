// Delta clients that read slowly or send too much: section "Backpressure" of the catalogue, as
// far as delta has its own code for it.

import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { delta } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint, removeCluster, removeEndpoint } from '../../support/xds/changes.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import { kinds } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import { connectSlowly, readAll, untilTaken } from '../../support/xds/slow-reader.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';

const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };

scenario('BKP-02 delta: who reads late gets what was in flight and the newest', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { inForceBoundMs: 0 });
  xds.commit(...addCluster('a', 1), ...addCluster('gone'));
  const { client, connection } = await connectSlowly(xds, delta, variant, { ...wanted, endpoint: ['a', 'gone'] });
  const commits = 1_000;
  for (let n = 1; n <= commits; n += 1) {
    xds.commit(addEndpoint('a', n + 1), removeEndpoint('a', n), ...(n % 100 === 0 ? addCluster(`b${n}`) : []));
    if (n % 10 === 0) await nextTurn();
  }
  xds.commit(...removeCluster('gone'), ...removeCluster('b500'));
  await untilTaken(xds, connection);
  connection.openWindow();
  const responses = await readAll(client);
  for (const kind of kinds) {
    const count = responses.filter((response) => response.kind === kind).length;
    assert.ok(count <= 3, `${count} ${kind} responses`);
  }
  const newClusters = Array.from({ length: commits / 100 }, (_, index) => `b${(index + 1) * 100}`);
  const expected = ['a', ...newClusters.filter((name) => name !== 'b500')];
  assert.deepEqual(Object.keys(client.versions('cluster')).sort(), expected.sort());
  assert.deepEqual(Object.keys(client.versions('endpoint')), ['a']);
  const lastOfA = responses.findLast(({ kind, names }) => kind === 'endpoint' && names.includes('a'));
  assert.deepEqual(portsOf(lastOfA?.resources[lastOfA.names.indexOf('a')]), [commits + 1]);
});

scenario('BKP-02 delta: names that come and go meanwhile count in the end', allVariants, async (t, variant) => {
  const names = ['a', 'b', 'c', 'd'];
  const xds = await serveXds(t);
  xds.commit(...names.flatMap((name) => addCluster(name, 6379)));
  const { client, connection } = await connectSlowly(xds, delta, variant, { endpoint: ['a', 'b'] });
  client.unsubscribe('endpoint', 'a');
  client.subscribe('endpoint', 'c', 'd');
  client.unsubscribe('endpoint', 'd');
  await untilTaken(xds, connection);
  xds.commit(...names.map((name) => addEndpoint(name, 6380)));
  await untilTaken(xds, connection);
  connection.openWindow();
  assert.deepEqual((await client.takeAndAck('endpoint')).changes, ['a', 'b']);
  const second = await client.takeAndAck('endpoint');
  assert.deepEqual(second.changes, ['b', 'c']);
  assert.deepEqual(second.resources.map(portsOf), [[6379, 6380], [6379, 6380]]);
  await client.assertQuiet();
});

scenario('BKP-06 delta: more than 4 MiB comes in parts a gRPC client takes', allVariants, async (t, variant) => {
  const names = Array.from({ length: 80 }, (_, index) => `${index}`.padStart(30_000, 'x')).toSorted();
  const xds = await serveXds(t);
  xds.publish(
    buildSnapshot({
      clusters: Object.fromEntries(names.map((name) => [name, 1])),
      endpoints: Object.fromEntries(names.map((name) => [name, [1]])),
    }),
  );
  const client = connectDelta(xds, variant);
  for (const [kind, wanted] of [['cluster', []], ['endpoint', names]] as const) {
    client.subscribe(kind, ...wanted);
    const parts = [await client.takeAndAck(kind), await client.takeAndAck(kind)];
    const said = parts.flatMap((part) => part.names);
    assert.equal(said.length, names.length);
    assert.ok(said.every((name, index) => name === names[index]));
    await client.assertQuiet();
  }
  assert.deepEqual(xds.log.filter(({ level }) => Number(level) > 30), []);
});

scenario('BKP-06 delta: a refused part comes again with its fix, the others do not', allVariants, async (t, variant) => {
  const xds = await serveXds(t, { maxBytes: 1 });
  xds.publish(buildSnapshot({ clusters: { a: 1, b: 1, c: 1 } }));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster');
  assert.deepEqual((await client.next('cluster')).changes, ['a']);
  client.nack('cluster');
  for (const name of ['b', 'c']) assert.deepEqual((await client.takeAndAck('cluster')).changes, [name]);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'error' });
  xds.publish(buildSnapshot({ clusters: { a: 2, b: 1 } }));
  for (const change of ['a', '-c']) assert.deepEqual((await client.takeAndAck('cluster')).changes, [change]);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { cluster: 'synced' });
});

scenario('BKP-06 delta: listeners wait for the last part of what they name', aggregated, async (t, variant) => {
  const xds = await serveXds(t, { maxBytes: 1 });
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 1 } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [] });
  client.subscribe('endpoint', 'b', 'c');
  for (const change of ['-b', '-c']) assert.deepEqual((await client.takeAndAck('endpoint')).changes, [change]);
  xds.publish(buildSnapshot({ clusters: { b: 1, c: 1 }, endpoints: { b: [1], c: [1] }, listeners: { l: 2 } }));
  const upstreams = [['cluster', 'b'], ['cluster', 'c'], ['endpoint', 'b'], ['endpoint', 'c']] as const;
  for (const [kind, name] of upstreams) {
    const response = await client.nextOfAny();
    assert.deepEqual([response.kind, response.changes], [kind, [name]]);
    // The last one is not ACKed yet.
    if (kind === 'cluster' || name === 'b') client.ack(kind);
  }
  await client.assertQuiet();
  client.ack('endpoint');
  assert.deepEqual((await client.nextOfAny()).changes, ['l']);
  await client.assertQuiet();
  client.ack('listener');
  assert.deepEqual((await client.nextOfAny()).changes, ['-a']);
});
