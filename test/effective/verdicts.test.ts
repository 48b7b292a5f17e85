// Who is taken out, who is let in, and when nobody is.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { SeenServer, ServerState } from '../../src/effective/seen.ts';
import { decide, isNetworkInDoubt, noVerdict } from '../../src/effective/verdicts.ts';
import type { Rules, Verdict } from '../../src/effective/verdicts.ts';

const rules: Rules = { maxShare: 0.5, detectionMs: 4_000, returnShare: 0.25, returnEveryMs: 1_000 };

/** As `a:up b:down@2000`; a server that is left out was not looked at. */
function seenOf(text: string): ReadonlyMap<string, SeenServer> {
  return new Map(
    text.split(' ').filter(Boolean).map((each) => {
      const [, server = '', state = '', at = '0'] = /^(\w+):(\w+)(?:@(\d+))?$/u.exec(each) ?? [];
      return [server, { state: state as ServerState, sinceMs: Number(at), reason: state === 'up' ? undefined : 'no answer' }];
    }),
  );
}

const outOf = ({ out }: Verdict): string => [...out.keys()].sort().join(' ');
const outages = (servers: string): Verdict => ({
  ...noVerdict,
  out: new Map(servers.split(' ').filter(Boolean).map((server) => [server, { sinceMs: 0, reason: 'no answer' }])),
});

describe('who is taken out', () => {
  const cases: readonly (readonly [what: string, servers: string, before: string, seen: string, out: string, held: string])[] = [
    ['one of three that is down', 'a b c', '', 'a:up b:down c:up', 'b', ''],
    ['one of two', 'a b', '', 'a:up b:down', 'b', ''],
    ['none that is suspect', 'a b c', '', 'a:up b:suspect c:up', '', ''],
    ['none that never answered', 'a b c', '', 'a:up b:unknown', '', ''],
    ['never the last one', 'a', '', 'a:down', '', 'a'],
    ['not the last one of two, when the other went long ago', 'a b', 'a', 'a:down b:down@100000', 'a', 'b'],
    ['nobody when more than half went at once', 'a b c', '', 'a:down b:down@1000 c:up', '', 'a b'],
    ['nobody when more than half are about to', 'a b c d', '', 'a:down b:suspect c:suspect d:up', '', 'a'],
    ['the second of three that goes long after the first', 'a b c', 'a', 'a:down b:down@100000 c:up', 'a b', ''],
    ['who is out stays out while nothing is known', 'a b c', 'a', 'b:up c:up', 'a', ''],
    ['who is out stays out while it recovers', 'a b c', 'a', 'a:recovering b:up c:up', 'a', ''],
    ['who is out comes back when it is up', 'a b c', 'a', 'a:up b:up c:up', '', ''],
    ['one at least is let in when all that are left are out', 'a b', 'a b', '', 'b', ''],
    ['who is no server of the group any more is forgotten', 'b c', 'a', 'b:up c:up', '', ''],
  ];
  for (const [what, servers, before, seen, out, held] of cases) {
    test(what, () => {
      const verdict = decide(outages(before), servers.split(' '), seenOf(seen), false, rules, 200_000);
      assert.deepEqual([outOf(verdict), verdict.held.join(' ')], [out, held]);
      assert.equal(verdict.alarm === undefined, held === '');
    });
  }

  test('nobody while the network is in doubt, and it says so', () => {
    const verdict = decide(noVerdict, ['a', 'b', 'c'], seenOf('a:down b:up c:up'), true, rules, 0);
    assert.deepEqual([outOf(verdict), verdict.held, verdict.alarm], ['', ['a'], 'in-doubt']);
  });

  test('those that are held go a detection time after the others are seen to be there', () => {
    const servers = ['a', 'b', 'c'];
    const held = decide(noVerdict, servers, seenOf('a:down b:suspect c:up'), false, rules, 0);
    assert.deepEqual([outOf(held), held.alarm], ['', 'many']);
    const settling = decide(held, servers, seenOf('a:down b:up c:up'), false, rules, 1_000);
    assert.deepEqual([outOf(settling), settling.alarm, settling.againAtMs], ['', 'settling', 5_000]);
    const still = decide(settling, servers, seenOf('a:down b:up c:up'), false, rules, 4_999);
    assert.deepEqual([outOf(still), still.alarm], ['', 'settling']);
    const gone = decide(still, servers, seenOf('a:down b:up c:up'), false, rules, 5_000);
    assert.deepEqual([outOf(gone), gone.alarm, gone.againAtMs], ['a', undefined, undefined]);
  });

  test('nobody when all that were held are back, one after the other', () => {
    const servers = ['a', 'b', 'c'];
    let verdict = decide(noVerdict, servers, seenOf('a:down b:down c:down'), true, rules, 0);
    for (const [seen, atMs] of [
      ['a:recovering b:down c:down', 60_000],
      ['a:recovering b:recovering c:down', 60_100],
      ['a:up b:recovering c:down', 60_200],
      ['a:up b:up c:recovering', 60_900],
      ['a:up b:up c:up', 62_000],
    ] as const) {
      verdict = decide(verdict, servers, seenOf(seen), false, rules, atMs);
      assert.equal(outOf(verdict), '', seen);
    }
    assert.deepEqual(verdict, noVerdict);
  });
});

