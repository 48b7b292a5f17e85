import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { dialects } from '../../src/snapshot/dialect.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import { DeltaWatch } from '../../src/xds/delta-watch.ts';
import type { DeltaRequest } from '../../src/xds/discovery-request.ts';
import { ListenerPacing } from '../../src/xds/listener-pacing.ts';
import { NewestAtOnce } from '../../src/xds/newest-at-once.ts';
import type { OtherWays } from '../../src/xds/other-ways.ts';
import { PacedListeners } from '../../src/xds/paced-listeners.ts';

const pause = { minMs: 1_000, maxMs: 60_000 };
const boundMs = 5_000;
const dialect = dialects.v3['delta-grpc'];
const noOtherWays: OtherWays = {
  takesListeners: () => false,
  mayTakeUntilMs: () => 0,
  isOther: () => false,
  noteReturned: () => undefined,
  noteHeld: () => undefined,
};

function setOf(contents: Readonly<Record<string, string>>): ResourceSet {
  const options = { typeUrl: 'type.googleapis.com/any', apiVersion: 'v3' } as const;
  return ResourceSet.of(options, Object.entries(contents).map(([name, text]) => new Resource(name, Buffer.from(text))));
}

/** @param others listeners besides `l`, and clusters, by name. */
function snapshotOf(content: string, others: readonly string[] = [], clusters: readonly string[] = []): Snapshot {
  const named = (names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, '']));
  const sets = { listener: setOf({ l: content, ...named(others) }), cluster: setOf(named(clusters)) };
  return { resources: (kind) => (kind === 'cluster' ? sets.cluster : sets.listener), draining: [] };
}

function requestOf(fields: Partial<DeltaRequest>): DeltaRequest {
  const nothing = { subscribe: [], unsubscribe: [], initialVersions: new Map(), responseNonce: '' };
  return { node: undefined, typeUrl: '', errorDetail: undefined, ...nothing, ...fields };
}

/** A stream of listeners alone, without a network. */
class Stream {
  readonly pacing = new ListenerPacing(pause, boundMs);
  readonly watch = new DeltaWatch('listener', new SubscriptionTable(), requestOf({}));
  readonly #selector = new PacedListeners(new NewestAtOnce(dialect, noOtherWays), this.pacing);

  /** `sent`, or when it may be; undefined: there is nothing to send. */
  push(snapshot: Snapshot, nowMs: number): 'sent' | number | undefined {
    const { set, restAtMs } = this.#selector.select('listener', this.watch, snapshot, nowMs);
    if (set === undefined) return restAtMs;
    const { lastSet } = this.watch;
    const due = this.watch.advance(set, `${nowMs}`, nowMs);
    if (due !== undefined) this.pacing.noteSent(lastSet, set, nowMs);
    return due && 'sent';
  }

  /** The names that were sent last. */
  get sentNames(): readonly string[] {
    const { changedNames, removed } = this.watch.delivery.latest?.difference ?? assert.fail();
    return [...changedNames, ...removed.map((name) => `-${name}`)];
  }

  answer(nowMs: number, errorDetail?: DeltaRequest['errorDetail']): void {
    const { latest } = this.watch.delivery;
    const answer = this.watch.receive(requestOf({ responseNonce: latest?.nonce ?? assert.fail(), errorDetail }));
    if ('sent' in answer) this.pacing.noteAnswered(answer, nowMs);
  }

  /** With the first answer sent and ACKed. */
  hold(snapshot: Snapshot): this {
    assert.equal(this.push(snapshot, 1), 'sent');
    this.answer(2);
    return this;
  }
}

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((content) => snapshotOf(content)) as [Snapshot, Snapshot, Snapshot, Snapshot];

describe('listeners of commits that come one by one', () => {
  test('are sent at once, also right after the first answer', () => {
    const stream = new Stream().hold(a);
    assert.equal(stream.push(b, 10), 'sent');
    stream.answer(20);
    assert.equal(stream.push(c, 10 + pause.minMs), 'sent');
  });

  test('wait for the rest of the pause when it is not over, and the newest is sent then', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    stream.answer(20);
    assert.equal(stream.push(c, 110), 10 + pause.minMs);
    assert.equal(stream.push(d, 900), 10 + pause.minMs);
    assert.equal(stream.push(d, 10 + pause.minMs), 'sent');
    assert.equal(stream.push(d, 11 + pause.minMs), undefined);
  });

  test('do not wait when there is nothing new in them', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    stream.answer(20);
    const same = snapshotOf('b');
    assert.equal(stream.push(same, 30), undefined);
    assert.ok(stream.watch.isSent(same.resources('listener', dialect)));
  });
});

