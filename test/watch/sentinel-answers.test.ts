// What Sentinels answer and tell, as a real one of Redis 7.0 was recorded through a failover.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { isTilted, readMessage, readOpinion } from '../../src/watch/sentinel-answers.ts';
import type { SentinelAnswers, SentinelMessage } from '../../src/watch/sentinel-answers.ts';
import { Ballot } from '../../src/watch/sentinel-ballot.ts';
import { checkoutPath } from '../support/checkout.ts';

type Moment = SentinelAnswers & { readonly info: string };

interface Recorded extends Readonly<Record<'quiet' | 'down' | 'reconfiguring' | 'after', Moment>> {
  /** Of the Sentinel that was asked when all was quiet, and that led the failover. */
  readonly id: string;
  readonly messages: readonly (readonly [sentinelPort: number, event: string, payload: string])[];
}

const recorded = JSON.parse(readFileSync(checkoutPath('test/fixtures/sentinel/redis-7.0.15.json'), 'utf8')) as Recorded;

const [primary, promoted, replica] = ['127.0.0.1:31319', '127.0.0.1:29015', '127.0.0.1:26108'];
const [leaderPort, leader, others] = [28647, '127.0.0.1:28647', ['127.0.0.1:17195', '127.0.0.1:20232']];

const same = (said: string): string => said;

describe('the opinion of a Sentinel', () => {
  test('while all is quiet', () => {
    assert.deepEqual(readOpinion(recorded.quiet, same), {
      primary,
      epoch: 0,
      flags: ['master'],
      quorum: 2,
      replicas: [{ address: replica, flags: ['slave'] }, { address: promoted, flags: ['slave'] }],
      sentinels: others,
    });
  });

  test('of the leader, which names the new primary while it still describes the old one, in the new epoch', () => {
    const opinion = readOpinion(recorded.reconfiguring, same);
    assert.deepEqual([opinion?.primary, opinion?.epoch], [promoted, 1]);
    assert.deepEqual(opinion?.replicas.map(({ address }) => address), [replica, primary]);
    assert.ok(opinion?.flags.includes('failover_in_progress'));
  });

  test('afterwards, with the old primary as a replica', () => {
    const opinion = readOpinion(recorded.after, same);
    assert.deepEqual([opinion?.primary, opinion?.epoch], [promoted, 1]);
    assert.deepEqual(opinion?.replicas[1], { address: primary, flags: ['slave', 'disconnected'] });
    assert.deepEqual(opinion?.sentinels, ['127.0.0.1:17195', leader]);
  });

  test('with every address as it is connected to', () => {
    const opinion = readOpinion(recorded.quiet, (said) => said.replace('127.0.0.1', '10.0.0.1'));
    const all = [opinion?.primary, ...(opinion?.replicas ?? []).map(({ address }) => address), ...(opinion?.sentinels ?? [])];
    assert.ok(all.every((address) => address?.startsWith('10.0.0.1:')), all.join());
  });

  test('with names as they are said, in one spelling, and IPv6', () => {
    const { master } = recorded.quiet;
    assert.equal(readOpinion({ named: ['Redis-0.redis.svc', '6379'], master }, same)?.primary, 'redis-0.redis.svc:6379');
    assert.equal(readOpinion({ named: ['FD00:0::1', '6379'], master }, same)?.primary, '[fd00::1]:6379');
  });

  const none: readonly (readonly [what: string, answers: SentinelAnswers])[] = [
    ['who names nobody', { ...recorded.quiet, named: ['', '6379'] }],
    ['who names no port', { ...recorded.quiet, named: ['10.0.0.1', '0'] }],
    ['who does not answer as a Sentinel', { ...recorded.quiet, named: 'OK' }],
    ['who tells no epoch', { ...recorded.quiet, master: ['name', 'mymaster'] }],
    ['who answers no fields', { ...recorded.quiet, master: null }],
  ];
  for (const [what, answers] of none) test(`is none of one ${what}`, () => assert.equal(readOpinion(answers, same), undefined));

  test('is there without what it does not let us ask', () => {
    const { named, master } = recorded.quiet;
    assert.deepEqual(readOpinion({ named, master }, same)?.sentinels, []);
  });
});

test('TILT is known from INFO', () => {
  assert.equal(isTilted(recorded.quiet.info), false);
  assert.equal(isTilted('# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:1\r\nsentinel_tilt_since_seconds:3\r\n'), true);
  assert.equal(isTilted(undefined), false);
});

describe('an event', () => {
  const cases: readonly (readonly [event: string, payload: string, master: string | undefined])[] = [
    ['+sdown', 'master mymaster 127.0.0.1 31319', 'mymaster'],
    ['+odown', 'master mymaster 127.0.0.1 31319 #quorum 2/2', 'mymaster'],
    ['+slave', 'slave 127.0.0.1:26108 127.0.0.1 26108 @ mymaster 127.0.0.1 29015', 'mymaster'],
    ['+switch-master', 'mymaster 127.0.0.1 31319 127.0.0.1 29015', 'mymaster'],
    ['+new-epoch', '1', undefined],
    ['+vote-for-leader', '4d44a08ad8ed92fee9b6a9572f86ff8e3975c686 1', undefined],
    ['+tilt', '#tilt mode entered', undefined],
    ['+something', 'slave a 10.0.0.1 6379 @', undefined],
    ['+something', '', undefined],
  ];
  for (const [event, payload, master] of cases) {
    test(`${event} ${payload} is about ${master ?? 'no group'}`, () => assert.equal(readMessage(event, payload).master, master));
  }
});

describe('what is known of an election from events', () => {
  function hear(messages: readonly SentinelMessage[], ownId = recorded.id): Ballot {
    const ballot = new Ballot(same, () => ownId, () => undefined);
    for (const message of messages) ballot.note(message);
    ballot.close();
    return ballot;
  }
  const ofLeader = recorded.messages.filter(([port]) => port === leaderPort).map(([, ...message]) => readMessage(...message));
  const until = (event: string): SentinelMessage[] => ofLeader.slice(0, 1 + ofLeader.findIndex((each) => each.event === event));

  test('the leader has chosen in the epoch in which it voted for itself, until the failover is over', () => {
    assert.equal(hear(until('+elected-leader')).selected, undefined);
    assert.deepEqual(hear(until('+selected-slave')).selected, { server: promoted, epoch: 1 });
    assert.deepEqual(hear(until('+slave-reconf-done')).selected, { server: promoted, epoch: 1 });
    assert.equal(hear(until('+failover-end')).selected, undefined);
  });

  test('each has voted for the leader', () => {
    for (const port of [leaderPort, 17195, 20232]) {
      const messages = recorded.messages.filter(([each]) => each === port).map(([, ...message]) => readMessage(...message));
      assert.deepEqual(hear(messages).votes, [{ leader: recorded.id, epoch: 1 }]);
    }
  });

  test('who voted for another one leads nothing', () => {
    assert.equal(hear(until('+selected-slave'), 'f'.repeat(40)).selected, undefined);
  });

  test('who chooses without an election, as an operator tells it to, is not taken for a leader', () => {
    const messages = until('+selected-slave').filter(({ event }) => event !== '+vote-for-leader');
    assert.equal(hear(messages).selected, undefined);
  });

  test('a failover that is given up, or tried again, is one no more', () => {
    for (const event of ['-failover-abort-slave-timeout', '-failover-abort-no-good-slave', '+try-failover']) {
      const messages = [...until('+selected-slave'), readMessage(event, `master mymaster 127.0.0.1 31319`)];
      assert.equal(hear(messages).selected, undefined, event);
    }
  });
});