describe('who is let in again', () => {
  const servers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

  test('is a share at a time, and the rest after the interval', () => {
    const seen = seenOf(servers.map((server) => `${server}:up`).join(' '));
    const first = decide(outages('a b c d e'), servers, seen, false, rules, 10_000);
    assert.equal(outOf(first), 'c d e');
    assert.equal(first.againAtMs, 11_000);
    assert.equal(outOf(decide(first, servers, seen, false, rules, 10_999)), 'c d e');
    const second = decide(first, servers, seen, false, rules, 11_000);
    assert.equal(outOf(second), 'e');
    assert.equal(outOf(decide(second, servers, seen, false, rules, 12_000)), '');
  });

  test('is one at least', () => {
    assert.equal(outOf(decide(outages('a'), ['a', 'b'], seenOf('a:up b:up'), false, rules, 0)), '');
  });
});

describe('the network is in doubt', () => {
  const cases: readonly (readonly [what: string, seen: string, isIt: boolean])[] = [
    ['when nobody is heard any more', 'a:suspect b:down c:suspect', true],
    ['not when half are', 'a:up b:down', false],
    ['not when those that are gone went one after the other', 'a:down b:down@50000 c:down@90000', false],
    ['not for a single server', 'a:down', false],
    ['not for servers that never answered', 'a:unknown b:unknown c:down d:up', false],
  ];
  for (const [what, seen, isIt] of cases) {
    test(what, () => assert.equal(isNetworkInDoubt(seenOf(seen).values(), rules), isIt));
  }
});

describe('whatever is seen, in whatever order', () => {
  const servers = ['a', 'b', 'c', 'd'];
  const state = fc.constantFrom<ServerState>('unknown', 'up', 'suspect', 'down', 'recovering');
  const step = fc.record({
    states: fc.tuple(state, state, state, state),
    passMs: fc.integer({ min: 0, max: 10_000 }),
    isInDoubt: fc.boolean(),
  });

  test('somebody stays, only who is down goes, only who is up comes back, and nobody goes while in doubt', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let [verdict, nowMs]: [Verdict, number] = [noVerdict, 0];
        let seen = new Map<string, SeenServer>();
        for (const { states, passMs, isInDoubt } of steps) {
          nowMs += passMs;
          seen = new Map(servers.map((server, index): [string, SeenServer] => {
            const [now = 'unknown', last] = [states[index], seen.get(server)];
            return [server, last?.state === now ? last : { state: now, sinceMs: nowMs }];
          }));
          const next = decide(verdict, servers, seen, isInDoubt, rules, nowMs);
          assert.ok(next.out.size < servers.length);
          for (const server of servers) {
            const [was, is] = [verdict.out.has(server), next.out.has(server)];
            if (!was && is) assert.ok(seen.get(server)?.state === 'down' && !isInDoubt);
            if (was && !is) assert.equal(seen.get(server)?.state, 'up');
          }
          for (const server of next.held) assert.equal(seen.get(server)?.state, 'down');
          verdict = next;
        }
      }),
    );
  });

  test('all are let in again soon after they are up, however the clock was put', () => {
    const jump = fc.integer({ min: -3_600_000, max: 3_600_000 });
    fc.assert(
      fc.property(fc.array(fc.record({ states: fc.tuple(state, state, state, state), jump }), { maxLength: 10 }), (steps) => {
        let [verdict, nowMs]: [Verdict, number] = [noVerdict, 0];
        for (const { states, jump: byMs } of steps) {
          nowMs += byMs;
          const seen = new Map(servers.map((server, index): [string, SeenServer] => {
            return [server, { state: states[index] ?? 'unknown', sinceMs: nowMs }];
          }));
          verdict = decide(verdict, servers, seen, false, rules, nowMs);
        }
        const up = new Map(servers.map((server): [string, SeenServer] => [server, { state: 'up', sinceMs: nowMs }]));
        // One each second.
        for (const _ of servers) verdict = decide(verdict, servers, up, false, rules, (nowMs += rules.returnEveryMs));
        assert.deepEqual([outOf(verdict), verdict.alarm], ['', undefined]);
      }),
    );
  });
});
