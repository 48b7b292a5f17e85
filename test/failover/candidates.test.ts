// Who may be promoted, in what order, and why others may not.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { History } from '../../src/effective/seen.ts';
import { rankCandidates } from '../../src/failover/candidates.ts';
import type { CandidateRules } from '../../src/failover/candidates.ts';
import { areOfOneHistory } from '../../src/failover/histories.ts';
import { readStanding } from '../../src/failover/standing.ts';
import type { Standing } from '../../src/failover/standing.ts';

const at = (id: string, offset: number): History => ({ id, offset, former: undefined });

const rules: CandidateRules = {
  reference: at('old', 1_000),
  longestLinkDownMs: 110_000,
  leftOut: new Set(['10.0.0.9:6379']),
};

function standing(address: string, more: Partial<Standing> = {}): Standing {
  return {
    address: `${address}:6379`,
    role: 'replica',
    product: 'redis',
    follows: '10.0.0.1:6379',
    history: at('old', 900),
    link: 'down',
    silentMs: undefined,
    linkDownMs: 12_000,
    isLoading: false,
    isSyncing: false,
    priority: 100,
    keys: 10,
    ...more,
  };
}

const names = ({ candidates }: ReturnType<typeof rankCandidates>): string[] => candidates.map(({ address }) => address);

describe('candidates', () => {
  test('come by priority, then by offset, then by name', () => {
    const servers = [
      standing('10.0.0.5', { priority: 200, history: at('old', 999) }),
      standing('10.0.0.4'),
      standing('10.0.0.3', { history: at('old', 950) }),
      standing('10.0.0.2'),
      standing('10.0.0.6', { priority: 10, history: at('old', 100) }),
    ];
    const ranking = rankCandidates(servers, rules);
    assert.deepEqual(names(ranking), ['10.0.0.6:6379', '10.0.0.3:6379', '10.0.0.2:6379', '10.0.0.4:6379', '10.0.0.5:6379']);
    assert.deepEqual(ranking.candidates.map(({ gapBytes }) => gapBytes), [900, 50, 100, 100, 1]);
  });

  const exclusions: readonly (readonly [string, Partial<Standing>, reason: RegExp, isForcible: boolean, more?: Partial<CandidateRules>])[] = [
    ['a primary', { role: 'primary' }, /it says that it is the primary/u, false],
    ['a Sentinel', { role: 'sentinel' }, /a Sentinel/u, false],
    ['one that is loading', { isLoading: true }, /loading its data/u, false],
    ['one in a full synchronisation', { isSyncing: true }, /full synchronisation/u, false],
    ['priority 0', { priority: 0 }, /replica-priority is 0/u, true],
    ['one that was never linked', { linkDownMs: Infinity }, /never linked/u, true],
    ['one whose link is down for too long', { linkDownMs: 111_000 }, /down for 111 s, and may be for 110 s/u, true],
    ['one whose link is down, where it must be up', {}, /its link to the primary is down/u, true, { longestLinkDownMs: 0 }],
    ['one that tells of no link', { link: undefined }, /does not tell of its link/u, true],
    ['one without an offset', { history: undefined }, /does not tell how far/u, true],
    ['another history', { history: at('new', 5_000) }, /its history is not the primary's/u, true],
    ['offset 0 where others have data', { history: at('old', 0) }, /it has nothing/u, true],
    ['offset 1 where the primary had data', { history: at('old', 1) }, /it has nothing/u, true],
    ['a gap above the most', {}, /100 bytes behind, and may be 99/u, true, { maxLagBytes: 99 }],
    ['a gap that is not known', {}, /not known, and it may be 99/u, true, { maxLagBytes: 99, reference: undefined }],
  ];
  for (const [what, more, reason, isForcible, ofRules = {}] of exclusions) {
    test(`are never ${what}`, () => {
      const { candidates, excluded } = rankCandidates([standing('10.0.0.2', more)], { ...rules, ...ofRules });
      assert.deepEqual(candidates, []);
      assert.match(excluded[0]?.reason ?? '', reason);
      assert.equal(excluded[0]?.isForcible, isForcible);
    });
  }

  test('are never those that an order leaves out', () => {
    const { candidates, excluded } = rankCandidates([standing('10.0.0.9')], rules);
    assert.deepEqual([candidates, excluded[0]?.isForcible], [[], false]);
  });

  test('are of the history that the primary branched off from, up to that place', () => {
    const reference = { id: 'new', offset: 1_000, former: { id: 'old', end: 950 } };
    const upTo = (offset: number): Standing => standing('10.0.0.2', { history: at('old', offset) });
    assert.deepEqual(names(rankCandidates([upTo(950)], { ...rules, reference })), ['10.0.0.2:6379']);
    assert.deepEqual(names(rankCandidates([upTo(951)], { ...rules, reference })), []);
  });

  test('of different histories are none when the history of the primary is not known', () => {
    const servers = [standing('10.0.0.2'), standing('10.0.0.3', { history: at('new', 5_000) })];
    const { candidates, excluded } = rankCandidates(servers, { ...rules, reference: undefined });
    assert.deepEqual(candidates, []);
    assert.match(excluded[0]?.reason ?? '', /it and 10\.0\.0\.3:6379 have different histories/u);
  });

  test('have what they were sent at once, whatever their offset', () => {
    const [synced, empty] = [standing('10.0.0.2', { history: at('old', 0) }), standing('10.0.0.3', { history: at('old', 0), keys: 0 })];
    const atStart = { ...rules, reference: at('old', 0), referenceKeys: 10 };
    assert.deepEqual(names(rankCandidates([synced, empty], atStart)), ['10.0.0.2:6379']);
  });

  test('an empty group has its replicas', () => {
    const empty = standing('10.0.0.2', { history: at('old', 0), keys: 0 });
    assert.deepEqual(names(rankCandidates([empty], { ...rules, reference: at('old', 0) })), ['10.0.0.2:6379']);
  });
});

const anyHistory = fc.record({
  id: fc.constantFrom('old', 'new'),
  offset: fc.option(fc.nat(2_000), { nil: undefined }),
  former: fc.option(fc.record({ id: fc.constantFrom('old', 'older'), end: fc.nat(2_000) }), { nil: undefined }),
});

const anyStanding = (index: number): fc.Arbitrary<Standing> => fc.record({
  address: fc.constant(`10.0.0.${index + 2}:6379`),
  role: fc.constantFrom('replica' as const, 'replica' as const, 'primary' as const, 'unknown' as const),
  product: fc.constant('redis'),
  follows: fc.constant('10.0.0.1:6379'),
  history: fc.option(anyHistory, { nil: undefined }),
  link: fc.constantFrom('up' as const, 'down' as const, undefined),
  silentMs: fc.constant(undefined),
  linkDownMs: fc.constantFrom(undefined, 1_000, 500_000, Infinity),
  isLoading: fc.boolean(),
  isSyncing: fc.boolean(),
  priority: fc.constantFrom(0, 10, 100, undefined),
  keys: fc.nat(3),
});

const anyGroup = fc.nat(5).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyStanding(index))));

