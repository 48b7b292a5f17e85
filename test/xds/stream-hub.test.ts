// The loop that lets streams write, seen from both of its ends.

import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { pino } from 'pino';

import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { StreamHub } from '../../src/xds/stream-hub.ts';
import { FakeTransport } from '../support/xds/fake-transport.ts';
import { buildSnapshot } from '../support/xds/hand-made-snapshot.ts';
import type { LogLine } from '../support/xds/served-xds.ts';

const v2 = { apiVersion: 'v2', isAggregated: true } as const;
const v3 = { apiVersion: 'v3', isAggregated: true } as const;
const group = 'group';

interface Setting {
  readonly snapshots: SnapshotCache;
  readonly hub: StreamHub;
  readonly log: LogLine[];
}

function build(groupOf: () => string = () => group, inForceBoundMs = 3_600_000): Setting {
  const snapshots = new SnapshotCache();
  const log: LogLine[] = [];
  const logger = pino({ base: null }, { write: (line) => void log.push(JSON.parse(line) as LogLine) });
  return { snapshots, hub: new StreamHub({ snapshots, groupOf, log: logger, inForceBoundMs }), log };
}

function subscribe(hub: StreamHub, variant: typeof v2 | typeof v3 = v3): FakeTransport {
  const transport = new FakeTransport(hub, variant);
  transport.request('cluster', { node: { id: 'n' } });
  return transport;
}

/** A snapshot that can't be rendered for one API version. */
function brokenFor(apiVersion: string, snapshot: Snapshot): Snapshot {
  const find: Snapshot['resources'] = (kind, dialect) => {
    if (dialect.apiVersion === apiVersion) throw new Error('can not be rendered');
    return snapshot.resources(kind, dialect);
  };
  return { resources: find, draining: [] };
}

