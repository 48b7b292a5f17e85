// What the control plane does by itself when a primary is dead, and when it does nothing.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { SeenServer } from '../../src/effective/seen.ts';
import type { Topology } from '../../src/effective/topology.ts';
import { Failovers } from '../../src/failover/failovers.ts';
import type { Clusters } from '../../src/failover/failovers.ts';
import { beginFollowing } from '../../src/failover/following.ts';
import { OwnFailover } from '../../src/failover/own-failover.ts';
import { PromotionBook } from '../../src/failover/promotion-book.ts';
import type { ReplicatedCluster } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { StoreError } from '../../src/store/log-store.ts';
import { SimulatedGroup, names } from './simulated-group.ts';

const [first, second, third] = names;
const startMs = Date.UTC(2026, 0, 31);

interface Setting {
  readonly group: SimulatedGroup;
  readonly book: PromotionBook;
  readonly failovers: Failovers;
  readonly own: OwnFailover;
  /** Kept texts, by cluster. */
  readonly texts: Map<string, string>;
  /** So many seconds, in each of which it looks twice. */
  readonly pass: (seconds: number) => Promise<void>;
  readonly topology: () => Topology;
  /** What is seen of a server besides. */
  readonly seen: Map<string, Partial<SeenServer>>;
  readonly codes: () => string[];
  /** Undefined: it is removed. */
  readonly declare: (failover: object | undefined) => void;
  readonly follow: (server: string) => void;
  /** What can't be kept. */
  readonly disk: { refuses: (text: string) => boolean };
}

function open(failover: object, kept = new Map<string, string>(), group = newGroup()): Setting {
  const endpoints = names.map((name) => ({ address: name.split(':')[0], port: 6379 }));
  const clusterOf = (terms: object): ReplicatedCluster => {
    const cluster = { name: 'c', kind: 'replicated', primary: first, endpoints, failover: terms };
    return parseCluster(cluster) as ReplicatedCluster;
  };
  let cluster: ReplicatedCluster | undefined = clusterOf(failover);
  let elapsedMs = 0;
  const clock = { wallMs: () => startMs + elapsedMs, steadyMs: () => elapsedMs, wait: async (ms: number) => void (elapsedMs += ms) };
  const seen = new Map<string, Partial<SeenServer>>();
  const downSince = new Map<string, number>();
  let followed: string | undefined = first;
  const texts = kept;
  const disk = { refuses: (_text: string) => false };
  const book: PromotionBook = new PromotionBook({
    keep: async (name, text, apply) => {
      if (disk.refuses(text ?? '')) throw new StoreError('the disk is full');
      if (text === undefined) texts.delete(name);
      else texts.set(name, text);
      followed = topology().primary ?? followed;
      apply();
    },
    serversOf: () => cluster && names,
    wallMs: clock.wallMs,
  }, kept);
  const topology = (): Topology => {
    const strays = book.strays.get('c') ?? new Set();
    return book.dictated.get('c') ?? { primary: followed, servers: names.filter((name) => !strays.has(name)) };
  };
  group.published = () => topology().primary;
  const clusters: Clusters = {
    find: () => cluster,
    followings: () => new Map(cluster && [['c', {
      ...beginFollowing(cluster, 0),
      topology: topology(),
      leader: topology().primary ?? followed,
      runId: 'r1',
    }]]),
    seen: () => new Map([['c', new Map(names.map((name): [string, SeenServer] => {
      const { role, follows, isThere, writes, history } = group.at(name);
      if (!isThere) downSince.set(name, downSince.get(name) ?? clock.wallMs());
      else downSince.delete(name);
      const primary = follows === undefined ? undefined : group.at(follows);
      const link = role === 'replica' ? (primary?.isThere === true ? 'up' : 'down') : undefined;
      const state = isThere ? 'up' : 'down';
      const answeredAtMs = downSince.get(name) ?? clock.wallMs();
      const told = { role, follows, link, history: { id: history, offset: 1_000 + 100 * writes.length, former: undefined } } as const;
      return [name, { state, sinceMs: 0, reason: isThere ? undefined : 'refused', answeredAtMs, ...told, ...seen.get(name) }];
    }))]]),
    leftOut: () => new Set(),
  };
  const parts = { clusters, actsFor: () => group.acts(), clock };
  const fence = {
    acked: async () => {
      group.take();
      return { acked: 2, total: 2, missing: [] };
    },
  };
  const failovers = new Failovers({ ...parts, book, fence });
  const own = new OwnFailover({ ...parts, failovers });
  const pass = async (seconds: number): Promise<void> => {
    for (let count = 0; count < 2 * seconds; count += 1) {
      elapsedMs += 500;
      own.tick();
      // What it has begun goes on: all of it is in memory.
      for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    }
  };
  const declare = (terms: object | undefined): void => void (cluster = terms && clusterOf(terms));
  const follow = (server: string): void => void (followed = server);
  const codes = (): string[] => own.troubles.map(({ code }) => code);
  return { group, book, failovers, own, texts, pass, topology, seen, disk, declare, follow, codes };
}

