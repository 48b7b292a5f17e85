// Who is followed by what servers say of themselves, who is sent nothing, and what is told.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { SeenServer } from '../../src/effective/seen.ts';
import { followRoles } from '../../src/failover/follow-roles.ts';
import { parseFollowing, textOfFollowing } from '../../src/failover/following.ts';
import type { Following } from '../../src/failover/following.ts';
import { reachIn } from '../../src/failover/identity.ts';
import type { ReplicatedCluster } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';

type Said = Partial<SeenServer>;
/** By the last part of the address. */
type View = Readonly<Record<number, Said>>;

const nameOf = (last: number): string => `10.0.0.${last}:6379`;
const all = [1, 2, 3].map(nameOf);

function clusterOf(lasts = [1, 2, 3]): ReplicatedCluster {
  const endpoints = lasts.map((last) => ({ address: `10.0.0.${last}`, port: 6379 }));
  return parseCluster({ name: 'c', kind: 'replicated', primary: nameOf(1), endpoints }) as ReplicatedCluster;
}

function seenOf(view: View): ReadonlyMap<string, SeenServer> {
  return new Map(
    Object.entries(view).map(([last, said]) => [nameOf(Number(last)), { state: 'up' as const, sinceMs: 0, ...said }]),
  );
}

function follow(views: readonly View[], cluster = clusterOf(), last?: Following): Following {
  let following = last;
  for (const [index, view] of views.entries()) following = followRoles(following, cluster, seenOf(view), index);
  assert.ok(following !== undefined);
  return following;
}

const history = (id: string, offset: number, former?: string, end = 900) => {
  return { id, offset, former: former === undefined ? undefined : { id: former, end } };
};
const primary = (run: string, said: Said = {}): Said => {
  return { role: 'primary', runId: run, history: history('h1', 1_000), keys: 1_000, hasLoadedNothing: false, ...said };
};
const replica = (run: string, said: Said = {}): Said => {
  const copied = { history: history('h1', 1_000), keys: 1_000, link: 'up', follows: nameOf(1) } as const;
  return { role: 'replica', runId: run, ...copied, ...said };
};
const down = (reason = 'timeout: no answer in 500 ms', said: Said = {}): Said => {
  return { ...primary('r1'), state: 'down', reason, ...said };
};
const refused = 'refused: connect ECONNREFUSED 10.0.0.1:6379';
const lost = { link: 'down' } as const;

const well: View = { 1: primary('r1'), 2: replica('r2'), 3: replica('r3') };
/** The second one, promoted by hand. */
const promoted = primary('r2', { history: history('h2', 1_100, 'h1') });
const ofSecond = { follows: nameOf(2), history: history('h2', 1_100, 'h1') };
const empty = primary('r9', { history: history('h9', 0), keys: 0, hasLoadedNothing: true });
const withLog = primary('r9', { history: history('h9', 0), hasLoadedNothing: undefined });
const gone: View = { 1: down(refused), 2: replica('r2', lost), 3: replica('r3', lost) };

type Case = readonly [what: string, views: readonly View[], leader: number, told: string];

/** `told`: whether nothing is sent to it, and codes. */
function check([what, views, leader, told]: Case): void {
  test(what, () => {
    const following = follow(views);
    const codes = following.troubles.map(({ code }) => code);
    const isHeld = following.isHeld ? ['held'] : [];
    assert.deepEqual([following.leader, [...isHeld, ...codes].join(' ')], [nameOf(leader), told]);
    assert.equal(following.topology.primary, following.isHeld ? undefined : nameOf(leader));
    for (const { message } of following.troubles) assert.match(message, /^cluster "c": .*10\.0\.0\.\d:6379/);
  });
}

