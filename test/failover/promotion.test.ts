// Promotions on real Redis servers: each kind, ended as by kill -9 at each of its steps, and taken up again.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { resumePromotion, runPromotion } from '../../src/failover/promotion.ts';
import { isOver } from '../../src/failover/record.ts';
import type { PromotionKind, PromotionRecord } from '../../src/failover/record.ts';
import { startRedis, valkeyServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Killed, ask, infoOf, nameOf, roleOf, stage, startGroup } from './redis-group.ts';
import type { Killing, Stage } from './redis-group.ts';

function begin(kind: PromotionKind, [from, to]: readonly RedisServer[]): PromotionRecord {
  assert.ok(from !== undefined && to !== undefined);
  const step = kind === 'failover' ? 'detecting' : 'candidate';
  return {
    cluster: 'sessions',
    kind,
    way: 'pause',
    by: 'test',
    from: nameOf(from),
    to: nameOf(to),
    step,
    startedAtMs: 1,
    steps: [{ step, atMs: 1, detail: 'as told' }],
    pending: [],
  };
}

const stepsOf = (record: PromotionRecord | undefined): string[] => record?.steps.map(({ step }) => step) ?? [];

/** One of those that are there says that it is the primary, and it is the one that is routed to. */
async function assertOnePrimary(servers: readonly RedisServer[], { published }: Stage): Promise<void> {
  const roles = await Promise.all(servers.map(async (server) => [nameOf(server), await roleOf(server)] as const));
  assert.deepEqual(roles.filter(([, role]) => role === 'master').map(([name]) => name), [published().primary]);
}

async function kill({ direct, child }: RedisServer): Promise<void> {
  direct.close();
  await child.end('SIGKILL');
}

const programs = [['Redis', undefined], ['Valkey', valkeyServer]] as const;

describe('a switchover', () => {
  for (const [product, program] of programs) {
    test(`of ${product} makes the replica the primary, the old one its replica, and tells the others`, async (t) => {
      const servers = await startGroup(t, 2, program);
      const [old, next, other] = servers as [RedisServer, RedisServer, RedisServer];
      const made = stage(servers);
      t.after(made.close);
      const record = await runPromotion(begin('switchover', servers), made.ground);
      assert.deepEqual(stepsOf(record), [
        'candidate', 'fencing', 'fenced', 'promoting', 'verified', 'routed', 'repointing', 'done',
      ]);
      assert.deepEqual(record.pending, []);
      await assertOnePrimary(servers, made);
      assert.equal(made.published().primary, nameOf(next));
      for (const each of [old, other]) assert.equal(await infoOf(each, 'master_port'), `${next.port}`);
      assert.equal(await ask(next, 'SET', 'after', '2'), 'OK');
      await waitUntil('it follows', async () => (await ask(old, 'GET', 'after')) === '2');
    });
  }

  test('whose replica does not come as far is undone, and writes go on', async (t) => {
    const servers = await startGroup(t, 1);
    const [old, next] = servers as [RedisServer, RedisServer];
    await next.direct.ask('REPLICAOF', '127.0.0.1', '1');
    await old.direct.ask('SET', 'more', 'than it has');
    const made = stage(servers, undefined, undefined, { within: { equalMs: 100 } });
    t.after(made.close);
    const record = await runPromotion(begin('switchover', servers), made.ground);
    assert.equal(record.step, 'aborted');
    assert.match(record.steps.at(-1)?.detail ?? '', /has not come as far as .* in 100 ms; nothing has changed$/u);
    assert.equal(await ask(old, 'SET', 'goes', 'on'), 'OK');
    assert.equal(made.published().primary, nameOf(old));
    await waitUntil('it follows again', async () => (await next.direct.ask('GET', 'goes')) === '"on"');
  });

  test('where the replica can not be promoted is undone', async (t) => {
    const servers = await startGroup(t, 1);
    const [old, next] = servers as [RedisServer, RedisServer];
    const made = stage(servers, undefined, undefined, { within: { verifyMs: 50 } });
    t.after(made.close);
    const { acts } = made.ground;
    const refusing = Object.assign(Object.create(acts) as typeof acts, {
      look: (server: string) => acts.look(server),
      promote: () => Promise.reject(new Error('NOPERM')),
      pauseWrites: (server: string, ms: number) => acts.pauseWrites(server, ms),
      unpause: (server: string) => acts.unpause(server),
      follow: (server: string, primary: string) => acts.follow(server, primary),
    });
    const record = await runPromotion(begin('switchover', servers), { ...made.ground, acts: refusing });
    assert.equal(record.step, 'aborted');
    assert.match(record.steps.at(-1)?.detail ?? '', /was not promoted: NOPERM; nothing has changed/u);
    assert.equal(await ask(old, 'SET', 'goes', 'on'), 'OK');
    assert.equal(await roleOf(next), 'slave');
  });
});

