// What the server makes of delta ACKs, NACKs and nonces: ACK-06, NON-06 and their neighbours in the catalogue.

import assert from 'node:assert/strict';

import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { connectDelta } from '../../support/xds/delta-client.ts';
import type { DeltaClient } from '../../support/xds/delta-client.ts';
import type { DeltaResponse } from '../../support/xds/delta-response.ts';
import { kinds, typeUrlOf } from '../../support/xds/discovery-api.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { ServedXds } from '../../support/xds/served-xds.ts';
import { aggregated, allVariants, scenario } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';

/** The responses that were counted as refused, by type URL and nonce. */
function nacks(xds: ServedXds): unknown[] {
  return xds.logged('NACK').map(({ type_url: typeUrl, response_nonce: nonce }) => [typeUrl, nonce]);
}

const firstVersions = { a: 1, b: 2, c: 3 };

/** Content of each kind as numbers by name. */
function snapshotOf(numbers: Readonly<Record<string, number>>): Snapshot {
  const map = <Value>(valueOf: (n: number) => Value): Record<string, Value> =>
    Object.fromEntries(Object.entries(numbers).map(([name, n]) => [name, valueOf(n)]));
  return buildSnapshot({
    clusters: numbers,
    endpoints: map((n) => [n]),
    listeners: numbers,
    routes: map((n) => `to-${n}`),
  });
}

/** A client that holds `a`, `b` and `c` of this kind, and has since taken other content of `a` and `b`, unanswered. */
async function offerAAndB(
  xds: ServedXds,
  variant: WireVariant,
  kind: Kind,
): Promise<{ client: DeltaClient; offered: DeltaResponse }> {
  xds.publish(snapshotOf(firstVersions));
  const client = connectDelta(xds, variant);
  await client.hold({ [kind]: ['a', 'b', 'c'] });
  xds.publish(snapshotOf({ a: 11, b: 12, c: 3 }));
  const offered = await client.next(kind);
  assert.deepEqual(offered.changes, ['a', 'b']);
  return { client, offered };
}

/** As {@link offerAAndB}; the client has refused that content, and was not answered. */
async function refuseAAndB(xds: ServedXds, variant: WireVariant, kind: Kind): Promise<DeltaClient> {
  const { client } = await offerAAndB(xds, variant, kind);
  client.nack(kind);
  await client.assertQuiet();
  return client;
}

/** Takes and ACKs a response, asserts that this is all that it says, and that nothing follows. */
async function assertNext(client: DeltaClient, kind: Kind, ...changes: readonly string[]): Promise<void> {
  assert.deepEqual((await client.takeAndAck(kind)).changes, changes);
  await client.assertQuiet();
}

scenario('ACK-06 an ACK is not answered, and what it accepts is held', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of kinds) {
    const { client } = await offerAAndB(xds, variant, kind);
    client.ack(kind);
    await client.assertQuiet();
    xds.publish(snapshotOf({ a: 11, b: 12, c: 13 }));
    await assertNext(client, kind, 'c');
  }
  assert.deepEqual(nacks(xds), []);
});

scenario('ACK-06 a NACK is recorded and not answered', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of kinds) {
    xds.publish(snapshotOf(firstVersions));
    const client = connectDelta(xds, variant);
    await client.hold({ [kind]: ['a', 'b'] });
    xds.publish(snapshotOf({ a: 11, b: 12 }));
    const { nonce } = await client.next(kind);
    client.nack(kind, 'no such thing');
    client.nack(kind, 'no such thing');
    await client.assertQuiet();
    const last = xds.logged('NACK').at(-1);
    assert.equal(last?.['type_url'], typeUrlOf(variant.apiVersion, kind));
    assert.equal(last?.['response_nonce'], nonce);
    assert.deepEqual(last?.['error_detail'], { code: 13, message: 'no such thing' });
    assert.deepEqual(last?.['resource_names'], ['a', 'b']);
  }
});

scenario('ACK-06 nor is the NACK of the very first response', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(snapshotOf(firstVersions));
  for (const kind of kinds) {
    const client = connectDelta(xds, variant);
    client.subscribe(kind, 'a');
    const { nonce } = await client.next(kind);
    client.nack(kind);
    await client.assertQuiet();
    assert.deepEqual(nacks(xds).at(-1), [typeUrlOf(variant.apiVersion, kind), nonce]);
  }
});

scenario('ACK-06 what was refused comes whole when one of it changes, not before', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of kinds) {
    const client = await refuseAAndB(xds, variant, kind);
    xds.publish(snapshotOf({ a: 11, b: 12, c: 13 }));
    await assertNext(client, kind, 'c');
    xds.publish(snapshotOf({ a: 21, b: 12, c: 13 }));
    await assertNext(client, kind, 'a', 'b');
    xds.publish(snapshotOf({ a: 31, b: 12, c: 13 }));
    await assertNext(client, kind, 'a');
  }
});

scenario('ACK-06 the way back to the content before the refused one is sent too', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of kinds) {
    const client = await refuseAAndB(xds, variant, kind);
    xds.publish(snapshotOf(firstVersions));
    await assertNext(client, kind, 'a', 'b');
  }
});

scenario('ACK-06 a refused resource that goes is removed', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of kinds) {
    const client = await refuseAAndB(xds, variant, kind);
    xds.publish(snapshotOf({ b: 12, c: 3 }));
    assert.ok((await client.takeAndAck(kind)).removed.includes('a'));
    await client.assertQuiet();
  }
});

