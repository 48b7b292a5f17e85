// Which response a request speaks of: section "Nonces" of the catalogue.

import assert from 'node:assert/strict';

import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import type { DeltaResponse } from '../../support/xds/delta-response.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { clustersRoutedTo } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { SotwResponse } from '../../support/xds/sotw-response.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';

scenario('NON-01 a stale nonce is neither answered nor counted', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  const held = await client.hold({ endpoint: ['a'] });
  const stale = { response_nonce: held.endpoint.nonce, version_info: held.endpoint.versionInfo };
  xds.commit(addEndpoint('a', 6380));
  const pushed = await client.next('endpoint');
  client.send('endpoint', stale);
  client.send('endpoint', { ...stale, error_detail: { code: 13, message: 'of the older one' } });
  client.send('endpoint', { ...stale, response_nonce: 'never sent' });
  await client.assertQuiet();
  assert.deepEqual(xds.logged('NACK'), []);
  client.nack('endpoint');
  await client.assertQuiet();
  assert.deepEqual(xds.logged('NACK').map(({ response_nonce: nonce }) => nonce), [pushed.nonce]);
});

scenario('NON-01 a stale nonce does not stand in for the ACK', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  const held = await client.hold({ cluster: [], endpoint: ['a', 'b'], listener: [] });
  xds.commit(...addCluster('b', 6380));
  await client.next('cluster');
  await client.takeAndAck('endpoint');
  client.send('cluster', { response_nonce: held.cluster.nonce });
  await client.assertQuiet();
  client.ack('cluster');
  assert.deepEqual((await client.takeAndAck('listener')).names, ['redis_listener']);
  await client.assertQuiet();
});

scenario('NON-02 names that crossed with a push are served', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = xds.client(variant);
  const held = await client.hold({ endpoint: ['a'] });
  xds.commit(addEndpoint('a', 6381));
  await client.next('endpoint');
  client.send('endpoint', { resource_names: ['a', 'b'], response_nonce: held.endpoint.nonce });
  assert.deepEqual((await client.next('endpoint')).names, ['b']);
  client.send('endpoint', { resource_names: ['a', 'b'] });
  await client.assertQuiet();
});

scenario('NON-02 a client that is always one nonce behind still gets its names', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 7000), ...addCluster('b', 6380));
  const client = xds.client(variant);
  const held = await client.hold({ endpoint: ['a'] });
  let { nonce } = held.endpoint;
  const seen = new Set<string>();
  for (let port = 7001; port <= 7020; port += 1) {
    xds.commit(addEndpoint('a', port));
    const response = await client.next('endpoint');
    for (const name of response.names) seen.add(name);
    client.send('endpoint', { resource_names: ['a', 'b'], response_nonce: nonce });
    ({ nonce } = response);
  }
  await client.connection.fence();
  for (const { names } of client.unread) for (const name of names) seen.add(name);
  assert.deepEqual([...seen].sort(), ['a', 'b']);
});

scenario('NON-03 a nonce belongs to its type', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'], listener: [] });
  xds.commit(...addCluster('b', 6380));
  await client.next('cluster');
  await client.takeAndAck('endpoint');
  client.ack('cluster');
  const listeners = await client.takeAndAck('listener');
  assert.deepEqual(clustersRoutedTo(variant.apiVersion, listeners.resources[0]), ['a', 'b']);
  await client.assertQuiet();
});

scenario('NON-03 the nonce of another type is stale', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = xds.client(variant);
  const held = await client.hold({ cluster: [], endpoint: ['a'] });
  client.send('endpoint', { response_nonce: held.cluster.nonce, error_detail: { code: 13, message: 'refused' } });
  await client.assertQuiet();
  assert.deepEqual(xds.logged('NACK'), []);
});

scenario('NON-04 nonce and version from an earlier stream make no difference', allVariants, async (t, variant) => {
  const before = await serveXds(t);
  before.commit(...addCluster('a', 6379));
  const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };
  const held = await before.client(variant).hold(wanted);
  const after = await serveXds(t);
  after.commit(...addCluster('a', 6379));
  const client = after.client(variant);
  for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
    const { nonce, versionInfo } = held[kind];
    client.send(kind, { resource_names: wanted[kind], response_nonce: nonce, version_info: versionInfo });
    assert.deepEqual((await client.takeAndAck(kind)).names, held[kind].names);
  }
  await client.assertQuiet();
});

scenarioOfBoth('NON-05 the ACK may come during the write', aggregated, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, listeners: { l: 1 } }));
  const transport = protocol.fake(xds.hub, variant);
  transport.onResponse = (response: DeltaResponse & SotwResponse) => transport.ack(response);
  for (const kind of ['cluster', 'listener'] as const) {
    transport.subscribe(kind, 'n');
    await transport.responses.take(kind);
  }
  xds.publish(buildSnapshot({ clusters: { a: 2 }, listeners: { l: 2 } }));
  assert.equal((await transport.responses.take('clusters')).kind, 'cluster');
  assert.equal((await transport.responses.take('listeners, which wait for the ACK')).kind, 'listener');
  assert.equal(transport.responses.count, 4);
});