describe('a failover', () => {
  for (const [product, program] of programs) {
    test(`of ${product} fences, promotes who has most, and leaves the old primary out`, async (t) => {
      const servers = await startGroup(t, 2, program);
      const [old, next, other] = servers as [RedisServer, RedisServer, RedisServer];
      const made = stage(servers);
      t.after(made.close);
      await kill(old);
      const record = await runPromotion(begin('failover', servers), made.ground);
      assert.deepEqual(stepsOf(record), [
        'detecting', 'candidate', 'fencing', 'fenced', 'promoting', 'verified', 'routed', 'repointing', 'done',
      ]);
      assert.deepEqual(record.pending, [nameOf(old)]);
      await assertOnePrimary([next, other], made);
      const { primary, servers: routed } = made.published();
      assert.deepEqual(routed.toSorted(), [nameOf(next), nameOf(other)].sort());
      assert.equal(primary, record.to);
    });
  }

  test('ends when the old primary answers again before anybody is promoted', async (t) => {
    const servers = await startGroup(t, 1);
    const made = stage(servers);
    t.after(made.close);
    const record = await runPromotion(begin('failover', servers), made.ground);
    assert.equal(record.step, 'aborted');
    assert.match(record.steps.at(-1)?.detail ?? '', /answers again, and is the primary as before/u);
    await assertOnePrimary(servers, made);
  });

  test('goes on when the old primary comes back without its keys, and makes it a replica', async (t) => {
    const servers = await startGroup(t, 1);
    const [old, next] = servers as [RedisServer, RedisServer];
    const reference = { id: (await infoOf(old, 'master_replid')) ?? '', offset: 100, former: undefined };
    await kill(old);
    const acked = async () => {
      await startRedis(t, old.port).catch(() => undefined);
      return { acked: 2, total: 2, missing: [] };
    };
    const made = stage(servers, undefined, undefined, { fence: { acked } });
    t.after(made.close);
    const record = await runPromotion({ ...begin('failover', servers), reference, referenceKeys: 1 }, made.ground);
    assert.equal(record.step, 'done', JSON.stringify(record.steps.at(-1)));
    assert.equal(await roleOf(next), 'master');
    assert.equal(await roleOf(old), 'slave');
    assert.equal(await ask(next, 'GET', 'first'), '1');
  });

  test('takes another one when the first can not be promoted, which is not routed to until it follows', async (t) => {
    const servers = await startGroup(t, 2);
    const [old, first, second] = servers as [RedisServer, RedisServer, RedisServer];
    const made = stage(servers, undefined, undefined, { within: { verifyMs: 50 } });
    t.after(made.close);
    await kill(old);
    const { acts } = made.ground;
    let refused: string | undefined;
    const promote = acts.promote.bind(acts);
    acts.promote = async (server) => {
      refused ??= server;
      if (server === refused) throw new Error('NOPERM');
      return promote(server);
    };
    const record = await runPromotion(begin('failover', servers), made.ground);
    assert.equal(record.step, 'done');
    assert.ok(refused !== undefined && record.to !== refused);
    assert.deepEqual(record.pending, [nameOf(old)]);
    await assertOnePrimary([first, second], made);
  });
});

describe('a promotion by an operator', () => {
  test('of a replica whose primary lives cuts its clients, and makes it follow', async (t) => {
    const servers = await startGroup(t, 1);
    const [old, next] = servers as [RedisServer, RedisServer];
    const made = stage(servers);
    t.after(made.close);
    const record = await runPromotion({ ...begin('promote', servers), force: true }, made.ground);
    assert.equal(record.step, 'done');
    assert.equal(old.direct.isClosed, true);
    assert.equal(made.published().primary, nameOf(next));
    assert.deepEqual(record.pending, []);
  });
});

const sequences: readonly (readonly [PromotionKind, count: number])[] = [
  ['switchover', 8],
  ['failover', 9],
  ['promote', 8],
];

describe('ended by kill -9 and started again', () => {
  for (const [kind, count] of sequences) {
    for (let at = 1; at <= count; at += 1) {
      for (const isKept of [true, false]) {
        test(`${kind}, at record ${at}, which is ${isKept ? 'kept' : 'not kept'}`, (t) => endAndResume(t, kind, { at, isKept }));
      }
    }
  }
});

async function endAndResume(t: TestContext, kind: PromotionKind, killing: Killing): Promise<void> {
  const servers = await startGroup(t, 2);
  const [old, ...replicas] = servers as [RedisServer, ...RedisServer[]];
  const isPlanned = kind === 'switchover';
  if (!isPlanned) await kill(old);
  const there = isPlanned ? servers : replicas;
  const first = stage(servers, undefined, killing);
  await assert.rejects(runPromotion(begin(kind, servers), first.ground), Killed);
  first.close();
  const kept = first.kept();
  // What is published never names two, and never one that does not say that it is the primary.
  const second = stage(servers, kept);
  t.after(second.close);
  if (kept === undefined) {
    if (isPlanned) await assertOnePrimary(servers, second);
    return;
  }
  const record = isOver(kept) ? kept : await resumePromotion(kept, second.ground);
  assert.ok(isOver(record));
  const isUntouched = record.step === 'aborted';
  if (!isPlanned && isUntouched) {
    // Nothing was done yet: the next detection begins anew.
    assert.ok(['detecting', 'candidate'].includes(kept.step), kept.step);
    return;
  }
  await assertOnePrimary(there, second);
  const primary = there.find((each) => nameOf(each) === second.published().primary);
  assert.ok(primary !== undefined);
  assert.equal(await ask(primary, 'SET', 'is it', 'writable'), 'OK');
  if (!isPlanned) assert.deepEqual(record.pending, [nameOf(old)]);
}