describe('another primary is followed', () => {
  const cases: readonly Case[] = [
    ['when the old one is its replica', [well, { 1: replica('r1', ofSecond), 2: promoted, 3: replica('r3') }], 2, ''],
    ['when the old one is its replica by another address (NAT)', [
      well,
      { 1: replica('r1', { ...ofSecond, follows: '172.17.0.3:6379' }), 2: promoted },
    ], 2, ''],
    ['when the old one was made a replica first', [well, { 1: replica('r1'), 2: replica('r2') }, { 1: replica('r1'), 2: promoted }], 2, ''],
    ['when the one that is declared was a replica all the time', [{ 1: replica('r1', ofSecond), 2: promoted }], 2, ''],
    ['when the old one is down, and nobody is connected to it', [well, { 1: down(), 2: promoted, 3: replica('r3', ofSecond) }], 2, ''],
    ['when the old one is refused once, and its replicas have lost it', [
      well,
      { 1: { ...down(refused), state: 'suspect' }, 2: promoted, 3: replica('r3', lost) },
    ], 2, ''],
    ['when the old one was never heard of since the start', [
      well,
      { 1: { state: 'unknown', reason: refused, isUnheard: true }, 2: promoted, 3: replica('r3', ofSecond) },
    ], 2, ''],
    ['when the old one came back empty', [well, { 1: empty, 2: promoted, 3: replica('r3') }], 2, 'two-primaries'],
    ['when the old one came back empty before', [well, { ...well, 1: empty }, { 1: empty, 2: promoted }], 2, 'two-primaries'],
    ['when it was promoted while the old one was started again', [well, { 1: withLog, 2: promoted }], 2, 'two-primaries'],
    ['when it has more of the history than the old one, which was started from a snapshot', [
      well,
      { 1: primary('r9', { history: history('h9', 800, 'h1', 801) }), 2: promoted },
    ], 2, 'two-primaries'],
    ['of Dragonfly, without histories, when the old one says whom it follows', [
      { 1: { role: 'primary', keys: 5 }, 2: { role: 'replica', keys: 5 } },
      { 1: { role: 'replica', follows: nameOf(2) }, 2: { role: 'primary', keys: 5 } },
    ], 2, ''],
    ['of KeyDB, when the old one is down: each has what the other was told', [
      { 1: primary('r1', { follows: nameOf(2), link: 'up' }), 2: primary('r2', { history: history('h2', 1), follows: nameOf(1), link: 'up' }) },
      { 1: down(), 2: primary('r2', { history: history('h2', 1), follows: nameOf(1), link: 'down' }) },
    ], 2, ''],
  ];
  for (const each of cases) check(each);
});

describe('the primary stays', () => {
  const cases: readonly Case[] = [
    ['while all is well', [well], 1, ''],
    ['while nothing is known', [{}], 1, ''],
    ['when nothing is known any more', [well, {}], 1, ''],
    ['when it was not looked at yet', [well, { 1: { state: 'unknown' }, 2: promoted }], 1, ''],
    ['when one look has found nobody since the start', [
      well,
      { 1: { state: 'unknown', reason: 'timeout: no connection in 500 ms' }, 2: promoted },
    ], 1, ''],
    ['when it says something that nobody understands', [well, { ...well, 1: { role: 'unknown' } }], 1, ''],
    ['when another one says to be it too, with the same history', [well, { ...well, 2: promoted }], 1, 'two-primaries'],
    ['when another one said so long before it was started again', [well, { ...well, 2: promoted }, { 1: withLog, 2: promoted }], 1, 'two-primaries'],
    ['when it is down, and nobody was promoted', [well, { ...well, 1: down() }], 1, 'no-primary'],
    ['when it is down, and a server without its history says to be it', [well, { 1: down(), 2: { ...promoted, history: history('h5', 9) } }], 1, 'no-primary'],
    ['when it is down, and one that was promoted has no keys', [well, { 1: down(), 2: { ...promoted, keys: 3 } }], 1, 'no-primary'],
    ['when it is down, and two were promoted', [
      well,
      { 1: down(), 2: promoted, 3: primary('r3', { history: history('h3', 1_100, 'h1') }) },
    ], 1, 'no-primary'],
    ['when it is down, and a replica is still connected to it', [well, { 1: down(), 2: promoted, 3: replica('r3') }], 1, 'no-primary'],
    ['when it is down, and a replica is connected to it by another address (NAT)', [
      well,
      { 1: down(), 2: promoted, 3: replica('r3', { follows: '172.17.0.2:6379' }) },
    ], 1, 'no-primary'],
    ['when it is there, and busy', [well, { 1: down('busy: BUSY Redis is busy running a script'), 2: promoted }], 1, 'no-primary'],
    ['when it is suspect alone', [well, { ...well, 1: down(undefined, { state: 'suspect' }) }], 1, ''],
    ['when it is a replica, and nobody says to be the primary', [well, { ...well, 1: replica('r1', { follows: nameOf(2) }) }], 1, 'primary-is-replica'],
    ['when it is a replica of a server without its history', [
      well,
      { 1: replica('r1', { ...ofSecond, history: history('h5', 9) }), 2: primary('r2', { history: history('h5', 9) }) },
    ], 1, 'primary-is-replica'],
    ['when it follows another one than the one that has its history', [
      well,
      { 1: replica('r1', { follows: nameOf(3) }), 2: promoted, 3: primary('r3', { history: history('h5', 9) }) },
    ], 1, 'primary-is-replica'],
    ['of KeyDB, while both take writes', [
      { 1: primary('r1', { follows: nameOf(2) }), 2: primary('r2', { history: history('h2', 1), follows: nameOf(1) }) },
    ], 1, ''],
    ['of Dragonfly, when it is down: nobody can tell whose history another one has', [
      { 1: { role: 'primary' }, 2: { role: 'replica' } },
      { 1: { role: 'primary', state: 'down', reason: refused }, 2: { role: 'primary' } },
    ], 1, 'no-primary'],
    ['when its database was emptied', [well, { ...well, 1: primary('r1', { keys: 0 }) }], 1, ''],
    ['when it takes another history, as one that had no replicas for long', [well, { ...well, 1: primary('r1', { history: history('h7', 1_000) }) }], 1, ''],
    ['when it was started again with its keys', [well, { ...well, 1: withLog }], 1, ''],
    ['when it was emptied, and started again', [well, { ...well, 1: primary('r1', { keys: 0 }) }, { ...well, 1: empty }], 1, ''],
  ];
  for (const each of cases) check(each);
});

