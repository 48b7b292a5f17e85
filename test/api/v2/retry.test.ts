import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { RetryMessage } from '../../../src/api/v2/messages.ts';
import type { ResourceKind } from '../../../src/snapshot/resource.ts';
import { Presence } from '../../../src/xds/presence.ts';
import type { StreamHub } from '../../../src/xds/stream-hub.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { addCluster } from '../../support/xds/changes.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { FakeTransport } from '../../support/xds/fake-transport.ts';
import type { SotwClient } from '../../support/xds/sotw-client.ts';
import { getClients, serveV2 } from './serve-v2.ts';
import type { ServedV2 } from './serve-v2.ts';

async function retry({ url }: ServedV2, query: string): Promise<RetryMessage> {
  const response = await fetch(`${url}/retry${query}`, { method: 'POST' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  return (await response.json()) as RetryMessage;
}

/** Clients that hold cluster `a` and have refused its endpoints. */
async function serveRefusing(t: Parameters<typeof serveV2>[0], ...ids: readonly string[]) {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1));
  const clients: SotwClient[] = [];
  for (const id of ids) {
    const client = api.xds.client({ apiVersion: 'v3', isAggregated: true }, id);
    await client.hold({ cluster: [] });
    client.subscribe('endpoint', 'a');
    await client.next('endpoint');
    client.nack('endpoint', 'no room');
    clients.push(client);
  }
  await waitUntil('all have refused', async () => (await getClients(api, '?state=error')).clients.length === ids.length);
  return { api, clients };
}

test('one takes it, one refuses it again, one goes: each is told of', async (t) => {
  const { api, clients } = await serveRefusing(t, 'takes', 'refuses', 'goes');
  const [takes, refuses, goes] = clients as [SotwClient, SotwClient, SotwClient];
  const answer = retry(api, '?wait=1m');
  await takes.takeAndAck('endpoint');
  await refuses.next('endpoint');
  refuses.nack('endpoint', 'still no room');
  await goes.next('endpoint');
  goes.cancel();
  const { retried, not_in_sync: others, gone } = await answer;
  assert.deepEqual(retried.map(({ node_id: id, types }) => [id, types]), [
    ['goes', ['endpoint']],
    ['refuses', ['endpoint']],
    ['takes', ['endpoint']],
  ]);
  assert.deepEqual(others.map(({ node_id: id, type, state, reason }) => [id, type, state, reason]), [
    ['refuses', 'endpoint', 'error', 'still no room'],
  ]);
  assert.deepEqual(gone.map(({ node_id: id }) => id), ['goes']);
});

test('of two clients with one node id, the one that goes is told of', async (t) => {
  const { api, clients } = await serveRefusing(t, 'same', 'same');
  const [takes, goes] = clients as [SotwClient, SotwClient];
  const answer = retry(api, '?wait=1m');
  await takes.takeAndAck('endpoint');
  await goes.next('endpoint');
  goes.cancel();
  const { retried, not_in_sync: others, gone } = await answer;
  assert.equal(retried.length, 2);
  assert.deepEqual(others, []);
  assert.equal(gone.length, 1);
  assert.ok(retried.some(({ peer }) => peer === gone[0]?.peer));
});

test('a client that closes one of its streams goes without what was sent there', async (t) => {
  const api = await serveV2(t);
  api.xds.commit(...addCluster('a', 1));
  const [clusters, endpoints] = [refuseByStream(api, 'cluster', []), refuseByStream(api, 'endpoint', ['a'])];
  await waitUntil('both are refused', () => [clusters, endpoints].every(({ stream }) => stream.isSettled()));
  clusters.onResponse = (response) => clusters.ack(response);
  endpoints.onResponse = () => endpoints.stream.close();
  const { retried, not_in_sync: others, gone } = await retry(api, '?wait=1m');
  const client = { node_id: 'n', peer: clusters.peer };
  assert.deepEqual(retried, [{ ...client, types: ['cluster', 'endpoint'] }]);
  assert.deepEqual([others, gone], [[], [client]]);
});