describe('of any group of servers', () => {
  test('each is a candidate or excluded, and none is both', () => {
    fc.assert(fc.property(anyGroup, (servers) => {
      const { candidates, excluded } = rankCandidates(servers, rules);
      const found = [...candidates, ...excluded].map(({ address }) => address).sort();
      assert.deepEqual(found, servers.map(({ address }) => address).sort());
    }));
  });

  test('none that is promoted has less than another candidate of the same priority', () => {
    fc.assert(fc.property(anyGroup, (servers) => {
      const [first, ...others] = rankCandidates(servers, rules).candidates;
      for (const other of others) {
        assert.ok(first !== undefined && first.priority <= other.priority);
        if (first.priority === other.priority) assert.ok((first.offset ?? 0) >= (other.offset ?? 0));
      }
    }));
  });

  test('in no order of the servers another one comes first', () => {
    fc.assert(fc.property(anyGroup, fc.infiniteStream(fc.nat(100)), (servers, numbers) => {
      const keyed = servers.map((server) => [numbers.next().value as number, server] as const);
      const shuffled = keyed.toSorted(([a], [b]) => a - b).map(([, server]) => server);
      assert.deepEqual(rankCandidates(shuffled, rules), rankCandidates(servers, rules));
    }));
  });

  test('none that is promoted has another history than the primary, or nothing while others have data', () => {
    fc.assert(fc.property(anyGroup, (servers) => {
      for (const { address, offset } of rankCandidates(servers, rules).candidates) {
        const { history } = servers.find((each) => each.address === address) ?? {};
        assert.ok(history && rules.reference && areOfOneHistory(rules.reference, history));
        assert.ok((offset ?? 0) > 1);
      }
    }));
  });
});

describe('what a server says', () => {
  test('of a replica whose link is down', () => {
    const info = [
      '# Server', 'redis_version:7.0.15', '# Replication', 'role:slave', 'master_host:10.0.0.1', 'master_port:6379',
      'master_link_status:down', 'master_last_io_seconds_ago:-1', 'master_sync_in_progress:0',
      'slave_read_repl_offset:77', 'slave_repl_offset:77', 'master_link_down_since_seconds:4', 'slave_priority:100',
      'master_replid:abc', 'master_replid2:0000', 'master_repl_offset:77', 'second_repl_offset:-1',
      '# Keyspace', 'db0:keys=3,expires=0,avg_ttl=0', 'db7:keys=2,expires=1,avg_ttl=9',
    ];
    // ROLE has no offset while the link is down.
    assert.deepEqual(readStanding('10.0.0.2:6379', info.join('\r\n'), ['slave', '10.0.0.1', 6379, 'connect', -1]), {
      address: '10.0.0.2:6379',
      role: 'replica',
      product: 'redis',
      follows: '10.0.0.1:6379',
      history: { id: 'abc', offset: 77, former: undefined },
      link: 'down',
      silentMs: undefined,
      linkDownMs: 4_000,
      isLoading: false,
      isSyncing: false,
      priority: 100,
      keys: 5,
    });
  });

  test('of one that never was linked', () => {
    const info = 'redis_version:7.0.15\r\nrole:slave\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:-1\r\n';
    assert.equal(readStanding('10.0.0.2:6379', info, undefined).linkDownMs, Infinity);
  });
});