describe('a primary is sent nothing', () => {
  const cases: readonly Case[] = [
    ['when it came back empty', [well, { ...well, 1: empty }], 1, 'held primary-empty'],
    ['when it came back empty, and was written to before anybody looked', [well, { ...well, 1: { ...empty, keys: 990 } }], 1, 'held primary-empty'],
    ['when it came back with a hundredth, and does not tell what it loaded', [
      well,
      { ...well, 1: { ...empty, keys: 10, hasLoadedNothing: undefined } },
    ], 1, 'held primary-empty'],
    ['when it came back empty, whoever has written to it since', [well, { ...well, 1: empty }, { ...well, 1: { ...empty, keys: 2_000 } }], 1, 'held primary-empty'],
    ['when it came back empty, and is silent', [well, { ...well, 1: empty }, { ...well, 1: { ...empty, state: 'down', reason: refused } }], 1, 'held primary-empty'],
    ['when it came back empty, and nothing is known any more', [well, { ...well, 1: empty }, {}], 1, 'held primary-empty'],
    ['when it came back empty, and is a replica now', [well, { ...well, 1: empty }, { ...well, 1: replica('r9') }], 1, 'held primary-is-replica'],
    ['when it copied an empty one, and was promoted again', [
      well,
      { ...well, 1: replica('r1', { follows: nameOf(7), history: history('h5', 9), keys: 0 }) },
      { ...well, 1: primary('r1', { history: history('h6', 9, 'h5'), keys: 0 }) },
    ], 1, 'held primary-empty'],
    ['of Dragonfly, when it came back empty', [
      { 1: { role: 'primary', runId: 'started at 1000', keys: 5 } },
      { 1: { role: 'primary', runId: 'started at 90000', keys: 0 } },
    ], 1, 'held primary-empty'],
    ['while nobody listens there, and its replicas have lost it', [well, gone], 1, 'held no-primary'],
    ['until it is looked at again', [well, gone, { ...gone, 1: down('busy: LOADING Redis is loading') }], 1, 'held no-primary'],
    ['until it tells how many keys it has', [well, gone, { ...gone, 1: { role: 'primary' } }], 1, 'held no-primary'],
  ];
  for (const each of cases) check(each);

  test('but not for want of replicas that say so, nor when it is only silent', () => {
    for (const view of [
      { ...well, 1: down(refused) },
      { 1: down(refused) },
      { ...gone, 3: replica('r3') },
      { ...gone, 1: down() },
      { 1: down(refused), 2: { ...replica('r2', lost), state: 'down' as const } },
      // A replica of a replica says nothing of the primary.
      { 1: down(refused), 2: replica('r2', { follows: nameOf(3), ...lost }), 3: { state: 'unknown' as const } },
    ]) {
      assert.equal(follow([well, view]).isHeld, false);
    }
  });

  test('not even as a replica that is read from', () => {
    assert.deepEqual(follow([well, { ...well, 1: empty }]).topology, { primary: undefined, servers: all.slice(1) });
    assert.deepEqual(follow([well, gone]).topology, { primary: undefined, servers: all.slice(1) });
  });
});

