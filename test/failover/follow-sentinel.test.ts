// Whom Sentinels make the primary: by table, and under whatever they, and the servers, may say.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { SeenSentinel, SeenServer, SentinelOpinion } from '../../src/effective/seen.ts';
import { followSentinel } from '../../src/failover/follow-sentinel.ts';
import type { Following } from '../../src/failover/following.ts';
import { parseCluster } from '../../src/model/parse.ts';
import type { ReplicatedCluster } from '../../src/model/objects.ts';

const [a, b, c] = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379'];
const [s1, s2, s3] = ['10.0.1.1:26379', '10.0.1.2:26379', '10.0.1.3:26379'];
const declared = [s1, s2, s3];
const nowMs = 1_000;

const cluster = parseCluster({
  name: 'carts',
  kind: 'replicated',
  failover: { by: 'sentinel', master: 'mymaster', sentinels: declared },
}) as ReplicatedCluster;

/** That names a server, and knows these and all other Sentinels. */
function naming(primary: string, epoch = 1, more: Partial<SentinelOpinion> = {}): SeenSentinel {
  const replicas = [a, b, c].filter((each) => each !== primary).map((address) => ({ address, flags: ['slave'] }));
  return {
    answeredAtMs: 1,
    opinion: { primary, epoch, flags: ['master'], quorum: 2, replicas, sentinels: ['x:1', 'y:1'], ...more },
  };
}

const gone: SeenSentinel = { ...naming(a), failure: { reason: 'refused: nobody listens', sinceMs: 1 } };
const stranger: SeenSentinel = { answeredAtMs: 1, isNameUnknown: true };

const up = (role: string, more: Partial<SeenServer> = {}): SeenServer => ({ state: 'up', sinceMs: 1, role, ...more });
const down: SeenServer = { state: 'down', sinceMs: 1, reason: 'refused: nobody listens', role: 'primary' };

type Sentinels = readonly (SeenSentinel | undefined)[];
type Servers = Readonly<Record<string, SeenServer>>;

function follow(last: Following | undefined, sentinels: Sentinels, servers: Servers, found: Record<string, SeenSentinel> = {}) {
  const seen = new Map(
    declared.flatMap((address, at) => (sentinels[at] === undefined ? [] : [[address, sentinels[at]]])),
  );
  for (const [address, each] of Object.entries(found)) seen.set(address, each);
  return followSentinel(last, cluster, new Map(Object.entries(servers)), seen, nowMs);
}

/** All name a, which is the primary. */
const settled = follow(
  undefined,
  [naming(a), naming(a), naming(a)],
  { [a]: up('primary', { runId: 'r1', keys: 3 }), [b]: up('replica') },
);

const codesOf = ({ troubles }: Following): string[] => troubles.map(({ code }) => code);

test('whom all name is the primary once it says so itself; the servers are known before', () => {
  const sentinels = [naming(a), naming(a), naming(a)];
  const found = follow(undefined, sentinels, {});
  assert.deepEqual(found.topology, { primary: undefined, servers: [a, b, c] });
  const next = follow(found, sentinels, { [a]: up('primary', { runId: 'r1', keys: 3 }) });
  assert.deepEqual(next.topology, { primary: a, servers: [a, b, c] });
  assert.deepEqual([next.epoch, next.why, next.troubles], [1, 'named by 3 of 3 Sentinels, epoch 1', []]);
  assert.equal(follow(next, sentinels, { [a]: up('primary', { runId: 'r1', keys: 5 }) }), next);
});

interface Case {
  readonly what: string;
  readonly sentinels: Sentinels;
  readonly servers: Servers;
  readonly leader: string;
  readonly epoch?: number;
  readonly codes: readonly string[];
  readonly says?: RegExp;
}

const bIsPrimary = { [a]: down, [b]: up('primary') };

