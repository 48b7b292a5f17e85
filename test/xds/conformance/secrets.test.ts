// Secret discovery: by name only, one secret in each response, so that the NACK of one says which it is of. The catalogue
// of the protocol has no section for secrets; that they are answered like every other type is WRM-06, WLD-04 and DLT-04.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serveDiscovery } from '../../api/serve-discovery.ts';
import { delta, scenarioOfBoth, sotw } from '../../support/xds/both-protocols.ts';
import type { DiscoveryClient } from '../../support/xds/both-protocols.ts';
import type { DiscoveryResponse } from '../../support/xds/discovery-response.ts';
import { buildSnapshot } from '../../support/xds/hand-made-snapshot.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { ServedXds } from '../../support/xds/served-xds.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { aggregated, allVariants, perType, scenario } from '../../support/xds/wire-variant.ts';

const refusal = { code: 13, message: 'Failed to load private key from <inline>' };

/** The next responses, not answered yet. */
async function take(client: DiscoveryClient, count: number): Promise<DiscoveryResponse[]> {
  const responses: DiscoveryResponse[] = [];
  while (responses.length < count) responses.push(await client.next('secret'));
  return responses;
}

function answer(client: DiscoveryClient, { nonce, versionInfo }: DiscoveryResponse, isTaken = true): void {
  const ack = 'unsubscribe' in client ? {} : { version_info: versionInfo };
  client.send('secret', { response_nonce: nonce, ...(isTaken ? ack : { error_detail: refusal }) });
}

/** Takes one response of each of these secrets, in this order, and accepts all. */
async function hold(client: DiscoveryClient, ...names: readonly string[]): Promise<void> {
  client.subscribe('secret', ...names);
  for (const name of names) assert.deepEqual((await client.takeAndAck('secret')).changes, [name]);
  await client.assertQuiet();
}

function refusedNames(xds: ServedXds): unknown[] {
  return xds.logged('NACK').map(({ resource_names: names }) => names);
}

scenarioOfBoth('SDS-01 each secret comes in a response of its own', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1', u: '1', other: '1' } }));
  const client = protocol.client(xds.connect(), variant);
  client.subscribe('secret', 't', 'u', 's');
  const responses = await take(client, 3);
  assert.deepEqual(responses.map(({ changes }) => changes), [['s'], ['t'], ['u']]);
  assert.equal(new Set(responses.map(({ nonce }) => nonce)).size, 3);
  assert.equal(new Set(responses.map(({ versionInfo }) => versionInfo)).size, 3);
  for (const response of responses) answer(client, response);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { secret: 'synced' });
});

scenarioOfBoth('SDS-01 a rotation reaches who asked for the secret', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1' } }));
  const [client, other] = [protocol.client(xds.connect(), variant), protocol.client(xds.connect(), variant, 'other')];
  await hold(client, 's', 't');
  await hold(other, 't');
  xds.publish(buildSnapshot({ secrets: { s: '2', t: '1' } }));
  const rotated = await client.takeAndAck('secret');
  assert.deepEqual(rotated.resources, [{ name: 's', validation_context: { trusted_ca: { inline_string: '2' } } }]);
  await client.assertQuiet();
  await other.assertQuiet();
});

scenarioOfBoth('SDS-02 a NACK is of one secret and of no other', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: 'bad', u: '1' } }));
  const client = protocol.client(xds.connect(), variant);
  client.subscribe('secret', 's', 't', 'u');
  const [s, bad, u] = await take(client, 3);
  assert.ok(s !== undefined && bad !== undefined && u !== undefined);
  answer(client, s);
  answer(client, bad, false);
  answer(client, u);
  await client.assertQuiet();
  assert.deepEqual(refusedNames(xds), [['t']]);
  assert.deepEqual(xds.states, { secret: 'error' });
  xds.publish(buildSnapshot({ secrets: { s: '1', t: 'good', u: '1' } }));
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['t']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { secret: 'synced' });
});

scenarioOfBoth('SDS-02 the first of many may be refused after the last', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  const names = Array.from({ length: 40 }, (_, index) => `s${String(index).padStart(2, '0')}`);
  xds.publish(buildSnapshot({ secrets: Object.fromEntries(names.map((name) => [name, '1'])) }));
  const client = protocol.client(xds.connect(), variant);
  client.subscribe('secret', ...names);
  const [first, ...others] = await take(client, names.length);
  assert.ok(first !== undefined);
  answer(client, first, false);
  for (const response of others) answer(client, response);
  await waitUntil('all answers are taken', () => xds.states['secret'] === 'error');
  assert.deepEqual(refusedNames(xds), [['s00']]);
  await client.assertQuiet();
});

scenarioOfBoth('SDS-02 a retry sends the refused secret alone', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1' } }));
  const client = protocol.client(xds.connect(), variant);
  client.subscribe('secret', 's', 't');
  const [s, refused] = await take(client, 2);
  assert.ok(s !== undefined && refused !== undefined);
  answer(client, s);
  answer(client, refused, false);
  await client.assertQuiet();
  for (const stream of xds.hub.streams) stream.retry();
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['t']);
  await client.assertQuiet();
  assert.deepEqual(xds.states, { secret: 'synced' });
});

scenarioOfBoth('SDS-03 no names, and "*", are no secret', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1' } }));
  for (const names of [[], ['*']]) {
    const client = protocol.client(xds.connect(), variant);
    client.subscribe('secret', ...names);
    await client.assertQuiet();
    client.subscribe('secret', '*', 's');
    assert.deepEqual((await client.takeAndAck('secret')).changes, ['s']);
    await client.assertQuiet();
  }
});

