// Time is the test's own: what is looked up when, and what stands in between.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { LookupError } from '../../src/watch/dns-lookup.ts';
import type { Answer } from '../../src/watch/dns-lookup.ts';
import { NameWatcher } from '../../src/watch/name-watcher.ts';

interface Setting {
  readonly watcher: NameWatcher;
  /** Names as they were asked for. */
  readonly asked: string[];
  /** By name: an answer, or why there is none. */
  readonly answers: Map<string, Answer | string>;
  readonly changes: () => number;
  /** Lets time pass, and what follows from it happen. */
  readonly pass: (ms: number) => Promise<void>;
}

const found = (addresses: readonly string[], ttlMs = 10_000): Answer => ({ addresses, ttlMs });

function build(t: TestContext, known?: ReadonlyMap<string, readonly string[]>): Setting {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked: string[] = [];
  const answers = new Map<string, Answer | string>();
  let changes = 0;
  const watcher = new NameWatcher({
    lookup: async (name) => {
      asked.push(name);
      const answer = answers.get(name) ?? 'not found';
      if (typeof answer === 'string') throw new LookupError(answer);
      return answer;
    },
    known,
    onChange: () => void (changes += 1),
    nowMs: () => 1_000,
  });
  t.after(() => watcher.close());
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    watcher,
    asked,
    answers,
    changes: () => changes,
    pass: async (ms) => {
      t.mock.timers.tick(ms);
      await settle();
    },
  };
}

describe('NameWatcher', () => {
  test('looks a name up at once, and again when its time is over', async (t) => {
    const { watcher, asked, answers, changes, pass } = build(t);
    answers.set('a', found(['10.0.0.2', '10.0.0.1']));
    watcher.follow(new Set(['a']));
    await pass(0);
    assert.deepEqual([...watcher.addresses], [['a', ['10.0.0.1', '10.0.0.2']]]);
    assert.equal(changes(), 1);
    await pass(9_999);
    assert.equal(asked.length, 1);
    await pass(1);
    assert.equal(asked.length, 2);
    assert.equal(changes(), 1);
  });

  test('an address that stays goes first, and what has gone is gone', async (t) => {
    const { watcher, answers, pass } = build(t);
    answers.set('a', found(['10.0.0.5']));
    watcher.follow(new Set(['a']));
    await pass(0);
    answers.set('a', found(['10.0.0.1', '10.0.0.5']));
    await pass(10_000);
    assert.deepEqual(watcher.addresses.get('a'), ['10.0.0.5', '10.0.0.1']);
    answers.set('a', found(['10.0.0.3', '10.0.0.1']));
    await pass(10_000);
    assert.deepEqual(watcher.addresses.get('a'), ['10.0.0.1', '10.0.0.3']);
  });

  test('the order of an answer alone changes nothing', async (t) => {
    const { watcher, answers, changes, pass } = build(t);
    answers.set('a', found(['10.0.0.1', '10.0.0.2']));
    watcher.follow(new Set(['a']));
    await pass(0);
    const { addresses } = watcher;
    answers.set('a', found(['10.0.0.2', '10.0.0.1']));
    await pass(10_000);
    assert.equal(watcher.addresses, addresses);
    assert.equal(changes(), 1);
  });

  for (const reason of ['not found', 'no answer', 'the name server failed']) {
    test(`what was found last stays when there is "${reason}", which is told once`, async (t) => {
      const { watcher, answers, changes, pass } = build(t);
      answers.set('a', found(['10.0.0.1']));
      watcher.follow(new Set(['a']));
      await pass(0);
      answers.set('a', reason);
      await pass(10_000);
      await pass(1_000);
      assert.deepEqual(watcher.addresses.get('a'), ['10.0.0.1']);
      assert.deepEqual(watcher.statuses, [
        { name: 'a', addresses: ['10.0.0.1'], foundAtMs: 1_000, failure: { reason, sinceMs: 1_000 } },
      ]);
      assert.equal(changes(), 2);
      answers.set('a', found(['10.0.0.1']));
      await pass(30_000);
      assert.equal(watcher.statuses[0]?.failure, undefined);
      assert.equal(changes(), 3);
    });
  }

  test('asks less and less often while it fails, and soon again after a success', async (t) => {
    const { watcher, asked, answers, pass } = build(t);
    watcher.follow(new Set(['a']));
    await pass(0);
    const waits: number[] = [];
    for (let failure = 1; failure <= 7; failure++) {
      const before = asked.length;
      let waited = 0;
      while (asked.length === before) {
        await pass(1_000);
        waited += 1_000;
      }
      waits.push(waited);
    }
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    answers.set('a', found(['10.0.0.1'], 0));
    await pass(30_000);
    const before = asked.length;
    await pass(999);
    assert.equal(asked.length, before);
    await pass(1);
    assert.equal(asked.length, before + 1);
  });

  test('what was known before the start stands until it is found otherwise', async (t) => {
    const { watcher, pass } = build(t, new Map([['a', ['10.0.0.1']], ['b', ['10.0.0.2']]]));
    watcher.follow(new Set(['a']));
    await pass(0);
    assert.deepEqual([...watcher.addresses], [['a', ['10.0.0.1']]]);
    assert.equal(watcher.statuses[0]?.failure?.reason, 'not found');
  });

  test('a name that is followed no more is asked for no more, and not known', async (t) => {
    const { watcher, asked, answers, pass } = build(t);
    answers.set('a', found(['10.0.0.1']));
    watcher.follow(new Set(['a']));
    await pass(0);
    watcher.follow(new Set());
    await pass(60_000);
    assert.deepEqual([asked.length, watcher.addresses.size, watcher.statuses.length], [1, 0, 0]);
  });

  test('what was learned is kept for a minute, for whoever will want it', async (t) => {
    const { watcher, answers, asked, pass } = build(t);
    answers.set('a', found(['10.0.0.1'], 3_600_000));
    answers.set('b', found(['10.0.0.2'], 3_600_000));
    await watcher.learn(['a', 'b'], 1_000);
    watcher.follow(new Set());
    assert.deepEqual([...watcher.addresses.keys()], ['a', 'b']);
    watcher.follow(new Set(['b']));
    await pass(60_000);
    assert.deepEqual([...watcher.addresses.keys()], ['b']);
    assert.equal(asked.length, 2);
  });

  test('learns what is not known, and waits no longer than it is told', async (t) => {
    const { watcher, answers, asked, pass } = build(t, new Map([['known', ['10.0.0.9']]]));
    answers.set('a', found(['10.0.0.1']));
    await watcher.learn(['a', 'b', 'known'], 1_000);
    assert.deepEqual([asked, watcher.addresses.get('a')], [['a', 'b'], ['10.0.0.1']]);
    assert.equal(watcher.statuses.find(({ name }) => name === 'b')?.failure?.reason, 'not found');

    const silent = new NameWatcher({ lookup: () => new Promise(() => undefined), onChange: () => undefined });
    let isOver = false;
    const learning = silent.learn(['a'], 1_000).then(() => void (isOver = true));
    await pass(999);
    assert.equal(isOver, false);
    await pass(1);
    await learning;
    silent.close();
  });
});