describe('the pause', () => {
  const pauses: readonly (readonly [tookMs: number, pauseMs: number])[] = [
    [10, pause.minMs],
    [500, pause.minMs],
    [3_000, 6_000],
    [43_000, pause.maxMs],
  ];
  for (const [tookMs, pauseMs] of pauses) {
    test(`is ${pauseMs} ms after an answer that took ${tookMs} ms`, () => {
      const stream = new Stream().hold(a);
      stream.push(b, 10);
      stream.answer(10 + tookMs);
      assert.equal(stream.pacing.pauseMs, pauseMs);
      assert.equal(stream.push(c, 10 + pauseMs - 1), 10 + pauseMs);
      assert.equal(stream.push(c, 10 + pauseMs), 'sent');
    });
  }

  test('is no shorter than what make-before-break waits while the last one is not answered', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    assert.equal(stream.push(c, 20), 10 + boundMs);
    assert.equal(stream.push(c, 10 + boundMs), 'sent');
  });

  test('is as long as it was before while the last one is not answered', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    stream.answer(10_010);
    stream.push(c, 20_010);
    assert.equal(stream.push(d, 20_020), 40_010);
  });

  test('is not there after the first answer, once that was answered', () => {
    const stream = new Stream();
    stream.push(a, 10);
    assert.equal(stream.push(b, 20), 10 + boundMs);
    stream.answer(30);
    assert.equal(stream.push(b, 30), 'sent');
  });

  test('does not hold listeners that come or go, which neither prolong nor shorten it', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    stream.answer(30_010);
    assert.equal(stream.push(snapshotOf('c', ['new']), 31_000), 'sent');
    assert.deepEqual(stream.sentNames, ['new']);
    assert.equal(stream.push(snapshotOf('c', ['new']), 31_001), 60_010);
    stream.answer(31_002);
    assert.equal(stream.push(snapshotOf('d', []), 32_000), 'sent');
    assert.deepEqual(stream.sentNames, ['-new']);
    stream.answer(32_001);
    assert.equal(stream.push(d, 60_009), 60_010);
    assert.equal(stream.push(d, 60_010), 'sent');
    assert.deepEqual(stream.sentNames, ['l']);
    assert.equal(stream.pacing.pauseMs, 60_000);
  });

  test('is as long as before after a refusal, and a retry does not end it', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    stream.answer(10_010);
    stream.push(c, 20_010);
    stream.answer(20_020, { code: 13, message: 'refused' });
    assert.equal(stream.pacing.pauseMs, 20_000);
    assert.ok(stream.watch.retry());
    assert.equal(stream.push(c, 20_030), 'sent');
    stream.answer(20_040, { code: 13, message: 'refused' });
    assert.equal(stream.push(d, 20_050), 40_010);
  });

  test('does not hold a listener when a cluster that the last one routed to is not there any more', () => {
    const stream = new Stream().hold(snapshotOf('a', [], ['x', 'y']));
    stream.push(snapshotOf('b', [], ['x', 'y', 'z']), 10);
    stream.answer(20);
    assert.equal(stream.push(snapshotOf('c', [], ['x', 'y', 'z', 'w']), 30), 10 + pause.minMs);
    assert.equal(stream.push(snapshotOf('d', [], ['x', 'y', 'w']), 40), 'sent');
  });

  test('nor does it when another listener has come since', () => {
    const stream = new Stream().hold(snapshotOf('a', [], ['x', 'y']));
    stream.push(snapshotOf('b', [], ['x', 'y']), 10);
    stream.answer(20);
    assert.equal(stream.push(snapshotOf('c', ['new'], ['x', 'y', 'z']), 30), 'sent');
    assert.deepEqual(stream.sentNames, ['new']);
    stream.answer(40);
    assert.equal(stream.push(snapshotOf('d', ['new'], ['y', 'z']), 50), 'sent');
    assert.deepEqual(stream.sentNames, ['l']);
  });

  test('is not there for what the client asks for while a newer listener waits, and that goes on waiting', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    stream.answer(20, { code: 13, message: 'refused' });
    assert.equal(stream.push(c, 30), 10 + pause.minMs);
    const asks = [() => stream.watch.retry(), () => stream.watch.receive(requestOf({ subscribe: ['l'] }))];
    for (const ask of asks) {
      assert.ok(ask());
      assert.equal(stream.push(c, 40), 'sent');
      assert.deepEqual(stream.sentNames, ['l']);
      assert.ok(stream.watch.isSent(b.resources('listener', dialect)));
      assert.equal(stream.push(c, 50), 10 + pause.minMs);
    }
    assert.equal(stream.push(c, 10 + pause.minMs), 'sent');
  });

  test('is not there for what the client asks for', () => {
    const stream = new Stream().hold(a);
    stream.push(b, 10);
    stream.answer(20);
    stream.watch.receive(requestOf({ subscribe: ['l'] }));
    assert.equal(stream.push(b, 30), 'sent');
  });
});
