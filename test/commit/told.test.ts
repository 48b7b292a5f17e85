// What the control plane tells of what it published.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { endedOrderEvents, outageEvents, orderEvent, troubleEvents } from '../../src/commit/told.ts';
import type { Warning } from '../../src/commit/published.ts';
import type { SeenSentinels, SeenServer, Watchers } from '../../src/effective/seen.ts';
import type { NewEvent } from '../../src/events/event.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { openDesk } from '../support/open-desk.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('warnings', () => {
  const held = (cluster: string, text: string): Warning => ({ code: 'servers-held', message: `cluster ${JSON.stringify(cluster)}: ${text}` });
  const clear: Warning = { code: 'secrets-in-clear', message: '--xds-address: neither TLS' };
  const told = (before: readonly Warning[], after: readonly Warning[]) =>
    troubleEvents(before, after).map(({ type, cluster, data }) => [type, cluster, data?.['code']]);

  const rows: readonly (readonly [what: string, before: Warning[], after: Warning[], told: unknown[]])[] = [
    ['that come', [], [held('a', 'x'), clear], [['trouble', 'a', 'servers-held'], ['trouble', undefined, 'secrets-in-clear']]],
    ['that go', [held('a"b', 'x'), clear], [clear], [['trouble-over', 'a"b', 'servers-held']]],
    ['that say another thing of the same', [held('a', 'x')], [held('a', 'x and y')], []],
    ['of another cluster', [held('a', 'x')], [held('b', 'x')], [['trouble-over', 'a', 'servers-held'], ['trouble', 'b', 'servers-held']]],
    ['two of the same', [], [held('a', 'x'), held('a', 'y')], [['trouble', 'a', 'servers-held']]],
  ];
  for (const [what, before, after, expected] of rows) {
    test(`${what} are told so`, () => assert.deepEqual(told(before, after), expected));
  }
});

test('servers that are left out and let in are told with why, and since when', () => {
  const out = (...servers: string[]) => new Map([['c', new Map(servers.map((server) => [server, { sinceMs: 5, reason: 'refused' }]))]]);
  const up: SeenServer = { state: 'up', sinceMs: 9 };
  const seen = new Map([['c', new Map([['a', up]])]]);
  assert.deepEqual(outageEvents(out('a'), out('b'), seen), [
    { type: 'server-left-out', cluster: 'c', server: 'b', message: 'cluster "c": b is left out: refused', causeMs: 5 },
    { type: 'server-back', cluster: 'c', server: 'a', message: 'cluster "c": a is let in again', causeMs: 9 },
  ]);
  assert.deepEqual(outageEvents(out('a'), out('a'), seen), []);
  const [gone] = outageEvents(out('a'), new Map(), new Map());
  assert.deepEqual([gone?.type, gone?.causeMs], ['server-back', undefined]);
});

test('orders are told with who gave them and until when, and when they are over', () => {
  const order = { order: 'drain', cluster: 'c', server: 's', author: 'ann', atMs: 1, untilMs: 1_000, message: 'memory' } as const;
  const { message, data, causeMs } = orderEvent(order);
  assert.equal(message, 'cluster "c": s: drain by ann until 1970-01-01T00:00:01.000Z: memory');
  assert.deepEqual([data, causeMs], [{ order: 'drain', author: 'ann', until: '1970-01-01T00:00:01.000Z' }, 1]);
  assert.deepEqual(endedOrderEvents([order], [order], 999), []);
  assert.deepEqual(endedOrderEvents([order], [], 999), []);
  assert.deepEqual(endedOrderEvents([order], [], 1_000).map((each) => each.message), ['cluster "c": s: drain is over, its time has come']);
});

/** What the test says that is seen. */
class Sight implements Watchers {
  readonly sentinels: SeenSentinels = new Map();
  seen: Watchers['seen'] = new Map();

  follow(): void {}

  seenNow(): Watchers['seen'] {
    return this.seen;
  }
}

async function open() {
  const told: NewEvent[] = [];
  const watchers = new Sight();
  const desk = await openDesk({ watchers, onEvent: (event) => void told.push(event) });
  const after = parseCluster({ name: 'c', endpoints: [1, 2, 3].map((last) => ({ address: `10.0.0.${last}`, port: 1 })) });
  await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after }] }), 'ann');
  const see = async (state: SeenServer['state']): Promise<void> => {
    const servers = [1, 2, 3].map((last): [string, SeenServer] => [`10.0.0.${last}:1`, { state: last === 1 ? state : 'up', sinceMs: 7, reason: 'gone' }]);
    watchers.seen = new Map([['c', new Map(servers)]]);
    await desk.noteSeen();
  };
  return { desk, told, see, take: () => told.splice(0).map(({ type }) => type) };
}

describe('the control plane', () => {
  test('tells of a commit once it is published, with its revision, and of none that changes nothing', async () => {
    const { desk, told } = await open();
    const beforeMs = Date.now() - 1_000;
    await desk.commit({ author: 'ann', message: 'first', force: true });
    await desk.commit({ author: 'ann', force: true });
    const [event, ...others] = told.filter(({ type }) => type === 'commit');
    assert.deepEqual(others, []);
    assert.deepEqual([event?.message, event?.data], ['revision 1 by ann: first', { revision: 1, author: 'ann', changes: 1 }]);
    assert.ok((event?.causeMs ?? 0) > beforeMs);
    await desk.stage(() => ({ ...noEdits, clusters: [{ name: 'c', after: undefined }] }), 'ann');
    await desk.commit({ author: 'bob', force: true });
    await desk.rollback({ author: 'bob', force: true });
    assert.deepEqual(told.filter(({ type }) => type === 'commit').at(-1)?.data?.['rollback_to'], 1);
  });

  test('tells of servers that are left out and let in, and of nothing while that stays', async () => {
    const { desk, see, take } = await open();
    await desk.commit({ author: 'ann', force: true });
    take();
    await see('up');
    await see('down');
    await see('down');
    assert.deepEqual(take(), ['server-left-out']);
    await see('up');
    assert.deepEqual(take(), ['server-back']);
  });

  test('tells of orders, and that they are over', async () => {
    const { desk, take } = await open();
    await desk.commit({ author: 'ann', force: true });
    take();
    await desk.order({ order: 'drain', cluster: 'c', server: '10.0.0.1:1', author: 'ann', forMs: 50 });
    assert.deepEqual(take(), ['order']);
    await waitUntil('its time is over', () => take().includes('order'));
  });
});