describe('a primary that was held is let back', () => {
  const cases: readonly Case[] = [
    ['when it answers with its keys', [well, gone, { ...well, 1: withLog }], 1, ''],
    ['when it never was away', [well, gone, well], 1, ''],
    ['when it had none', [{ ...well, 1: primary('r1', { keys: 0 }) }, gone, { ...well, 1: empty }], 1, ''],
    ['when it was started once more, with its keys', [well, { ...well, 1: empty }, { ...well, 1: primary('r10', { history: history('h10', 0) }) }], 1, ''],
    ['not when it was started once more, without', [well, { ...well, 1: empty }, { ...well, 1: { ...empty, runId: 'r10' } }], 1, 'held primary-empty'],
  ];
  for (const each of cases) check(each);
});

describe('who was the primary before', () => {
  const switched: readonly View[] = [well, { 1: down(), 2: promoted, 3: replica('r3', ofSecond) }];
  const stay = { 2: promoted, 3: replica('r3', ofSecond) };
  const cases: readonly (readonly [what: string, views: readonly View[], isIn: boolean])[] = [
    ['is not read from while it is away', switched, false],
    ['is not read from when it comes back as a primary', [...switched, { ...stay, 1: primary('r1') }], false],
    ['is not read from when nothing is known', [...switched, {}], false],
    ['is not read from while it is not connected to its successor', [...switched, { ...stay, 1: replica('r1', lost) }], false],
    ['is a replica when it is one', [...switched, { ...stay, 1: replica('r1', ofSecond) }], true],
  ];
  for (const [what, views, isIn] of cases) {
    test(what, () => {
      const { topology } = follow(views);
      assert.deepEqual(topology, { primary: nameOf(2), servers: isIn ? all : all.slice(1) });
    });
  }
});

test('who has the keys is told when the primary has lost them', () => {
  const { troubles } = follow([well, { 1: empty, 2: replica('r2', lost), 3: replica('r3', { keys: 0 }) }]);
  assert.match(troubles[0]?.message ?? '', /10\.0\.0\.1:6379 has come back empty.*10\.0\.0\.2:6379 still has keys: promote/);
});

test('whoever is followed and is declared no more gives way to the one that is declared', () => {
  const before = follow([well, { 1: replica('r1', ofSecond), 2: promoted, 3: replica('r3') }]);
  const after = follow([{ 1: primary('r1'), 3: replica('r3') }], clusterOf([1, 3]), before);
  assert.deepEqual([after.leader, after.topology.servers], [nameOf(1), [nameOf(1), nameOf(3)]]);
});

test('how many keys it has is remembered roughly, so that it is not written down at each look', () => {
  const first = follow([well]);
  assert.equal(follow([{ ...well, 1: primary('r1', { keys: 1_500, history: history('h1', 9_000) }) }], clusterOf(), first), first);
  assert.equal(follow([{ ...well, 1: primary('r1', { keys: 5_000 }) }], clusterOf(), first).keys, 5_000);
});

