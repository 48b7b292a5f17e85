import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { NewEvent } from '../../src/events/event.ts';
import { tellMoment } from '../../src/events/together.ts';

const down = (cluster: string, index: number): NewEvent => ({
  type: 'server-down',
  atMs: index,
  cluster,
  server: `10.0.0.${index}:1`,
  message: `cluster ${cluster}: 10.0.0.${index}:1 is down`,
});
const downs = (cluster: string, count: number): NewEvent[] => Array.from({ length: count }, (_, index) => down(cluster, index));

describe('what comes at one moment is told', () => {
  const tell = (events: NewEvent[], most: number, more = 0) => {
    const first = events.map((event, place) => ({ event, place }));
    return tellMoment({ type: 'server-down', first, more }, most).map(({ event }) => event);
  };

  test('one by one while it is few', () => {
    const few = downs('a', 3);
    assert.deepEqual(tell(few, 3), few);
  });

  test('in one event for each cluster that has many', () => {
    const told = tell([...downs('a', 12), down('b', 1)], 5);
    assert.deepEqual(told.map(({ cluster, data }) => [cluster, data?.['count']]), [['a', 12], ['b', undefined]]);
    assert.match(told[0]?.message ?? '', /^12 at once: cluster a: 10\.0\.0\.0:1 is down; (?:.*; ){2}and 9 more$/u);
    assert.deepEqual((told[0]?.data?.['servers'] as string[]).length, 10);
  });

  const one: readonly (readonly [what: string, first: NewEvent[], more: number, count: number, clusters: number])[] = [
    ['there are many clusters too', Array.from({ length: 9 }, (_, index) => down(`c${index}`, index)), 0, 9, 9],
    ['some were only counted', downs('a', 9), 991, 1_000, 1],
  ];
  for (const [what, first, more, count, clusters] of one) {
    test(`in one event for all when ${what}`, () => {
      const [event, ...others] = tell(first, 5, more);
      assert.deepEqual([others, event?.cluster, event?.data?.['count'], event?.atMs], [[], undefined, count, 0]);
      assert.equal((event?.data?.['clusters'] as string[] | undefined)?.length, clusters > 1 ? clusters : undefined);
    });
  }

  test('without a rest that is not there', () => {
    assert.deepEqual(tell(downs('a', 2), 1).map(({ message }) => message), [
      '2 at once: cluster a: 10.0.0.0:1 is down; cluster a: 10.0.0.1:1 is down',
    ]);
  });
});