function newGroup(): SimulatedGroup {
  const group = new SimulatedGroup([][Symbol.iterator](), [][Symbol.iterator]());
  for (let count = 0; count < 3; count += 1) group.write();
  group.replicate();
  return group;
}

const own = { by: 'controlplane', down_after: '10s' };

const meanwhile: readonly (readonly [what: string, change: (setting: Setting) => void, why: string])[] = [
  ['failover is by nobody', ({ declare }) => declare({ by: 'none' }), 'failover is not by the control plane any more'],
  ['another one is followed', ({ follow }) => follow(third), `${third} is taken for the primary meanwhile`],
];

describe('a primary that is dead', () => {
  test('is replaced after its time, and makes a cool-down', async () => {
    const { group, pass, topology, book } = open(own);
    await pass(5);
    group.at(first).isThere = false;
    await pass(9);
    assert.equal(topology().primary, first);
    await pass(3);
    assert.deepEqual(topology(), { primary: second, servers: [second, third] });
    const record = book.lastOf('c');
    assert.deepEqual([record?.kind, record?.by, record?.step], ['failover', 'controlplane', 'done']);
    assert.match(record?.steps[0]?.detail ?? '', /does not answer for 10 s, and 10\.0\.0\.2:6379, 10\.0\.0\.3:6379 have no link/u);
    assert.ok((book.cooldownUntilMs('c', 3_600_000) ?? 0) > startMs);
  });

  test('in the cool-down is held, until it is acknowledged', async () => {
    const { group, pass, topology, codes, book } = open(own);
    group.at(first).isThere = false;
    await pass(15);
    group.at(second).isThere = false;
    await pass(20);
    assert.deepEqual(topology().primary, second);
    assert.deepEqual(codes(), ['failover-held', 'promotion-pending']);
    assert.equal(await book.acknowledge('c', 'ann'), true);
    assert.equal(await book.acknowledge('c', 'ann'), false);
    await pass(10);
    assert.equal(topology().primary, third);
    assert.deepEqual(topology().servers, [third]);
  });

  test('when the cool-down is over is replaced again', async () => {
    const { group, pass, topology } = open({ ...own, cooldown: '1m' });
    group.at(first).isThere = false;
    await pass(15);
    group.at(second).isThere = false;
    await pass(30);
    assert.equal(topology().primary, second);
    await pass(60);
    assert.equal(topology().primary, third);
  });

  test('is held while it is paused', async () => {
    const { group, pass, topology, codes, book } = open(own);
    assert.equal(await book.pause('c', 'ann'), true);
    assert.equal(await book.pause('c', 'bob'), false);
    group.at(first).isThere = false;
    await pass(20);
    assert.deepEqual([topology().primary, codes()], [first, ['failover-held']]);
    assert.equal(await book.resume('c'), true);
    await pass(10);
    assert.equal(topology().primary, second);
  });

  test('is held when it is paused while it is planned', async () => {
    const { group, pass, topology, book, codes } = open(own);
    const acts = group.acts();
    const { findSentinels } = acts;
    acts.findSentinels = async (server) => {
      await book.pause('c', 'ann');
      return findSentinels(server);
    };
    group.acts = () => acts;
    group.at(first).isThere = false;
    await pass(20);
    assert.deepEqual([topology().primary, codes(), book.lastOf('c')], [first, ['failover-held'], undefined]);
  });

  for (const [what, change, why] of meanwhile) {
    test(`is held when ${what} while it is planned`, async () => {
      const setting = open(own);
      const acts = setting.group.acts();
      const { findSentinels } = acts;
      acts.findSentinels = async (server) => {
        change(setting);
        return findSentinels(server);
      };
      setting.group.acts = () => acts;
      const told = { cluster: 'c', kind: 'failover', by: 'controlplane' } as const;
      setting.group.at(first).isThere = false;
      await assert.rejects(setting.failovers.promote(told), { code: 'held', message: `cluster "c": ${why}` });
      assert.equal(setting.book.lastOf('c'), undefined);
    });
  }

  test('is given up when it is paused while it is fenced, and goes on as before', async () => {
    const { group, pass, topology, book, codes } = open(own);
    group.at(first).isThere = false;
    group.onTake = () => void book.pause('c', 'ann');
    await pass(20);
    const record = book.lastOf('c');
    assert.deepEqual([record?.step, record?.steps.at(-1)?.detail], ['aborted', 'ann has paused it (failover resume)']);
    assert.deepEqual([topology().primary, codes()], [first, ['failover-held']]);
    assert.equal(book.cooldownUntilMs('c', 3_600_000), undefined);
  });

  test('is given up when it was paused before it is taken up again', async () => {
    const before = open(own);
    before.group.at(first).isThere = false;
    before.disk.refuses = (text) => text.includes('"step":"fenced"');
    await before.pass(11);
    await before.book.pause('c', 'ann');
    const after = open(own, before.texts, before.group);
    assert.equal(after.book.lastOf('c')?.step, 'fencing');
    await after.pass(1);
    assert.deepEqual([after.book.lastOf('c')?.step, after.topology().primary], ['aborted', first]);
  });

  test('while a replica is linked is unreachable, and stays', async () => {
    const { group, pass, topology, codes, seen, own: watch } = open(own);
    group.at(first).isThere = false;
    seen.set(third, { link: 'up', silentMs: 1_000 });
    await pass(120);
    assert.deepEqual([topology().primary, codes()], [first, ['primary-unreachable']]);
    assert.match(watch.troubles[0]?.message ?? '', /cluster "c": primary 10\.0\.0\.1:6379 .* still linked to by 10\.0\.0\.3:6379/u);
  });

  test('whose replicas are too far behind is held, and says by how much', async () => {
    const { group, pass, topology, own: watch } = open({ ...own, max_lag: 50 });
    for (const name of [second, third]) group.at(name).writes = [0];
    group.at(first).isThere = false;
    await pass(20);
    assert.equal(topology().primary, first);
    assert.match(watch.troubles[0]?.message ?? '', /nothing is promoted: .*it is 200 bytes behind, and may be 50/u);
  });

  test('of a cluster whose failover is by nobody stays', async () => {
    const { group, pass, topology, codes } = open({ by: 'none' });
    group.at(first).isThere = false;
    await pass(60);
    assert.deepEqual([topology().primary, codes()], [first, []]);
  });

  test('when it returns is made to follow, and is left out until then, over a restart too', async () => {
    const before = open(own);
    before.group.at(first).isThere = false;
    await before.pass(15);
    assert.deepEqual(before.codes(), ['promotion-pending']);
    // As it was: it takes itself for the primary.
    before.group.at(first).isThere = true;
    before.group.at(first).isStubborn = true;
    await before.pass(10);
    assert.deepEqual(before.topology(), { primary: second, servers: [second, third] });
    const after = open(own, before.texts, before.group);
    assert.deepEqual(after.topology().servers, [second, third]);
    after.group.at(first).isStubborn = false;
    await before.pass(10);
    assert.deepEqual(before.topology(), { primary: second, servers: names });
    assert.deepEqual([before.group.at(first).role, before.group.at(first).follows], ['replica', second]);
    assert.deepEqual(before.codes(), []);
  });
});

