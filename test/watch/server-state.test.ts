// What looks at a server come to, as tables, and as properties of whatever may happen.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { conditionAfter, looksToForgive, looksToReturn, unknownSince } from '../../src/watch/server-state.ts';
import type { Answer, Condition, Thresholds } from '../../src/watch/server-state.ts';

const terms: Thresholds = { downAfter: 3, upAfter: 2 };

// As a letter each: good, not serving, no answer, unseen.
const letters: Readonly<Record<string, Answer>> = { g: 'serving', n: 'not-serving', x: 'none', u: 'unseen' };

function run(looks: string, thresholds = terms, from = unknownSince(0)): Condition[] {
  const steps: Condition[] = [];
  for (const [index, letter] of [...looks].entries()) {
    const answer = letters[letter];
    assert.ok(answer !== undefined);
    steps.push(conditionAfter(steps.at(-1) ?? from, { answer, reason: letter }, thresholds, index + 1));
  }
  return steps;
}

const initials = { unknown: '?', up: 'U', suspect: 'S', down: 'D', recovering: 'R' } as const;
const show = (steps: readonly Condition[]): string => steps.map(({ state }) => initials[state]).join('');

describe('the state of a server', () => {
  const cases: readonly (readonly [what: string, looks: string, states: string, thresholds?: Thresholds])[] = [
    ['up with its first answer', 'g', 'U'],
    ['never down while it never answered', 'xxxxxxxxxxuuuxx', '???????????????'],
    ['down when it says from the start that it does not serve', 'xnnnn', '?SSDD'],
    ['suspect, then down after so many failures in turn', 'gxxxx', 'USSDD'],
    ['down at once where one is enough', 'gx', 'UD', { downAfter: 1, upAfter: 1 }],
    ['up again with one answer while it is suspect', 'gxxgxxg', 'USSUSSU'],
    ['down whatever of both the failures are', 'gxnx', 'USSD'],
    ['recovering before it is up', 'gxxxggg', 'USSDRUU'],
    ['up at once where one answer is enough', 'gxxxg', 'USSDU', { downAfter: 3, upAfter: 1 }],
    ['down again when it fails while recovering', 'gxxxgxgg', 'USSDRDRU'],
    ['never changed by who can not see', 'ugugxuuuxuxuxxuxxxuguggg', `?UUU${'S'.repeat(13)}DDRRRUU`],
    ['longer recovering each time', 'gxxxggxxxggggxxxgggggggg', 'USSDRUSSDRRRUSSDRRRRRRRU'],
  ];
  for (const [what, looks, states, thresholds] of cases) {
    test(what, () => assert.equal(show(run(looks, thresholds)), states));
  }

  test('has a reason: the last look\'s, and of one that recovers what is missing', () => {
    const steps = run('gxxxgg');
    assert.deepEqual(steps.map(({ reason }) => reason), [
      'g', 'x', 'x', 'x', 'answers again, and is up after 2 good looks in turn', 'g',
    ]);
  });

  test('has a time, that of the look that brought it', () => {
    assert.deepEqual(run('gxxxxggg').map(({ sinceMs }) => sinceMs), [1, 2, 2, 4, 4, 6, 7, 7]);
  });

  test('one fall is forgiven after many good looks in turn', () => {
    const flapped = run('gxxxggxxxgggg');
    assert.equal(flapped.at(-1)?.falls, 2);
    const calm = run('g'.repeat(looksToForgive), terms, flapped.at(-1));
    assert.deepEqual([calm.at(-1)?.state, calm.at(-1)?.falls], ['up', 1]);
    assert.equal(run('g'.repeat(3 * looksToForgive), terms, flapped.at(-1)).at(-1)?.falls, 0);
  });
});

describe('whatever happens to a server', () => {
  const looks = fc.string({ unit: fc.constantFrom('g', 'n', 'x', 'u'), maxLength: 200 });
  const thresholds = fc.record({ downAfter: fc.integer({ min: 1, max: 5 }), upAfter: fc.integer({ min: 1, max: 5 }) });
  const both = [looks, thresholds] as const;

  test('it goes down only after so many failures in turn, and comes back after so many answers at least', () => {
    fc.assert(fc.property(...both, (text, { downAfter, upAfter }) => {
      const steps = run(text, { downAfter, upAfter });
      steps.forEach(({ state }, index) => {
        const before = steps[index - 1]?.state ?? 'unknown';
        const tail = (count: number): string => text.slice(Math.max(index + 1 - count, 0), index + 1);
        if (state === 'down' && before !== 'down' && before !== 'recovering') {
          assert.match(tail(downAfter), new RegExp(`^[nx]{${downAfter}}$`));
        }
        if (state === 'up' && (before === 'down' || before === 'recovering')) {
          assert.equal(tail(upAfter), 'g'.repeat(upAfter));
        }
      });
    }));
  });

  test('one that never said anything is unknown, and no other is once it has', () => {
    fc.assert(fc.property(...both, (text, each) => {
      run(text, each).forEach(({ state }, index) => {
        assert.equal(state === 'unknown', !/[gn]/.test(text.slice(0, index + 1)));
      });
    }));
  });

  test('who can not see changes no state', () => {
    fc.assert(fc.property(...both, (text, each) => {
      const steps = run(text, each);
      steps.forEach(({ state }, index) => {
        if (text[index] === 'u') assert.equal(state, steps[index - 1]?.state ?? 'unknown');
      });
    }));
  });

  test('it is up again after so many answers in turn, however often it went down', () => {
    fc.assert(fc.property(...both, (text, each) => {
      const last = run(text, each).at(-1);
      assert.equal(run('g'.repeat(64 * each.upAfter), each, last).at(-1)?.state, 'up');
    }));
  });

  test('the time is that of the last change, and of no other look', () => {
    fc.assert(fc.property(...both, (text, each) => {
      const steps = [unknownSince(0), ...run(text, each)];
      steps.slice(1).forEach(({ state, sinceMs }, index) => {
        assert.equal(sinceMs === index + 1, state !== steps[index]?.state);
      });
    }));
  });

  test('a fall more is never forgiven with fewer answers', () => {
    fc.assert(fc.property(fc.nat(50), thresholds, (falls, each) => {
      const [now, next] = [looksToReturn(falls, each), looksToReturn(falls + 1, each)];
      assert.ok(each.upAfter <= now && now <= next && next <= 64 * each.upAfter);
    }));
  });
});