describe('StreamHub', () => {
  test('ends the one stream that an error is about, and serves the others', async () => {
    const { snapshots, hub, log } = build();
    const streams = [subscribe(hub), subscribe(hub, v2), subscribe(hub)];
    snapshots.set(group, brokenFor('v2', buildSnapshot({ clusters: { a: 1 } })));
    for (const index of [0, 2]) assert.deepEqual((await streams[index]?.responses.take('clusters'))?.names, ['a']);
    assert.deepEqual(streams.map(({ failures }) => failures.map(({ status }) => status)), [[], ['INTERNAL'], []]);
    assert.doesNotMatch(streams[1]?.failures[0]?.message ?? '', /rendered/);
    assert.equal(log.filter(({ level }) => Number(level) >= 50).length, 1);
    snapshots.set(group, buildSnapshot({ clusters: { b: 1 } }));
    assert.deepEqual((await streams[2]?.responses.take('clusters'))?.names, ['b']);
    assert.equal(streams[1]?.written.length, 0);
  });

  test('an error while a request is taken ends that stream and reaches nobody else', async () => {
    const { snapshots, hub, log } = build(() => {
      throw new Error('no group');
    });
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    const stream = subscribe(hub);
    assert.deepEqual(stream.failures.map(({ status }) => status), ['INTERNAL']);
    assert.equal(log.filter(({ level }) => Number(level) >= 50).length, 1);
  });

  test('an error while writing ends that stream and reaches nobody else', async () => {
    const { snapshots, hub } = build();
    const [broken, sound] = [subscribe(hub), subscribe(hub)];
    broken.onResponse = () => {
      throw new Error('broken pipe');
    };
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    assert.deepEqual((await sound.responses.take('clusters')).names, ['a']);
    assert.deepEqual(broken.failures.map(({ status }) => status), ['INTERNAL']);
  });

  test('serves many streams in the order of asking and lets other work in between', async () => {
    const { snapshots, hub } = build();
    const order: number[] = [];
    const streams = Array.from({ length: 25_000 }, (_, index) => {
      const stream = subscribe(hub);
      stream.onResponse = () => void order.push(index);
      return stream;
    });
    // The turns that they asked for with their requests.
    for (let n = 0; n < 100; n += 1) await nextTurn();
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    let turns = 0;
    while (order.length < streams.length) {
      await nextTurn();
      turns += 1;
    }
    assert.deepEqual(order, streams.map((_, index) => index));
    assert.ok(turns > 1, 'other work had its turn before the last stream was served');
  });

  test('a push goes on, in the same turn, as what was written leaves for the network', async () => {
    const { snapshots, hub } = build();
    const streams = Array.from({ length: 100 }, () => subscribe(hub));
    await nextTurn();
    for (const stream of streams) stream.isReading = false;
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    const writing = (): FakeTransport[] => streams.filter(({ written }) => written.length > 0);
    await new Promise<void>((resolve) => setImmediate(resolve));
    const first = writing();
    assert.ok(first.length > 1 && first.length < streams.length, `${first.length} write at a time`);
    first[0]?.drain();
    assert.equal(writing().length, first.length + 1);
    for (const stream of streams) stream.drain();
    assert.equal(writing().length, streams.length);
  });

  test('a changed cluster and its endpoints, which are sent again, leave together', async () => {
    const { snapshots, hub } = build();
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 }, endpoints: { a: [1] } }));
    const stream = subscribe(hub);
    stream.ack(await stream.responses.take('clusters'));
    stream.request('endpoint', { resource_names: ['a'] });
    const { nonce, versionInfo } = await stream.responses.take('endpoints');
    stream.request('endpoint', { resource_names: ['a'], response_nonce: nonce, version_info: versionInfo });
    stream.together.length = 0;
    snapshots.set(group, buildSnapshot({ clusters: { a: 2 }, endpoints: { a: [1] } }));
    await stream.responses.take('clusters');
    await stream.responses.take('endpoints');
    assert.deepEqual(stream.together, [2]);
  });

  test('streams that do not read hold up nobody', async () => {
    const { snapshots, hub } = build();
    const streams = Array.from({ length: 100 }, (_, index) => {
      const stream = subscribe(hub);
      stream.isReading = index >= 50;
      return stream;
    });
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    for (const stream of streams) assert.deepEqual((await stream.responses.take('clusters')).names, ['a']);
    snapshots.set(group, buildSnapshot({ clusters: { b: 1 } }));
    for (const stream of streams.slice(50)) assert.deepEqual((await stream.responses.take('clusters')).names, ['b']);
    assert.ok(streams.slice(0, 50).every(({ written }) => written.length === 1));
  });

  test('a stream that asks all the time does not keep another from its turn', async () => {
    const { snapshots, hub } = build();
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    const greedy = subscribe(hub);
    let names = 0;
    greedy.onResponse = () => greedy.request('cluster', { resource_names: [`${(names += 1)}`] });
    await greedy.responses.take('the first clusters');
    const other = subscribe(hub);
    assert.deepEqual((await other.responses.take('clusters')).names, ['a']);
    greedy.onResponse = () => undefined;
  });

  test('commits before its turn are one response', async () => {
    const { snapshots, hub } = build();
    const stream = subscribe(hub);
    for (let seconds = 1; seconds <= 100; seconds += 1) {
      snapshots.set(group, buildSnapshot({ clusters: { a: seconds } }));
    }
    const { resources } = await stream.responses.take('clusters');
    assert.deepEqual(resources[0]?.['connect_timeout'], { seconds: 100 });
    await nextTurn();
    assert.equal(stream.written.length, 1);
  });

  test('a group is told of its own snapshots only', async () => {
    const groups = ['one', 'two'];
    const { snapshots, hub } = build(() => groups.shift() ?? assert.fail());
    const [one, two] = [subscribe(hub), subscribe(hub)];
    snapshots.set('two', buildSnapshot({ clusters: { b: 1 } }));
    assert.deepEqual((await two.responses.take('clusters')).names, ['b']);
    snapshots.set('one', buildSnapshot({ clusters: { a: 1 } }));
    assert.deepEqual((await one.responses.take('clusters')).names, ['a']);
    await nextTurn();
    assert.deepEqual([one.written.length, two.written.length], [1, 1]);
  });

  test('a stream that was ended is no open stream any more, whenever its call is over', () => {
    const { hub } = build();
    const [bad, sound] = [subscribe(hub), subscribe(hub)];
    bad.stream.receive(Buffer.from([0xff]));
    assert.deepEqual(bad.failures.map(({ status }) => status), ['INVALID_ARGUMENT']);
    assert.deepEqual([...hub.streams], [sound.stream]);
  });

  test('a closed stream is written to no more, and closing it again is safe', async () => {
    const { snapshots, hub } = build();
    const [gone, left] = [subscribe(hub), subscribe(hub)];
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    gone.stream.close();
    gone.stream.close();
    gone.request('cluster', { node: { id: 'n' } });
    await left.responses.take('clusters');
    assert.equal(gone.written.length, 0);
    assert.deepEqual([...hub.streams], [left.stream]);
  });

  test('a closed stream leaves no timer that keeps a turn coming', async () => {
    const { snapshots, hub } = build(() => group, 20);
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 }, listeners: { l: 1 } }));
    const [gone, left] = [subscribe(hub), subscribe(hub)];
    for (const stream of [gone, left]) {
      stream.request('listener', {});
      for (const kind of ['cluster', 'listener']) await stream.responses.take(kind);
    }
    snapshots.set(group, buildSnapshot({ clusters: { a: 2 }, listeners: { l: 2 } }));
    for (const stream of [gone, left]) assert.equal((await stream.responses.take('clusters')).kind, 'cluster');
    gone.stream.close();
    assert.equal((await left.responses.take('the listener, after the bounded wait')).kind, 'listener');
    assert.equal(gone.written.length, 3);
  });

  test('a shutdown ends every stream once, and what is published later reaches none', async () => {
    const { snapshots, hub } = build();
    const streams = [subscribe(hub), new FakeTransport(hub, v2)];
    hub.shutDown();
    hub.shutDown();
    snapshots.set(group, buildSnapshot({ clusters: { a: 1 } }));
    await nextTurn();
    for (const { failures, written } of streams) {
      assert.deepEqual(failures.map(({ status }) => status), ['UNAVAILABLE']);
      assert.equal(written.length, 0);
    }
    assert.equal(hub.streams.size, 0);
  });
});