test('whoever was left behind, and is declared the primary since, is left behind no more', async () => {
  const { group, book, pass, follow } = open({ by: 'controlplane' });
  group.at(first).isThere = false;
  await pass(30);
  assert.deepEqual([...(book.strays.get('c') ?? [])], [first]);
  group.at(first).isThere = true;
  follow(first);
  await pass(10);
  assert.equal(book.strays.get('c'), undefined);
});

describe('a promotion that can not be kept', () => {
  for (const step of ['fenced', 'promoting', 'verified', 'routed', 'repointing', 'done']) {
    test(`as ${step} is told of, holds off others, and is tried again until it is over`, async () => {
      const { group, pass, topology, book, own: watch, failovers, disk } = open(own);
      await pass(5);
      group.at(first).isThere = false;
      disk.refuses = (text) => text.includes(`"step":"${step}"`);
      await pass(15);
      const stopped = book.lastOf('c')?.step;
      assert.ok(stopped !== undefined && stopped !== step && stopped !== 'done');
      const messages = watch.troubles.filter(({ code }) => code === 'promotion-pending').map(({ message }) => message);
      assert.equal(messages[0], `cluster "c": a failover stopped at ${stopped}, and is tried again: the disk is full`);
      await assert.rejects(failovers.promote({ cluster: 'c', kind: 'promote', by: 'ann' }), { code: 'under-way' });
      disk.refuses = () => false;
      await pass(40);
      assert.deepEqual([book.of('c').records.length, book.lastOf('c')?.step], [1, 'done']);
      assert.equal(topology().primary, second);
      assert.deepEqual(watch.troubles.filter(({ message }) => message.includes('stopped')), []);
    });
  }

  test('and is planned is undone when it is tried again', async () => {
    const { pass, topology, book, failovers, disk, codes } = open(own);
    disk.refuses = (text) => text.includes('"step":"promoting"');
    await assert.rejects(failovers.promote({ cluster: 'c', kind: 'switchover', by: 'ann' }), StoreError);
    await pass(1);
    assert.deepEqual(codes(), ['promotion-pending']);
    disk.refuses = () => false;
    await pass(40);
    assert.deepEqual([book.lastOf('c')?.step, topology().primary, codes()], ['aborted', first, []]);
  });
});