describe('whatever is seen', () => {
  const said: fc.Arbitrary<Said> = fc.record({
    state: fc.constantFrom('up', 'up', 'up', 'suspect', 'down', 'recovering', 'unknown'),
    role: fc.constantFrom('primary', 'primary', 'replica', 'unknown', undefined),
    reason: fc.constantFrom(undefined, refused, 'timeout: no answer in 500 ms', 'busy: LOADING', 'auth: NOAUTH'),
    runId: fc.constantFrom('r1', 'r2', 'r3', undefined),
    history: fc.option(
      fc.record({
        id: fc.constantFrom('h1', 'h2', 'h3'),
        offset: fc.constantFrom(undefined, 0, 1_000),
        former: fc.option(fc.record({ id: fc.constantFrom('h1', 'h2'), end: fc.constantFrom(1, 901) }), { nil: undefined }),
      }),
      { nil: undefined },
    ),
    keys: fc.constantFrom(undefined, 0, 1, 1_000),
    hasLoadedNothing: fc.constantFrom(undefined, true, false),
    link: fc.constantFrom(undefined, 'up', 'down'),
    follows: fc.constantFrom(undefined, ...all, '172.17.0.2:6379'),
    isUnheard: fc.boolean(),
  });
  const view: fc.Arbitrary<View> = fc.record({ 1: said, 2: said, 3: said }, { requiredKeys: [] });
  const views = fc.array(view, { minLength: 1, maxLength: 8 });

  const eachStep = (assertion: (before: Following, after: Following, seen: ReadonlyMap<string, SeenServer>) => void): void => {
    fc.assert(
      fc.property(views, (steps) => {
        let before = follow([{}]);
        for (const step of steps) {
          const after = follow([step], clusterOf(), before);
          assertion(before, after, seenOf(step));
          before = after;
        }
      }),
      { numRuns: 2_000 },
    );
  };

  test('there is one leader, of those declared; it takes the writes, or nobody does', () => {
    eachStep((_before, { leader, isHeld, topology }) => {
      assert.ok(leader !== undefined && all.includes(leader));
      assert.equal(topology.primary, isHeld ? undefined : leader);
      assert.equal(topology.servers.includes(leader), !isHeld);
      assert.deepEqual(topology.servers, all.filter((server) => topology.servers.includes(server)));
    });
  });

  test('another leader says to be the primary, and has what the old one had', () => {
    eachStep((before, after, seen) => {
      if (after.leader === before.leader || after.leader === undefined) return;
      const found = seen.get(after.leader);
      assert.ok(found?.role === 'primary' && (found.state === 'up' || found.state === 'recovering'));
      const isActive = found.follows === before.leader;
      if (before.history !== undefined && !isActive) assert.notEqual(reachIn(before.history, found), undefined);
      if (before.keys === 1_000) assert.notEqual(found.keys, 0);
    });
  });

  test('of a leader that answers as the primary, with its keys and in the same run, nothing is taken', () => {
    eachStep((before, after, seen) => {
      const found = before.leader === undefined ? undefined : seen.get(before.leader);
      const isWell = found?.state === 'up' && found.role === 'primary' && found.runId === before.runId && found.keys === 1_000;
      if (before.isHeld || !isWell) return;
      assert.deepEqual([after.leader, after.isHeld], [before.leader, false]);
    });
  });

  test('one that came back empty is sent nothing in that run', () => {
    eachStep((before, after, seen) => {
      if (before.emptyRunId === undefined || after.leader !== before.leader || before.leader === undefined) return;
      const found = seen.get(before.leader);
      const isLetIn = after.topology.servers.includes(before.leader);
      if (isLetIn) assert.ok(found?.role === 'primary' && found.runId !== before.emptyRunId && found.keys !== 0);
    });
  });

  test('a view that says nothing changes nothing', () => {
    const silent = fc.constantFrom<View>({}, { 1: { state: 'unknown' } }, { 1: { state: 'unknown' }, 2: { state: 'unknown' } });
    fc.assert(
      fc.property(views, silent, (steps, last) => {
        const before = follow(steps);
        assert.equal(follow([last], clusterOf(), before).topology.primary, before.topology.primary);
        assert.equal(follow([last], clusterOf(), before).leader, before.leader);
      }),
    );
  });

  test('the same view once more changes nothing', () => {
    eachStep((_before, after, seen) => assert.equal(followRoles(after, clusterOf(), seen, 99), after));
  });

  test('no clock matters', () => {
    fc.assert(
      fc.property(views, fc.array(fc.integer(), { minLength: 8, maxLength: 8 }), (steps, times) => {
        const jumping = steps.reduce<Following | undefined>((last, step, index) => {
          return followRoles(last, clusterOf(), seenOf(step), times[index] ?? 0);
        }, undefined);
        const sinceMs = 0;
        assert.deepEqual({ ...jumping, sinceMs }, { ...follow(steps), sinceMs });
      }),
    );
  });

  test('what is kept over a restart is enough to go on as before', () => {
    fc.assert(
      fc.property(views, view, (steps, next) => {
        const before = follow(steps);
        const text = textOfFollowing(before);
        const again = parseFollowing(text);
        assert.ok(again !== undefined);
        assert.equal(textOfFollowing(again), text);
        const [after, afterRestart] = [before, again].map((last) => follow([next], clusterOf(), last));
        assert.equal(textOfFollowing(afterRestart as Following), textOfFollowing(after as Following));
      }),
    );
  });
});

test('a look of before a primary was declared says nothing of it, whatever becomes of the clock', () => {
  const atMs = 1_000_000;
  const look = (answeredAtMs: number, last: Following | undefined): Following => {
    return followRoles(last, clusterOf(), seenOf({ 1: replica('r1', { answeredAtMs, follows: nameOf(2) }) }), atMs);
  };
  const codes = ({ troubles }: Following): string[] => troubles.map(({ code }) => code);
  const begun = look(atMs - 100, undefined);
  assert.deepEqual(codes(begun), []);
  assert.deepEqual(codes(look(atMs + 100, begun)), ['primary-is-replica']);
  assert.deepEqual(codes(look(atMs - 3_600_000, begun)), ['primary-is-replica']);
});
