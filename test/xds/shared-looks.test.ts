import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';

import type { DiscoveryStream } from '../../src/xds/discovery-stream.ts';
import { SharedLooks, looksOf } from '../../src/xds/shared-looks.ts';
import { GENEROUS_MS, waitUntil } from '../support/wait-until.ts';

const timeoutMs = GENEROUS_MS;

/** A stream that settles when it is told to. */
class FakeStream {
  asked = 0;
  hasSettled = false;

  isSettled(): boolean {
    this.asked += 1;
    return this.hasSettled;
  }

  get asStream(): DiscoveryStream {
    return this as unknown as DiscoveryStream;
  }
}

describe('looks that are shared', () => {
  test('ask a stream that has not settled once a round, however many wait for it', async () => {
    const looks = new SharedLooks();
    const streams = Array.from({ length: 10 }, () => new FakeStream());
    let rounds = 0;
    const lookAtAll = (): boolean => streams.filter((stream) => looks.isSettled(stream.asStream)).length === 10;
    const counting = looks.until(() => ((rounds += 1), lookAtAll()), { timeoutMs });
    const others = Array.from({ length: 200 }, () => looks.until(lookAtAll, { timeoutMs }));
    assert.equal(looks.count, 201);
    await waitUntil('some rounds are over', () => rounds >= 3);
    assert.ok(streams.every(({ asked }) => asked <= rounds));
    for (const stream of streams) stream.hasSettled = true;
    await Promise.all([counting, ...others]);
    assert.equal(looks.count, 0);
  });

  test('let other work have a turn after each who waits', async () => {
    const looks = new SharedLooks();
    const order: string[] = [];
    const look = (): boolean => {
      order.push('look');
      setImmediate(() => order.push('other work'));
      return true;
    };
    await Promise.all([looks.until(look, { timeoutMs }), looks.until(look, { timeoutMs })]);
    assert.deepEqual(order.slice(0, 3), ['look', 'other work', 'look']);
  });

  test('take who begins to wait during a round into the next one: it may wait for something newer', async () => {
    const looks = new SharedLooks();
    const stream = new FakeStream();
    let round = 0;
    const seen: number[] = [];
    let second: Promise<void> | undefined;
    const first = looks.until(() => {
      round += 1;
      looks.isSettled(stream.asStream);
      stream.hasSettled = true;
      second ??= looks.until(() => (seen.push(round), looks.isSettled(stream.asStream)), { timeoutMs });
      return round === 3;
    }, { timeoutMs });
    await first;
    await second;
    assert.deepEqual(seen, [2]);
  });

  test('end when the time is up, after a last look, and at once when there is none', async () => {
    const looks = new SharedLooks();
    let count = 0;
    const look = (): boolean => ((count += 1), false);
    await looks.until(look, { timeoutMs: 0 });
    assert.equal(count, 0);
    await Promise.all([looks.until(look, { timeoutMs: 1 }), looks.until(look, { timeoutMs: 50 })]);
    assert.ok(count >= 2);
    assert.equal(looks.count, 0);
  });

  test('end for who gives up, and go on for the others', async () => {
    const looks = new SharedLooks();
    const gone = new AbortController();
    let isOver = false;
    const other = looks.until(() => isOver, { timeoutMs });
    const aborted = looks.until(() => false, { timeoutMs, signal: gone.signal });
    gone.abort();
    await aborted;
    assert.equal(looks.count, 1);
    await looks.until(() => false, { timeoutMs, signal: gone.signal });
    isOver = true;
    await other;
  });

  test('remember nothing between rounds: it would stay', async () => {
    const looks = new SharedLooks();
    const stream = new FakeStream();
    assert.equal(looks.isSettled(stream.asStream), false);
    stream.hasSettled = true;
    assert.equal(looks.isSettled(stream.asStream), true);
    assert.equal(stream.asked, 2);
  });

  test('that fail do so for who looks, and go on for the others', async () => {
    const looks = new SharedLooks();
    const failing = looks.until(() => {
      throw new Error('no such thing');
    }, { timeoutMs });
    const other = looks.until(() => false, { timeoutMs: 50 });
    await assert.rejects(failing, /no such thing/u);
    await other;
    assert.equal(looks.count, 0);
  });

  test('are those of one hub', async () => {
    const [one, other] = [{ streams: new Set<DiscoveryStream>() }, { streams: new Set<DiscoveryStream>() }];
    assert.equal(looksOf(one), looksOf(one));
    assert.notEqual(looksOf(one), looksOf(other));
    await nextTurn();
  });
});