scenario('SDS-04 an unknown secret holds no other back, and comes when it is there', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1' } }));
  const client = sotw.client(xds.connect(), variant);
  client.subscribe('secret', 'missing');
  assert.deepEqual((await client.takeAndAck('secret')).changes, []);
  client.subscribe('secret', 'missing', 's');
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['s']);
  await client.assertQuiet();
  xds.publish(buildSnapshot({ secrets: { missing: '1', s: '1' } }));
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['missing']);
});

scenario('SDS-04 delta: an unknown secret is said to be missing, at once', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1' } }));
  const client = delta.client(xds.connect(), variant);
  client.subscribe('secret', 'missing', 's', 'nowhere');
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['s']);
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['-missing', '-nowhere']);
  await client.assertQuiet();
  xds.publish(buildSnapshot({ secrets: { missing: '1', s: '1' } }));
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['missing']);
});

scenarioOfBoth('SDS-05 secrets go before what names them', aggregated, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1' }, clusters: { a: 1 }, endpoints: { a: [1] }, listeners: { l: 1 } }));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ cluster: ['*'], endpoint: ['a'], listener: ['*'], secret: ['s'] });
  xds.publish(buildSnapshot({ secrets: { s: '2' }, clusters: { a: 2 }, endpoints: { a: [2] }, listeners: { l: 2 } }));
  const seen: string[] = [];
  while (seen.length < 4) {
    const { kind } = await client.nextOfAny();
    seen.push(kind);
    client.ack(kind);
  }
  assert.deepEqual(seen, ['secret', 'cluster', 'endpoint', 'listener']);
  await client.assertQuiet();
});

scenario('SDS-05 delta: a secret goes when nothing that was sent names it', aggregated, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1' }, clusters: { a: 1 }, listeners: { l: 1 } }));
  const client = delta.client(xds.connect(), variant);
  await client.hold({ cluster: [], listener: [] });
  await hold(client, 's', 't');
  xds.publish(buildSnapshot({ secrets: { t: '2' }, clusters: { a: 2 }, listeners: { l: 2 } }));
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['t']);
  assert.deepEqual((await client.next('cluster')).changes, ['a']);
  await client.assertQuiet();
  client.ack('cluster');
  assert.deepEqual((await client.next('listener')).changes, ['l']);
  await client.assertQuiet();
  client.ack('listener');
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['-s']);
  await client.assertQuiet();
});

scenario('SDS-05 delta: on a stream of its own it goes at once', perType, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1' } }));
  const client = delta.client(xds.connect(), variant);
  await hold(client, 's');
  xds.publish(buildSnapshot({}));
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['-s']);
  await client.assertQuiet();
});

scenarioOfBoth('SDS-06 a secret that went and came back is sent again', allVariants, async (t, variant, protocol) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1' } }));
  const client = protocol.client(xds.connect(), variant);
  await hold(client, 's', 't');
  xds.publish(buildSnapshot({ secrets: { t: '1' } }));
  if (protocol === delta) await client.takeAndAck('secret');
  await client.assertQuiet();
  await waitUntil('the stream has taken the removal up', () => xds.states['secret'] === 'synced');
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1' } }));
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['s']);
  await client.assertQuiet();
});

scenario('SDS-06 after a reconnect all secrets come again', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1' } }));
  const client = sotw.client(xds.connect(), variant);
  client.resume('secret', '0'.repeat(32), 's', 't');
  assert.deepEqual((await take(client, 2)).map(({ changes }) => changes), [['s'], ['t']]);
  await client.assertQuiet();
});

scenario('SDS-06 delta: after a reconnect those come that the client lacks', allVariants, async (t, variant) => {
  const xds = await serveXds(t);
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '1', u: '1' } }));
  const before = delta.client(xds.connect(), variant);
  await hold(before, 's', 't', 'u');
  xds.publish(buildSnapshot({ secrets: { s: '1', t: '2', u: '2' } }));
  const client = delta.client(xds.connect(), variant);
  client.resume('secret', before.versions('secret'), 's', 't', 'u');
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['t']);
  assert.deepEqual((await client.takeAndAck('secret')).changes, ['u']);
  await client.assertQuiet();
});

for (const apiVersion of ['v2', 'v3'] as const) {
  test(`SDS-07 a poll is given the secrets that it names (${apiVersion})`, async (t) => {
    const { xds, post } = await serveDiscovery(t);
    xds.publish(buildSnapshot({ secrets: { s: '1', t: '1' } }));
    const ask = (request: object) => post(`/${apiVersion}/discovery:secrets`, JSON.stringify({ node: { id: 'n' }, ...request }));
    const { status, body } = await ask({ resource_names: ['t', 'missing'] });
    assert.equal(status, 200);
    const { resources } = JSON.parse(body) as { resources: readonly { name: string }[] };
    assert.deepEqual(resources.map(({ name }) => name), ['t']);
  });

  test(`SDS-07 and none without a name (${apiVersion})`, async (t) => {
    const { xds, post } = await serveDiscovery(t);
    xds.publish(buildSnapshot({ secrets: { s: '1' } }));
    for (const names of [undefined, [], ['*'], ['s', '*']]) {
      const request = { node: { id: 'n' }, resource_names: names };
      const { status, body } = await post(`/${apiVersion}/discovery:secrets`, JSON.stringify(request));
      assert.deepEqual([status, body], [400, 'resource_names: required, secrets are given by name only\n']);
    }
  });
}
