// How long it takes until the Envoys have what was published.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { NewEvent } from '../../src/events/event.ts';
import { AckCount } from '../../src/xds/ack-count.ts';
import { Acks } from '../../src/xds/acks.ts';
import type { StreamHub } from '../../src/xds/stream-hub.ts';
import { waitUntil } from '../support/wait-until.ts';
import { addCluster, addEndpoint } from '../support/xds/changes.ts';
import { FakeTransport } from '../support/xds/fake-transport.ts';
import { ServedXds } from '../support/xds/served-xds.ts';
import type { SotwResponse } from '../support/xds/sotw-response.ts';

type Answer = 'ack' | 'nack' | 'nothing';

/** A client of all clusters that answers as it is told. */
class FakeClient {
  answer: Answer = 'ack';
  readonly transport: FakeTransport;
  #last: SotwResponse | undefined;

  constructor(hub: StreamHub, id: string) {
    this.transport = new FakeTransport(hub, { apiVersion: 'v3', isAggregated: true });
    this.transport.onResponse = (response) => this.#answer((this.#last = response));
    this.transport.request('cluster', { node: { id } });
    this.transport.request('endpoint', { resource_names: ['a'] });
  }

  answerNow(): void {
    if (this.#last !== undefined) this.#answer(this.#last);
  }

  #answer({ kind, nonce, versionInfo }: SotwResponse): void {
    if (this.answer === 'nothing') return;
    const names = kind === 'endpoint' ? ['a'] : [];
    const verdict = this.answer === 'ack' ? { version_info: versionInfo } : { error_detail: { code: 13, message: 'no' } };
    this.transport.request(kind, { response_nonce: nonce, resource_names: names, ...verdict });
  }
}

async function serve(ids: readonly string[], timeoutMs?: number) {
  const xds = new ServedXds({});
  const told: NewEvent[] = [];
  const acks = new Acks({ hub: () => xds.hub, onEvent: (event) => void told.push(event), ...(timeoutMs && { timeoutMs }) });
  xds.commit(...addCluster('a', 1));
  const clients = ids.map((id) => new FakeClient(xds.hub, id));
  await waitUntil('all are in sync', () => [...xds.hub.streams].every((stream) => stream.isSettled()));
  let port = 1;
  const publish = (event: Partial<NewEvent> = {}): void => {
    xds.commit(addEndpoint('a', (port += 1)));
    acks.note({ type: 'order', cluster: 'a', message: `port ${port}`, causeMs: Date.now() - 5_000, ...event });
  };
  const next = async (count = 1) => {
    await waitUntil('it is told', () => told.length >= count);
    return told[count - 1];
  };
  return { xds, acks, clients, told, publish, next };
}

test('tells how long after its cause the last Envoy had it', async () => {
  const { publish, next } = await serve(['one', 'two']);
  publish();
  const event = await next();
  assert.deepEqual([event?.type, event?.cluster], ['acked', 'a']);
  assert.match(event?.message ?? '', /^2 Envoys have it \d+ ms after: port 2$/u);
  const { ms, ...rest } = event?.data ?? {};
  assert.deepEqual(rest, { envoys: 2, missing: 0 });
  assert.ok(Number(ms) >= 5_000);
});

test('names those that refuse it, and those that have not answered in time', async () => {
  const { clients, publish, next } = await serve(['one', 'two', 'three'], 200);
  const [, two, three] = clients;
  Object.assign(two as object, { answer: 'nack' });
  Object.assign(three as object, { answer: 'nothing' });
  publish();
  const event = await next();
  assert.match(event?.message ?? '', /^1 of 3 Envoys have it \d+ ms after: port 2; not two, three$/u);
  assert.deepEqual(event?.data?.['nodes'], ['two', 'three']);
  assert.deepEqual([event?.data?.['envoys'], event?.data?.['missing']], [1, 2]);
});

test('waits for one at a time, and for those that come meanwhile together', async () => {
  const { clients, told, publish, next } = await serve(['one']);
  const [one] = clients as [FakeClient];
  one.answer = 'nothing';
  publish();
  await sleep(50);
  publish({ cluster: 'b' });
  publish();
  one.answer = 'ack';
  one.answerNow();
  assert.match((await next(2))?.message ?? '', /ms after: port 3, port 4$/u);
  assert.equal(told[1]?.cluster, undefined);
  await sleep(100);
  assert.equal(told.length, 2);
});

test('tells nothing of what had no cause, where nobody is connected, and once it is closed', async () => {
  const nobody = await serve([]);
  nobody.publish();
  const one = await serve(['one']);
  one.publish({ causeMs: undefined });
  const closed = await serve(['one']);
  closed.publish();
  closed.acks.close();
  closed.publish();
  const last = await serve(['one']);
  last.publish();
  await last.next();
  await sleep(100);
  assert.deepEqual([nobody.told, one.told, closed.told], [[], [], []]);
});

test('who went is not waited for', async () => {
  const { clients, publish, next } = await serve(['one', 'two']);
  const [, two] = clients as [FakeClient, FakeClient];
  two.answer = 'nothing';
  publish();
  await sleep(50);
  two.transport.stream.close();
  assert.deepEqual((await next())?.data?.['envoys'], 1);
});

test('of ten thousand streams each is asked about once, some in a row', () => {
  let asked = 0;
  const stream = (index: number) => ({
    nodeId: `n${index}`,
    isRefusing: false,
    acceptedAtMs: index,
    settled: index !== 4_321,
    isSettled() {
      asked += 1;
      return this.settled;
    },
  });
  const streams = new Set(Array.from({ length: 10_000 }, (_, index) => stream(index)));
  const count = new AckCount(streams);
  let rounds = 0;
  while (!count.look() && rounds < 50) {
    rounds += 1;
    if (rounds === 20) for (const each of streams) each.settled = true;
    assert.ok(asked <= rounds * 1_000);
  }
  assert.ok(asked < 10_100, `${asked}`);
  assert.deepEqual(count.result(), { acked: 10_000, missing: [], lastAckAtMs: 9_999 });
});