describe('what is told', () => {
  test('is refused while another one is under way', async () => {
    const { failovers } = open(own);
    const told = { cluster: 'c', kind: 'switchover', by: 'ann' } as const;
    const ends = await Promise.allSettled([failovers.promote(told), failovers.promote(told)]);
    assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const [rejected] = ends.filter((end) => end.status === 'rejected');
    assert.equal(rejected?.reason.code, 'under-way');
  });

  const refusals: readonly (readonly [what: string, told: object, code: string, forced: string | undefined])[] = [
    ['a switchover to the primary', { kind: 'switchover', to: first }, 'is-primary', 'is-primary'],
    ['a switchover to a stranger', { kind: 'switchover', to: '10.0.0.9:6379' }, 'not-a-server', 'not-a-server'],
    ['a promotion while the primary lives', { kind: 'promote', to: second }, 'primary-lives', undefined],
  ];
  for (const [what, told, code, forced] of refusals) {
    test(`is refused: ${what}`, async () => {
      const { failovers } = open(own);
      const request = { cluster: 'c', by: 'ann', ...(told as { kind: 'promote'; to: string }) };
      assert.equal((await failovers.plan(request)).refusal?.code, code);
      assert.equal((await failovers.plan({ ...request, force: true })).refusal?.code, forced);
    });
  }

  test('is refused: a switchover without a primary that answers; to promote is not', async () => {
    const { failovers, group } = open(own);
    group.at(first).isThere = false;
    const told = { cluster: 'c', by: 'ann' } as const;
    assert.equal((await failovers.plan({ ...told, kind: 'switchover' })).refusal?.code, 'no-primary');
    const plan = await failovers.plan({ ...told, kind: 'promote', to: second });
    assert.deepEqual([plan.refusal, plan.to, plan.offset, plan.gapBytes], [undefined, second, 1_300, 0]);
  });

  test('is refused: a promotion while another replica is linked to the primary, unless it is forced', async () => {
    const { failovers, group } = open(own);
    const acts = group.acts();
    const { look } = acts;
    acts.look = async (name) => {
      const looked = await look(name);
      return name === third && !('problem' in looked) ? { ...looked, link: 'up', silentMs: 1_000 } : looked;
    };
    group.acts = () => acts;
    group.at(first).isThere = false;
    const told = { cluster: 'c', by: 'ann', kind: 'promote', to: second } as const;
    assert.equal((await failovers.plan(told)).refusal?.code, 'primary-linked');
    assert.equal((await failovers.plan({ ...told, force: true })).refusal, undefined);
  });

  test('is refused where Sentinels watch, also when it is forced', async () => {
    const { failovers, group } = open(own);
    const acts = group.acts();
    acts.findSentinels = async () => 'it has a connection named sentinel-0a1b2c3d-cmd';
    group.acts = () => acts;
    const plan = await failovers.plan({ cluster: 'c', by: 'ann', kind: 'switchover', force: true });
    assert.equal(plan.refusal?.code, 'sentinel-watches');
    await assert.rejects(failovers.promote({ cluster: 'c', by: 'ann', kind: 'switchover' }), /cluster "c": Sentinels watch it/u);
  });
});