scenario('ACK-06 a removal refused beside a bad resource comes again with its fix', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of ['cluster', 'listener'] as const) {
    xds.publish(snapshotOf(firstVersions));
    const client = connectDelta(xds, variant);
    await client.hold({ [kind]: [] });
    xds.publish(snapshotOf({ a: 11, b: 2 }));
    assert.deepEqual((await client.next(kind)).changes, ['a', '-c']);
    client.nack(kind);
    await client.assertQuiet();
    xds.publish(snapshotOf({ a: 21, b: 2 }));
    await assertNext(client, kind, 'a', '-c');
  }
});

scenario('ACK-06 what was refused after its fix was sent comes at once', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  for (const kind of kinds) {
    const { client, offered: refused } = await offerAAndB(xds, variant, kind);
    xds.publish(snapshotOf({ a: 21, b: 12, c: 3 }));
    assert.deepEqual((await client.next(kind)).changes, ['a']);
    client.send(kind, { response_nonce: refused.nonce, error_detail: { code: 13, message: 'bad a' } });
    client.ack(kind);
    await assertNext(client, kind, 'b');
  }
});

scenario('ACK-06 names that come with a NACK are served, without what was refused', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(snapshotOf(firstVersions));
  const client = connectDelta(xds, variant);
  await client.hold({ endpoint: ['a'] });
  xds.publish(snapshotOf({ a: 11, b: 2 }));
  const refused = await client.next('endpoint');
  client.send('endpoint', {
    response_nonce: refused.nonce,
    error_detail: { code: 13, message: 'refused' },
    resource_names_subscribe: ['b'],
  });
  await assertNext(client, 'endpoint', 'b');
  assert.deepEqual(nacks(xds), [[typeUrlOf(variant.apiVersion, 'endpoint'), refused.nonce]]);
});

scenario('ACK-05 delta: a NACK of one type does not stop the others', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 1 } }));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['a'], listener: [] });
  xds.publish(buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 2 } }));
  await client.next('listener');
  client.nack('listener');
  for (const n of [2, 3]) {
    xds.publish(buildSnapshot({ clusters: { a: n }, endpoints: { a: [n] }, listeners: { l: 2 } }));
    assert.deepEqual((await client.takeAndAck('cluster')).changes, ['a']);
    assert.deepEqual(portsOf((await client.takeAndAck('endpoint')).resources[0]), [n]);
  }
  await client.assertQuiet();
});

scenario('ACK-07 delta: without any ACK every type goes on with what changed', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 7000), ...addCluster('b', 6379));
  const client = connectDelta(xds, variant);
  client.subscribe('cluster');
  await client.next('cluster');
  client.subscribe('endpoint', 'a', 'b');
  await client.next('endpoint');
  for (let port = 7001; port <= 7040; port += 1) {
    xds.commit(addEndpoint('a', port));
    const pushed = await client.next('endpoint');
    assert.deepEqual(pushed.changes, ['a']);
    assert.equal(portsOf(pushed.resources[0]).at(-1), port);
  }
  xds.commit(...addCluster('c'));
  assert.deepEqual((await client.next('cluster')).changes, ['c']);
  client.ack('cluster');
  client.ack('endpoint');
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), []);
});

scenario('NON-06 a stale nonce does not cancel a change of names', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379), ...addCluster('b', 6380));
  const client = connectDelta(xds, variant);
  const held = await client.hold({ endpoint: ['a'] });
  xds.commit(addEndpoint('a', 6381));
  const pushed = await client.next('endpoint');
  client.send('endpoint', { response_nonce: held.endpoint.nonce, resource_names_subscribe: ['b'] });
  assert.deepEqual((await client.next('endpoint')).changes, ['b']);
  client.send('endpoint', { response_nonce: 'never sent', resource_names_unsubscribe: ['a'] });
  client.send('endpoint', { response_nonce: pushed.nonce });
  client.ack('endpoint');
  await client.assertQuiet();
  xds.commit(addEndpoint('a', 6382), addEndpoint('b', 6383));
  await assertNext(client, 'endpoint', 'b');
});

scenario('NON-06 a stale or unknown nonce is neither ACK nor NACK', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  const held = await client.hold({ cluster: [], endpoint: ['a', 'b'], listener: [] });
  xds.commit(...addCluster('b', 6380));
  const error = { error_detail: { code: 13, message: 'of another' } };
  const pushed = await client.next('cluster');
  await client.takeAndAck('endpoint');
  client.send('cluster', { response_nonce: held.cluster.nonce });
  client.send('cluster', { response_nonce: held.cluster.nonce, ...error });
  client.send('cluster', { response_nonce: held.endpoint.nonce, ...error });
  client.send('cluster', { response_nonce: 'never sent', ...error });
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), []);
  client.nack('cluster');
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), [[typeUrlOf(variant.apiVersion, 'cluster'), pushed.nonce]]);
});

scenario('NON-06 a request without a nonce is a change of names and nothing else', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const client = connectDelta(xds, variant);
  await client.hold({ cluster: [], endpoint: ['a', 'b'], listener: [] });
  xds.commit(...addCluster('b', 6380));
  await client.next('cluster');
  await client.takeAndAck('endpoint');
  client.subscribe('endpoint', 'c');
  await client.takeAndAck('endpoint');
  client.send('cluster', { error_detail: { code: 13, message: 'of nothing' } });
  client.send('cluster');
  await client.assertQuiet();
  assert.deepEqual(nacks(xds), []);
  client.ack('cluster');
  await assertNext(client, 'listener', 'redis_listener');
});

scenario('NON-04 delta: a nonce from an earlier stream makes no difference', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(snapshotOf(firstVersions));
  for (const kind of kinds) {
    const client = connectDelta(xds, variant);
    const fromEarlier = { response_nonce: '7', error_detail: { code: 13, message: 'old' } };
    client.send(kind, { resource_names_subscribe: ['a'], ...fromEarlier });
    await assertNext(client, kind, 'a');
  }
  assert.deepEqual(nacks(xds), []);
});