const cases: readonly Case[] = [
  {
    what: 'most name another one, and it says so',
    sentinels: [naming(b, 2), naming(b, 2), gone],
    servers: bIsPrimary,
    leader: b,
    epoch: 2,
    codes: ['sentinel-unreachable'],
  },
  {
    what: 'most name another one, the third has not heard of it',
    sentinels: [naming(b, 2), naming(b, 2), naming(a, 1)],
    servers: bIsPrimary,
    leader: b,
    epoch: 2,
    codes: ['sentinels-disagree'],
    says: /10\.0\.1\.3:26379 names 10\.0\.0\.1:6379 \(epoch 1\)/,
  },
  {
    what: 'one of three names another one',
    sentinels: [naming(b, 2), naming(a), naming(a)],
    servers: bIsPrimary,
    leader: a,
    codes: ['sentinels-disagree', 'no-primary'],
  },
  {
    what: 'the only one that answers names another one',
    sentinels: [naming(b, 9), gone, gone],
    servers: bIsPrimary,
    leader: a,
    codes: ['sentinel-unreachable', 'sentinel-quorum'],
    says: /1 of 3 Sentinels answers, no majority: 10\.0\.0\.1:6379 stays the primary/,
  },
  {
    what: 'one names another one, and the others were not asked yet',
    sentinels: [naming(b, 9), undefined, undefined],
    servers: bIsPrimary,
    leader: a,
    codes: [],
  },
  {
    what: 'nobody answers',
    sentinels: [gone, gone, gone],
    servers: { [a]: up('primary') },
    leader: a,
    codes: ['sentinel-unreachable', 'sentinel-quorum'],
  },
  {
    what: 'each names another one',
    sentinels: [naming(a), naming(b, 2), naming(c, 3)],
    servers: bIsPrimary,
    leader: a,
    codes: ['sentinels-disagree'],
    says: /no majority names one: 10\.0\.0\.1:6379 stays/,
  },
  {
    what: 'two do not know the name',
    sentinels: [naming(b, 2), stranger, stranger],
    servers: bIsPrimary,
    leader: a,
    codes: ['sentinel-master-unknown'],
    says: /10\.0\.1\.2:26379, 10\.0\.1\.3:26379 do not know "mymaster": 10\.0\.0\.1:6379 stays/,
  },
  {
    what: 'one does not know the name',
    sentinels: [naming(b, 2), naming(b, 2), stranger],
    servers: bIsPrimary,
    leader: b,
    epoch: 2,
    codes: ['sentinel-master-unknown'],
  },
  {
    what: 'whom they name says to be a replica',
    sentinels: [naming(b, 2), naming(b, 2), naming(b, 2)],
    servers: { [a]: down, [b]: up('replica', { follows: a }) },
    leader: a,
    codes: ['primary-is-replica'],
    says: /10\.0\.0\.2:6379, which says to be a replica of 10\.0\.0\.1:6379: 10\.0\.0\.1:6379 stays/,
  },
  {
    what: 'whom they name does not answer',
    sentinels: [naming(b, 2), naming(b, 2), naming(b, 2)],
    servers: { [b]: down },
    leader: a,
    codes: ['no-primary'],
    says: /does not answer \(refused/,
  },
  {
    what: 'whom they name was never heard of',
    sentinels: [naming(b, 2), naming(b, 2), naming(b, 2)],
    servers: {},
    leader: a,
    codes: ['no-primary'],
  },
  {
    what: 'the primary is a replica, and they name it still',
    sentinels: [naming(a), naming(a), naming(a)],
    servers: { [a]: up('replica', { follows: b }) },
    leader: a,
    codes: ['primary-is-replica'],
  },
  {
    what: 'the primary is down, and they have not elected another one yet',
    sentinels: [naming(a), naming(a), naming(a)],
    servers: { [a]: down },
    leader: a,
    codes: ['no-primary'],
  },
  {
    what: 'an epoch goes back',
    sentinels: [naming(b, 0), naming(b, 0), naming(b, 0)],
    servers: bIsPrimary,
    leader: a,
    epoch: 1,
    codes: ['sentinel-stale'],
    says: /name 10\.0\.0\.2:6379 in epoch 0, and 10\.0\.0\.1:6379 was named in epoch 1/,
  },
  {
    what: 'one of those that agree has the new epoch',
    sentinels: [naming(b, 0), naming(b, 2), naming(a)],
    servers: bIsPrimary,
    leader: b,
    epoch: 2,
    codes: ['sentinels-disagree'],
  },
  {
    what: 'another one says to be the primary too',
    sentinels: [naming(a), naming(a), naming(a)],
    servers: { [a]: up('primary'), [b]: up('primary') },
    leader: a,
    codes: ['two-primaries'],
  },
  {
    what: 'one is in TILT',
    sentinels: [naming(a), { ...naming(a), isTilted: true }, naming(a)],
    servers: { [a]: up('primary') },
    leader: a,
    codes: ['sentinel-tilt'],
  },
  {
    what: 'the events of one are not heard',
    sentinels: [naming(a), { ...naming(a), deafness: 'NOPERM' }, naming(a)],
    servers: { [a]: up('primary') },
    leader: a,
    codes: ['sentinel-silent'],
  },
];

describe('who is the primary when', () => {
  for (const { what, sentinels, servers, leader, epoch = 1, codes, says } of cases) {
    test(`${what}: ${leader === a ? 'it stays' : 'the other'}`, () => {
      const next = follow(settled, sentinels, servers);
      assert.deepEqual([next.topology.primary, next.leader, next.epoch], [leader, leader, epoch]);
      assert.deepEqual(codesOf(next), codes);
      for (const { message } of next.troubles) assert.match(message, /^cluster "carts": /);
      if (says !== undefined) assert.match(next.troubles.map(({ message }) => message).join('\n'), says);
      assert.equal(follow(next, sentinels, servers), next);
    });
  }
});

describe('an election', () => {
  const votes = [{ leader: 'id-1', epoch: 2 }];
  const elector = (id: string, more: Partial<SeenSentinel> = {}): SeenSentinel => {
    return { ...naming(a), id, votes, ...more };
  };
  const selected = { server: b, epoch: 2 };
  const electors = [elector('id-1', { selected }), elector('id-2'), elector('id-3')];

  test('by most counts as their word as soon as the promoted one says to be the primary', () => {
    const waiting = follow(settled, electors, { [a]: down, [b]: up('replica') });
    assert.equal(waiting.leader, a);
    const next = follow(waiting, electors, bIsPrimary);
    assert.deepEqual([next.leader, next.epoch], [b, 1]);
    assert.equal(next.why, `promoted by ${s1}, elected by 3 of 3 Sentinels in epoch 2`);
    // Its leader names the new one first.
    const leading = follow(next, [{ ...naming(b, 2), id: 'id-1', votes, selected }, ...electors.slice(1)], bIsPrimary);
    assert.deepEqual([leading.leader, codesOf(leading)], [b, []]);
    const over = follow(next, [naming(b, 2), naming(b, 2), naming(b, 2)], bIsPrimary);
    assert.deepEqual([over.leader, over.epoch, over.why, over.sinceMs], [b, 2, next.why, next.sinceMs]);
  });

  test('that came to nothing holds no longer than it is told of', () => {
    const next = follow(settled, electors, bIsPrimary);
    const back = follow(next, [naming(a), naming(a), naming(a)], { [a]: up('primary'), [b]: up('replica') });
    assert.deepEqual([back.leader, back.epoch], [a, 1]);
  });

  const none: readonly (readonly [what: string, sentinels: Sentinels])[] = [
    ['by one', [electors[0], naming(a), naming(a)]],
    ['by one that is reached twice', [electors[0], { ...elector('id-1') }, naming(a)]],
    [
      'of another epoch',
      [electors[0], elector('id-2', { votes: [{ leader: 'id-1', epoch: 1 }] }), elector('id-3', { votes: [] })],
    ],
    [
      'of another leader',
      [electors[0], elector('id-2', { votes: [{ leader: 'id-2', epoch: 2 }] }), elector('id-3', { votes: [] })],
    ],
    [
      'of before',
      [
        elector('id-1', { selected: { server: b, epoch: 1 }, votes: [{ leader: 'id-1', epoch: 1 }] }),
        elector('id-2', { votes: [{ leader: 'id-1', epoch: 1 }] }),
        elector('id-3'),
      ],
    ],
  ];
  for (const [what, sentinels] of none) {
    test(`${what} is none`, () => assert.equal(follow(settled, sentinels, bIsPrimary).leader, a));
  }
});

describe('Sentinels that have taken the places of others', () => {
  const found = (id: string, primary: string, sentinels: string[]) => ({ ...naming(primary, 2, { sentinels }), id });

  test('count when most that are declared are gone, by more than half of all that they know of', () => {
    const others = {
      'd:1': found('d', b, ['e:1', 'f:1']),
      'e:1': found('e', b, ['d:1', 'f:1']),
      'f:1': found('f', b, ['d:1', 'e:1']),
    };
    const next = follow(settled, [gone, gone, gone], bIsPrimary, others);
    assert.deepEqual([next.leader, next.epoch, codesOf(next)], [b, 2, ['sentinel-unreachable']]);
    assert.match(next.troubles[0]?.message ?? '', /d:1, e:1, f:1 stand in: declare who there is/);
  });

  test('do not when they are cut off from the others', () => {
    const known = ['e:1', s1, s2, s3];
    const others = { 'd:1': found('d', b, known), 'e:1': found('e', b, ['d:1', s1, s2, s3]) };
    assert.equal(follow(settled, [gone, gone, gone], bIsPrimary, others).leader, a);
  });

  test('do not beside a majority of those that are declared', () => {
    const others = { 'd:1': found('d', b, []), 'e:1': found('e', b, []), 'f:1': found('f', b, []) };
    assert.equal(follow(settled, [naming(a), naming(a), gone], bIsPrimary, others).leader, a);
  });

  test('do not twice', () => {
    const others = { 'd:1': found('d', b, ['e:1']), 'e:1': found('d', b, ['d:1']) };
    assert.equal(follow(settled, [gone, gone, gone], bIsPrimary, others).leader, a);
  });
});

describe('who there is', () => {
  const alone = { replicas: [] };
  const without = { replicas: [{ address: b, flags: ['slave'] }] };
  const servers = { [a]: up('primary') };

  test('stays while Sentinels that were reset know of no replicas', () => {
    assert.deepEqual(
      follow(settled, [naming(a, 1, alone), naming(a, 1, alone), naming(a, 1, alone)], servers).topology.servers,
      [a, b, c],
    );
    assert.deepEqual(follow(settled, [naming(a, 1, alone), naming(a), naming(a)], servers).topology.servers, [a, b, c]);
  });
  test('is with those that one of the majority knows', () => {
    assert.deepEqual(
      follow(settled, [naming(a, 1, without), naming(a), naming(a, 1, without)], servers).topology.servers,
      [a, b, c],
    );
  });
  test('is without one that all have forgotten', () => {
    assert.deepEqual(
      follow(settled, [naming(a, 1, without), naming(a, 1, without), naming(a, 1, without)], servers).topology.servers,
      [a, b],
    );
  });
  test('stays while a minority answers', () => {
    assert.deepEqual(follow(settled, [naming(a, 1, without), gone, gone], servers).topology.servers, [a, b, c]);
  });
});

test('who was the primary is there again when it is a replica of the next one', () => {
  const sentinels = [naming(b, 2), naming(b, 2), naming(b, 2)];
  const serversOf = (following: Following) => [following.topology.servers, following.strays];
  const next = follow(settled, sentinels, bIsPrimary);
  assert.deepEqual(serversOf(next), [[b, c], [a]]);
  // It hung, and goes on as if nothing had been.
  const back = follow(next, sentinels, { [a]: up('primary'), [b]: up('primary') });
  assert.deepEqual([...serversOf(back), codesOf(back)], [[b, c], [a], ['two-primaries']]);
  const copying = follow(back, sentinels, { [a]: up('replica', { link: 'down' }), [b]: up('primary') });
  assert.deepEqual(serversOf(copying), [[b, c], [a]]);
  assert.deepEqual(
    serversOf(follow(copying, sentinels, { [a]: up('replica'), [b]: up('primary') })),
    [[a, b, c], undefined],
  );
});

test('a primary that came back empty is told of until it has keys, or is the same again', () => {
  const sentinels = [naming(a), naming(a), naming(a)];
  const empty = follow(settled, sentinels, { [a]: up('primary', { runId: 'r2', keys: 0 }) });
  assert.deepEqual([empty.leader, codesOf(empty), empty.runId], [a, ['primary-empty'], 'r1']);
  const filled = follow(empty, sentinels, { [a]: up('primary', { runId: 'r2', keys: 1 }) });
  assert.deepEqual([codesOf(filled), filled.runId], [[], 'r2']);
  // Emptied by whoever uses it.
  assert.deepEqual(codesOf(follow(settled, sentinels, { [a]: up('primary', { runId: 'r1', keys: 0 }) })), []);
});

test('Sentinels that are asked for another group count epochs of their own', () => {
  const other = { ...settled, source: 'sentinel other', epoch: 7 };
  assert.deepEqual(follow(other, [naming(b, 2), naming(b, 2), naming(b, 2)], bIsPrimary).leader, b);
});

test('whatever is said: no minority switches, no epoch goes back, nobody is lost, and the primary has said so', () => {
  const servers = [a, b, c];
  const opinion = fc.record({ primary: fc.constantFrom(...servers), epoch: fc.nat(4), known: fc.subarray(servers) });
  const vote = fc.record({ leader: fc.constantFrom('id-0', 'id-1', 'id-2'), epoch: fc.nat(4) });
  const sentinel = fc.record({
    opinion: fc.option(opinion, { nil: undefined }),
    isGone: fc.boolean(),
    votes: fc.array(vote, { maxLength: 2 }),
    selected: fc.option(fc.record({ server: fc.constantFrom(...servers), epoch: fc.nat(4) }), { nil: undefined }),
  });
  const server = fc.record(
    { state: fc.constantFrom('up' as const, 'down' as const), role: fc.constantFrom('primary', 'replica') },
  );
  const step = fc.record(
    { sentinels: fc.tuple(sentinel, sentinel, sentinel), servers: fc.tuple(server, server, server) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      let before = settled;
      for (const { sentinels, servers: roles } of steps) {
        const seen = sentinels.map(({ opinion: said, isGone, votes, selected }, at): SeenSentinel => {
          const replicas = said?.known.map((address) => ({ address, flags: [] }));
          const full = said && naming(said.primary, said.epoch, { replicas: replicas ?? [] });
          return {
            ...(full ?? stranger),
            id: `id-${at}`,
            votes,
            selected,
            ...(isGone && { failure: { reason: 'x', sinceMs: 1 } }),
          };
        });
        const states = Object.fromEntries(roles.map(({ state, role }, at) => [servers[at], { ...up(role), state }]));
        const next = follow(before, seen, states);
        assert.ok((next.epoch ?? 0) >= (before.epoch ?? 0));
        assert.ok(next.topology.primary !== undefined && next.topology.servers.includes(next.topology.primary));
        if (next.leader !== before.leader) {
          const named = seen.filter(
            (each) => each.failure === undefined && each.opinion?.primary === next.leader,
          ).length;
          const elected = Math.max(
            ...seen.flatMap(({ selected, id }) => {
              if (selected?.server !== next.leader) return [0];
              return seen.filter(
                ({ votes = [] }) => votes.some((each) => each.leader === id && each.epoch === selected?.epoch),
              ).length;
            }),
          );
          assert.ok(named >= 2 || elected >= 2, 'a minority has switched');
          assert.deepEqual(states[next.leader ?? '']?.role, 'primary');
          assert.deepEqual(states[next.leader ?? '']?.state, 'up');
        }
        before = next;
      }
    }),
    { numRuns: 2_000 },
  );
});