describe('a cluster that is gone', () => {
  test('leaves no warning and no pause, and is another one when it is made anew', async () => {
    const { group, pass, book, declare, texts, codes, topology } = open(own);
    group.at(first).isThere = false;
    await pass(15);
    await book.pause('c', 'ann');
    assert.deepEqual(codes(), ['promotion-pending']);
    declare(undefined);
    await pass(1);
    assert.deepEqual([codes(), [...texts], book.all().size], [[], [], 0]);
    declare(own);
    assert.equal(book.of('c').paused, undefined);
    assert.deepEqual(topology().servers, names);
  });

  test('leaves no warning while it can not be forgotten', async () => {
    const { group, pass, book, declare, codes, disk } = open(own);
    group.at(first).isThere = false;
    await pass(15);
    disk.refuses = () => true;
    declare(undefined);
    await pass(5);
    assert.deepEqual([codes(), book.all().size], [[], 1]);
    disk.refuses = () => false;
    await pass(10);
    assert.equal(book.all().size, 0);
  });

  test('before its promotion is over gives it up', async () => {
    const { group, pass, book, declare, codes, disk, texts } = open(own);
    group.at(first).isThere = false;
    disk.refuses = (text) => text.includes('"step":"fenced"');
    await pass(15);
    assert.deepEqual([book.lastOf('c')?.step, codes()], ['fencing', ['promotion-pending']]);
    declare(undefined);
    disk.refuses = () => false;
    await pass(20);
    assert.deepEqual([codes(), [...texts]], [[], []]);
  });

  test('that is there after all is not forgotten', async () => {
    const { book } = open(own);
    await book.pause('c', 'ann');
    assert.equal(await book.forget('c'), false);
    assert.equal(book.of('c').paused?.by, 'ann');
  });
});

describe('what is kept', () => {
  test('that can not be read is said', () => {
    const broken = new Map([['c', '{"records":[{"cluster":"c"}]}']]);
    assert.throws(() => open(own, broken), /cluster "c": what is kept of its promotions can't be read: a record has no/u);
  });

  test('is of each cluster the last ten', async () => {
    const { failovers, book } = open({ by: 'none' });
    for (let count = 0; count < 12; count += 1) await failovers.promote({ cluster: 'c', kind: 'switchover', by: 'ann' });
    assert.equal(book.of('c').records.length, 10);
    assert.deepEqual([...new Set(book.of('c').records.map(({ step }) => step))], ['done']);
  });
});
