import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';

import { awaitConvergence } from '../../src/xds/convergence.ts';
import type { Convergence, ConvergenceOptions } from '../../src/xds/convergence.ts';
import { awaitAcks } from '../../src/xds/fence.ts';
import { Presence, keptId } from '../../src/xds/presence.ts';
import type { StreamHub } from '../../src/xds/stream-hub.ts';
import type { StreamStatus } from '../../src/xds/stream-status.ts';
import { GENEROUS_MS, waitUntil } from '../support/wait-until.ts';
import { addCluster, addEndpoint } from '../support/xds/changes.ts';
import { FakeTransport } from '../support/xds/fake-transport.ts';
import { ServedXds } from '../support/xds/served-xds.ts';
import type { SotwResponse } from '../support/xds/sotw-response.ts';

type Answer = 'ack' | 'nack' | 'nothing';

/** A client that holds all clusters and the endpoints of `a`, and answers later responses as it is told. */
class FakeClient {
  readonly transport: FakeTransport;
  answer: Answer = 'ack';

  constructor(hub: StreamHub, id: string) {
    this.transport = new FakeTransport(hub, { apiVersion: 'v3', isAggregated: true });
    this.transport.onResponse = (response) => this.answerTo(response, this.answer);
    this.transport.request('cluster', { node: { id } });
    this.transport.request('endpoint', { resource_names: ['a'] });
  }

  answerTo({ kind, nonce, versionInfo }: SotwResponse, answer: Answer): void {
    if (answer === 'nothing') return;
    this.transport.request(kind, {
      response_nonce: nonce,
      resource_names: kind === 'endpoint' ? ['a'] : [],
      ...(answer === 'ack' ? { version_info: versionInfo } : { error_detail: { code: 13, message: 'no such port' } }),
    });
  }
}

/** A hub with a cluster `a`, and clients in sync that answer the next push as they are named. */
async function serve(answers: Readonly<Record<string, Answer>>) {
  const xds = new ServedXds({});
  xds.commit(...addCluster('a', 1));
  const clients = Object.entries(answers).map(([id, answer]) => ({ answer, client: new FakeClient(xds.hub, id) }));
  await waitUntil('all are in sync', () => [...xds.hub.streams].every((stream) => stream.isSettled()));
  for (const { answer, client } of clients) client.answer = answer;
  return { xds, clients: clients.map(({ client }) => client) };
}

function converge(xds: ServedXds, options: Partial<ConvergenceOptions> = {}): Promise<Convergence> {
  return awaitConvergence(xds.hub, { timeoutMs: GENEROUS_MS, ...options });
}

function idsOf(streams: readonly StreamStatus[]): (string | undefined)[] {
  return streams.map(({ node }) => node?.id).sort();
}

function summarize({ settled, waiting, gone }: Convergence) {
  return { settled: idsOf(settled), waiting: idsOf(waiting), gone };
}

function stateOf(streams: readonly StreamStatus[], id: string): string | undefined {
  const stream = streams.find(({ node }) => node?.id === id);
  return stream?.types.find(({ kind }) => kind === 'endpoint')?.state;
}