/** A stream of one type, of the node `n`, on which what is sent is refused. */
function refuseByStream({ xds }: ServedV2, kind: Kind, names: readonly string[]): FakeTransport {
  const transport = new FakeTransport(xds.hub, { apiVersion: 'v3', isAggregated: false }, kind);
  transport.onResponse = ({ nonce }) => {
    const error = { code: 13, message: 'no room' };
    transport.request(kind, { response_nonce: nonce, resource_names: names, error_detail: error });
  };
  transport.subscribe(kind, 'n', ...names);
  return transport;
}

test('one node alone, without waiting', async (t) => {
  const { api, clients } = await serveRefusing(t, 'one', 'two');
  const [one, two] = clients as [SotwClient, SotwClient];
  const { retried, not_in_sync: others } = await retry(api, '?node=two');
  assert.deepEqual(retried.map(({ node_id: id }) => id), ['two']);
  assert.deepEqual(others.map(({ node_id: id, state }) => [id, state]), [['two', 'stale']]);
  await two.takeAndAck('endpoint');
  await one.assertQuiet();
});

test('nobody has refused anything', async (t) => {
  const api = await serveV2(t);
  const { took_ms: _, ...answer } = await retry(api, '?wait=1m');
  assert.deepEqual(answer, { retried: [], not_in_sync: [], gone: [] });
});

test('64 wait at most: who comes then is told so, and nothing is sent again; commits wait as before', async (t) => {
  const { hub, sent } = unansweringHub();
  const api = await serveV2(t, { hub });
  const gone = new AbortController();
  const call = (wait: string) => fetch(`${api.url}/retry?wait=${wait}`, { method: 'POST', signal: gone.signal });
  const calls = Array.from({ length: 64 }, () => call('10m'));
  await waitUntil('they wait', () => sent.length === 64);
  const refused = await call('10m');
  assert.equal(refused.status, 503);
  const { detail } = (await refused.json()) as { detail: string };
  assert.equal(detail, 'wait: 64 other retries wait already, nothing was sent again: ask again later');
  assert.equal(sent.length, 64);
  assert.equal((await call('0')).status, 200);
  assert.equal((await fetch(`${api.url}/commit?wait=1ms`, { method: 'POST' })).status, 200);
  gone.abort();
  await Promise.allSettled(calls);
});

/** Of one stream, whose client has always refused something, and leaves something else unanswered. */
function unansweringHub(): { hub: StreamHub; sent: ResourceKind[] } {
  const sent: ResourceKind[] = [];
  const node = { id: 'n', cluster: '', userAgentName: '', userAgentVersion: '' };
  const method = { apiVersion: 'v3', protocol: 'sotw', kind: undefined };
  const stream = {
    nodeId: 'n',
    isSettled: () => false,
    retry: () => (sent.push('cluster'), ['cluster']),
    status: () => ({ peer: 'p', node, method, types: [], unknownTypeUrls: [], openedAtMs: 0 }),
  };
  const hub = { streams: new Set([stream]), presence: new Presence(0) };
  return { hub: hub as unknown as StreamHub, sent };
}

describe('is refused:', () => {
  const refused: readonly (readonly [query: string, status: number, detail: string])[] = [
    ['?node=nobody', 404, 'node "nobody": not connected'],
    ['?wait=5', 400, 'wait "5": must be a whole number and ms, s, m or h, such as 500ms, 10s or 1m'],
    ['?wait=601s', 400, 'wait "601s": must be at most 10m'],
    ['?nod=a', 400, '"nod": no such parameter, only node, wait'],
  ];
  for (const [query, status, detail] of refused) {
    test(detail, async (t) => {
      const response = await fetch(`${(await serveV2(t)).url}/retry${query}`, { method: 'POST' });
      const { detail: given } = (await response.json()) as { detail: string };
      assert.deepEqual([response.status, given], [status, detail]);
    });
  }
});