describe('awaitConvergence', () => {
  test('gives nobody when nobody is there', async () => {
    const { xds } = await serve({});
    assert.deepEqual(await converge(xds), { settled: [], waiting: [], unasked: new Map(), gone: [] });
  });

  test('waits for the ACK of the last one, and tells how many have answered', async () => {
    const { xds, clients } = await serve({ one: 'ack', two: 'nothing', three: 'ack' });
    const progress: number[][] = [];
    xds.commit(addEndpoint('a', 2));
    const convergence = converge(xds, { onProgress: (...counts) => progress.push(counts) });
    await waitUntil('two have settled', () => progress.at(-1)?.[0] === 2);
    const [, two] = clients as [FakeClient, FakeClient];
    two.answerTo(await lastOf(two), 'ack');
    assert.deepEqual(summarize(await convergence), { settled: ['one', 'three', 'two'], waiting: [], gone: [] });
    assert.deepEqual(progress.at(0), [0, 3]);
    assert.deepEqual(progress.at(-1), [3, 3]);
    const counts = progress.map(([settled]) => settled);
    assert.deepEqual(counts, [...new Set(counts)].sort());
  });

  test('waits for a stream too that one of them opens meanwhile, and not for those of others', async () => {
    const { xds } = await serve({ one: 'ack' });
    xds.commit(...addCluster('b', 1));
    const convergence = converge(xds, { timeoutMs: 500 });
    const opened = ['one', 'other'].map((id) => {
      const transport = new FakeTransport(xds.hub, { apiVersion: 'v3', isAggregated: false }, 'endpoint');
      transport.request('endpoint', { node: { id }, resource_names: ['b'] });
      return transport;
    });
    const { settled, waiting } = await convergence;
    assert.deepEqual([idsOf(settled), idsOf(waiting)], [['one'], ['one']]);
    assert.deepEqual(opened.map(({ written }) => written.length), [1, 1]);
  });

  test('takes a refusal for an answer, and has its text', async () => {
    const { xds } = await serve({ one: 'nack', two: 'ack' });
    xds.commit(addEndpoint('a', 2));
    const { settled } = await converge(xds);
    assert.deepEqual([stateOf(settled, 'one'), stateOf(settled, 'two')], ['error', 'synced']);
    const one = settled.find(({ node }) => node?.id === 'one');
    assert.deepEqual(one?.types.map(({ lastNack }) => lastNack?.message), [undefined, 'no such port']);
  });

  test('gives who has not answered when the time is up', async () => {
    const { xds } = await serve({ one: 'nothing', two: 'ack' });
    xds.commit(addEndpoint('a', 2));
    const convergence = await converge(xds, { timeoutMs: 200 });
    assert.deepEqual(summarize(convergence), { settled: ['two'], waiting: ['one'], gone: [] });
    assert.equal(stateOf(convergence.waiting, 'one'), 'stale');
  });

  test('does not wait at all when there is no time', async () => {
    const { xds } = await serve({ one: 'ack' });
    xds.commit(addEndpoint('a', 2));
    assert.deepEqual(summarize(await converge(xds, { timeoutMs: 0 })), { settled: [], waiting: ['one'], gone: [] });
  });

  test('waits for a client that does not read', async () => {
    const { xds, clients } = await serve({ one: 'nothing' });
    const [one] = clients as [FakeClient];
    one.transport.isReading = false;
    xds.commit(addEndpoint('a', 2));
    await lastOf(one);
    xds.commit(...addCluster('b', 3));
    const { waiting } = await converge(xds, { timeoutMs: 100 });
    assert.deepEqual(waiting[0]?.types.map(({ state }) => state), ['stale', 'stale']);
  });

  test('waits for the newest when there is another commit meanwhile', async () => {
    const { xds, clients } = await serve({ one: 'nothing' });
    const [one] = clients as [FakeClient];
    xds.commit(addEndpoint('a', 2));
    const first = await lastOf(one);
    const convergence = converge(xds);
    xds.commit(addEndpoint('a', 3));
    await nextTurn();
    const second = await lastOf(one);
    one.answerTo(first, 'ack');
    const stranger = await Promise.race([convergence, converge(xds, { timeoutMs: 100 })]);
    assert.deepEqual(summarize(stranger), { settled: [], waiting: ['one'], gone: [] });
    one.answerTo(second, 'ack');
    const { settled } = await convergence;
    assert.deepEqual(settled[0]?.types.map(({ state }) => state), ['synced', 'synced']);
  });

  test('gives who closes and does not come back as gone', async () => {
    const { xds, clients } = await serve({ one: 'nothing', two: 'ack' });
    const [one] = clients as [FakeClient];
    xds.commit(addEndpoint('a', 2));
    const convergence = converge(xds, { timeoutMs: 200 });
    await lastOf(one);
    one.transport.stream.close();
    assert.deepEqual(summarize(await convergence), { settled: ['two'], waiting: [], gone: ['one'] });
  });

  test('waits neither for who comes later, nor for who has not said who it is', async () => {
    const { xds, clients } = await serve({ one: 'nothing' });
    new FakeTransport(xds.hub, { apiVersion: 'v3', isAggregated: true });
    xds.commit(addEndpoint('a', 2));
    const convergence = converge(xds);
    new FakeClient(xds.hub, 'later').answer = 'nothing';
    const [one] = clients as [FakeClient];
    one.answerTo(await lastOf(one), 'ack');
    assert.deepEqual(summarize(await convergence), { settled: ['one'], waiting: [], gone: [] });
  });

  test('ends when it is aborted, before or while it waits', async () => {
    const { xds } = await serve({ one: 'nothing' });
    xds.commit(addEndpoint('a', 2));
    const gone = new AbortController();
    const convergence = converge(xds, { signal: gone.signal });
    gone.abort();
    for (const each of [convergence, converge(xds, { signal: gone.signal })]) {
      assert.deepEqual(summarize(await each), { settled: [], waiting: ['one'], gone: [] });
    }
  });

  test('gives nobody to whom it is abandoned, and looks at nobody for that', async () => {
    const { xds } = await serve({ one: 'nothing' });
    xds.commit(addEndpoint('a', 2));
    const { signal } = new AbortController();
    const gone = new AbortController();
    const convergence = converge(xds, { signal: AbortSignal.any([signal, gone.signal]), abandoned: gone.signal });
    gone.abort();
    assert.deepEqual(await convergence, { settled: [], waiting: [], unasked: new Map(), gone: [] });
  });

  test('waits for who took clusters until it asks for their endpoints, and takes them', async () => {
    const { xds, clients } = await serve({ one: 'ack' });
    const [one] = clients as [FakeClient];
    xds.commit(...addCluster('b', 2));
    const { waiting, unasked } = await converge(xds, { timeoutMs: 200 });
    assert.deepEqual([idsOf(waiting), unasked.get('one')?.names], [['one'], ['b']]);
    const convergence = converge(xds);
    one.answer = 'nothing';
    one.transport.request('endpoint', { resource_names: ['a', 'b'], response_nonce: '0' });
    const response = await one.transport.responses.take('endpoints of b', ({ kind, names }) => {
      return kind === 'endpoint' && names.includes('b');
    });
    assert.equal(await Promise.race([convergence.then(() => 'over'), nextTurn('goes on')]), 'goes on');
    one.transport.request('endpoint', {
      resource_names: ['a', 'b'],
      response_nonce: response.nonce,
      version_info: response.versionInfo,
    });
    assert.deepEqual(summarize(await convergence), { settled: ['one'], waiting: [], gone: [] });
  });

  test('waits for who asked for nothing that is published', async () => {
    const { xds } = await serve({});
    const transport = new FakeTransport(xds.hub, { apiVersion: 'v3', isAggregated: true });
    transport.request('cluster', { node: { id: 'one' }, type_url: 'type.googleapis.com/envoy.service.runtime.v3.Runtime' });
    const { waiting } = await converge(xds, { timeoutMs: 200 });
    assert.deepEqual(waiting.map(({ node, types, unknownTypeUrls }) => [node?.id, types, unknownTypeUrls]), [
      ['one', [], ['type.googleapis.com/envoy.service.runtime.v3.Runtime']],
    ]);
  });

  test('waits for who went a moment ago to come back', async () => {
    const { xds, clients } = await serve({ one: 'ack' });
    const [one] = clients as [FakeClient];
    one.transport.stream.close();
    xds.commit(addEndpoint('a', 2));
    assert.deepEqual(summarize(await converge(xds, { timeoutMs: 200 })), { settled: [], waiting: [], gone: ['one'] });
    const convergence = converge(xds);
    new FakeClient(xds.hub, 'one');
    assert.deepEqual(summarize(await convergence), { settled: ['one'], waiting: [], gone: [] });
  });

  test('waits for one with a long id as for any other, and tells of it once', async () => {
    const id = 'x'.repeat(1_024);
    const { xds, clients } = await serve({ [id]: 'ack' });
    const [one] = clients as [FakeClient];
    xds.commit(addEndpoint('a', 2));
    one.answer = 'nothing';
    const closing = converge(xds, { timeoutMs: 200 });
    one.transport.stream.close();
    const { gone } = await closing;
    assert.deepEqual(gone, [keptId(id)]);
    const convergence = converge(xds);
    new FakeClient(xds.hub, id);
    assert.deepEqual(summarize(await convergence), { settled: [id], waiting: [], gone: [] });
  });

  test('waits for those that are expected, by name or by number, and for nobody else', async () => {
    const { xds, clients } = await serve({ one: 'ack', two: 'ack' });
    const [one] = clients as [FakeClient, FakeClient];
    one.transport.stream.close();
    for (const expectation of [{ atLeast: 2, nodeIds: [] }, { atLeast: undefined, nodeIds: ['three'] }]) {
      const inVain = await converge(xds, { expectation, timeoutMs: 200 });
      assert.deepEqual(summarize(inVain), { settled: ['two'], waiting: [], gone: ['one'] });
    }
    const convergences = [
      converge(xds, { expectation: { atLeast: 2, nodeIds: [] } }),
      converge(xds, { expectation: { atLeast: undefined, nodeIds: ['three'] } }),
    ];
    new FakeClient(xds.hub, 'three');
    for (const convergence of convergences) {
      assert.deepEqual(summarize(await convergence), { settled: ['three', 'two'], waiting: [], gone: ['one'] });
    }
  });

  test('waits for whoever may come back after a start, as long as they may', async () => {
    const { xds } = await serve({});
    const startMs = performance.now();
    const convergence = converge(xds, { returningUntilMs: startMs + 300 });
    new FakeClient(xds.hub, 'one');
    assert.deepEqual(summarize(await convergence), { settled: ['one'], waiting: [], gone: [] });
    assert.ok(performance.now() >= startMs + 300);
  });

  test('looks again only at those that have not settled', async () => {
    const looks = { settled: 0, waiting: 0 };
    const streamOf = (name: keyof typeof looks) => ({
      nodeId: name,
      isSettled: () => ((looks[name] += 1), name === 'settled' || looks.waiting === 3),
      status: () => name,
    });
    const streams = new Set([streamOf('settled'), streamOf('waiting')]);
    const { settled } = await converge({ hub: { streams, presence: new Presence(0) } } as unknown as ServedXds);
    assert.deepEqual(settled, ['settled', 'waiting']);
    assert.deepEqual(looks, { settled: 1, waiting: 3 });
  });
});

/** The last response written to a client, as soon as there is a new one. */
function lastOf({ transport }: FakeClient): Promise<SotwResponse> {
  return transport.responses.take('a response that is not answered', ({ nonce }) => Number(nonce) > 2);
}

describe('awaitAcks', () => {
  test('counts who has taken it, and names who refuses it, does not answer, or is gone', async () => {
    const { xds, clients } = await serve({ good: 'ack', bad: 'nack', deaf: 'nothing', lost: 'ack' });
    clients.at(-1)?.transport.stream.close();
    xds.commit(addEndpoint('a', 2));
    const acked = await awaitAcks(xds.hub, 200, 0);
    assert.deepEqual(acked, { acked: 1, total: 4, missing: ['bad', 'deaf', 'lost'].map(keptId).sort() });
  });

  test('waits for who may come back after a start, and no longer than it may', async () => {
    const { xds } = await serve({ good: 'ack' });
    assert.deepEqual(await awaitAcks(xds.hub, 100, performance.now() + GENEROUS_MS), { acked: 1, total: 1, missing: [] });
  });
});
