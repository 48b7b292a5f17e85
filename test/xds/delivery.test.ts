import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Difference } from '../../src/snapshot/difference.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { Delivery, firstNamesOf, refusedBy } from '../../src/xds/delivery.ts';
import type { Answer, Sent } from '../../src/xds/delivery.ts';

const error = { code: 13, message: 'refused' };

const boundMs = 5_000;

/** Response `n`, sent at second `n`. */
function response(n: number, ...names: readonly string[]): Sent {
  const head = { nonce: `${n}`, version: `v${n}`, sentAtMs: n * 1000, publishedAtMs: undefined };
  return { ...head, difference: changing(...names), isFullState: false };
}

function changing(...changedNames: readonly string[]): Difference {
  const changed = changedNames.map((name) => new Resource(name, Buffer.alloc(0)));
  return { changed, changedNames, absent: [], removed: [], sizeBound: 0 };
}

/** A delivery with responses 1 to `count`, none answered; each changes the resource of its number. */
function deliver(count: number): Delivery {
  const delivery = new Delivery();
  for (let n = 1; n <= count; n += 1) delivery.record(response(n, `r${n}`));
  return delivery;
}

/** `KIND` or `KIND NONCE`. */
function describeAnswer(answer: Answer): string {
  return 'sent' in answer ? `${answer.kind} ${answer.sent.nonce}` : answer.kind;
}

function inForceOf(answer: Answer): string | undefined {
  return answer.kind === 'nack' ? answer.inForce?.nonce : undefined;
}

describe('before anything was sent', () => {
  test('everything is in force and nothing is waited for', () => {
    const delivery = new Delivery();
    assert.equal(delivery.latest, undefined);
    assert.equal(delivery.acceptedVersion, '');
    assert.equal(delivery.unansweredSinceMs, undefined);
    assert.equal(delivery.isRefused, false);
    assert.equal(delivery.inForceAtMs(boundMs), 0);
  });

  test('a nonce is of another stream', () => {
    assert.deepEqual(new Delivery().settle('1', 'v1', undefined), { kind: 'stale' });
    assert.deepEqual(new Delivery().settle('1', 'v1', error), { kind: 'stale' });
  });
});

describe('which response a request answers', () => {
  // Three responses were sent. Nonces as they come, "!" for an error, and what each is taken for.
  const rows: readonly (readonly [nonces: string, answers: string])[] = [
    ['3', 'ack 3'],
    ['3!', 'nack 3'],
    ['1,2,3', 'ack 1,ack 2,ack 3'],
    ['2,1,3', 'ack 2,stale,ack 3'],
    ['3,1,2', 'ack 3,stale,stale'],
    ['1!,2,3', 'nack 1,ack 2,ack 3'],
    ['3,3', 'ack 3,none'],
    ['3,3!', 'ack 3,nack 3'],
    ['3!,3', 'nack 3,none'],
    ['3!,3!,3,3!', 'nack 3,none,none,none'],
    ['3,3!,3!', 'ack 3,nack 3,none'],
    ['1!,3!,3!', 'nack 1,nack 3,none'],
    ['4,3', 'stale,ack 3'],
    ['4!', 'stale'],
    [',3,', 'none,ack 3,none'],
    ['!', 'none'],
  ];
  for (const [nonces, answers] of rows) {
    test(`${JSON.stringify(nonces)} is ${answers}`, () => {
      const delivery = deliver(3);
      const all = nonces.split(',').map((each) => {
        const answer = delivery.settle(each.replace('!', ''), '', each.endsWith('!') ? error : undefined);
        return describeAnswer(answer);
      });
      assert.equal(all.join(), answers);
    });
  }

  test('of a client that never answers only the newest responses are remembered', () => {
    const delivery = deliver(100);
    assert.equal(describeAnswer(delivery.settle('50', '', undefined)), 'stale');
    assert.equal(describeAnswer(delivery.settle('99', '', undefined)), 'ack 99');
    assert.equal(describeAnswer(delivery.settle('100', '', undefined)), 'ack 100');
  });
});

describe('what the client runs', () => {
  test('is what it says it ran before, until it accepts something', () => {
    const delivery = new Delivery('v0');
    assert.equal(delivery.acceptedVersion, 'v0');
    delivery.record(response(1));
    assert.equal(delivery.acceptedVersion, 'v0');
    delivery.settle('1', '', undefined);
    assert.equal(delivery.acceptedVersion, 'v1');
  });

  test('is the newest that it accepted', () => {
    const delivery = deliver(3);
    delivery.settle('1', '', undefined);
    assert.equal(delivery.acceptedVersion, 'v1');
    delivery.settle('2', '', error);
    assert.equal(delivery.acceptedVersion, 'v1');
    delivery.settle('3', '', undefined);
    assert.equal(delivery.acceptedVersion, 'v3');
  });

  test('is what it refused, when it says so: the error is of an earlier response', () => {
    const delivery = deliver(2);
    const answer = delivery.settle('2', 'v2', error);
    assert.deepEqual([describeAnswer(answer), inForceOf(answer)], ['nack 2', '2']);
    assert.equal(delivery.acceptedVersion, 'v2');
    assert.equal(delivery.isRefused, false);
    assert.equal(delivery.inForceAtMs(boundMs), 0);
  });

  test('stays so when the error is said again', () => {
    const delivery = deliver(2);
    delivery.settle('2', 'v2', error);
    assert.equal(delivery.settle('2', 'v2', error).kind, 'none');
    assert.deepEqual([delivery.acceptedVersion, delivery.isRefused], ['v2', false]);
  });

  test('is not what it refused, when it ran that version before', () => {
    const delivery = new Delivery();
    delivery.record(response(1, 'a'));
    delivery.settle('1', 'v1', undefined);
    delivery.record({ ...response(2, 'b'), version: 'v1' });
    const answer = delivery.settle('2', 'v1', error);
    assert.deepEqual([answer.kind, inForceOf(answer)], ['nack', undefined]);
    assert.equal(delivery.isRefused, true);
  });
});

test('a refusal says which of the older responses the client runs, though it did not answer that one', () => {
  const delivery = deliver(3);
  delivery.settle('3', 'v1', error);
  assert.equal(delivery.acceptedVersion, 'v1');
  delivery.record({ ...response(4), version: 'v1' });
  const answer = delivery.settle('4', 'v1', error);
  assert.deepEqual([answer.kind, inForceOf(answer)], ['nack', undefined]);
});

test('a version that an unanswered response had before may have been in force: the error counts', () => {
  const delivery = new Delivery();
  for (const [n, version] of [[1, 'old'], [2, 'new'], [3, 'old']] as const) delivery.record({ ...response(n), version });
  const answer = delivery.settle('3', 'old', error);
  assert.deepEqual([answer.kind, inForceOf(answer)], ['nack', '1']);
});

describe('since when an answer is due', () => {
  test('from the oldest response that has none', () => {
    const delivery = deliver(3);
    assert.equal(delivery.unansweredSinceMs, 1000);
    delivery.settle('1', '', undefined);
    assert.equal(delivery.unansweredSinceMs, 2000);
    delivery.settle('3', '', undefined);
    assert.equal(delivery.unansweredSinceMs, undefined);
    delivery.record(response(4));
    assert.equal(delivery.unansweredSinceMs, 4000);
  });

  test('a refusal is an answer', () => {
    const delivery = deliver(1);
    delivery.settle('1', '', error);
    assert.equal(delivery.unansweredSinceMs, undefined);
    assert.equal(delivery.isRefused, true);
    delivery.record(response(2));
    assert.equal(delivery.isRefused, false);
  });
});

describe('in force', () => {
  test('is the newest response at its ACK, else when the bound is over', () => {
    const delivery = deliver(2);
    assert.equal(delivery.inForceAtMs(boundMs), 2000 + boundMs);
    delivery.settle('1', '', undefined);
    assert.equal(delivery.inForceAtMs(boundMs), 2000 + boundMs);
    delivery.settle('2', '', undefined);
    assert.equal(delivery.inForceAtMs(boundMs), 0);
    delivery.record(response(3));
    assert.equal(delivery.inForceAtMs(boundMs), 3000 + boundMs);
  });

  test('is not what was refused although something else was ACKed since, before the bound is over', () => {
    const delivery = new Delivery();
    delivery.record(response(1, 'a'));
    delivery.settle('1', '', error);
    delivery.record(response(2, 'b'));
    delivery.settle('2', '', undefined);
    assert.equal(delivery.inForceAtMs(boundMs), 1000 + boundMs);
    delivery.record(response(3, 'a', 'c'));
    delivery.settle('3', '', undefined);
    assert.equal(delivery.inForceAtMs(boundMs), 0);
  });

  test('is none of two that were refused before both were ACKed, or the bound is over', () => {
    const delivery = new Delivery();
    for (const [nonce, name] of [[1, 'a'], [2, 'b']] as const) {
      delivery.record(response(nonce, name));
      delivery.settle(`${nonce}`, '', error);
    }
    delivery.record(response(3, 'b'));
    delivery.settle('3', '', undefined);
    assert.equal(delivery.inForceAtMs(boundMs), 1000 + boundMs);
    delivery.record(response(4, 'a'));
    delivery.settle('4', '', undefined);
    assert.equal(delivery.inForceAtMs(boundMs), 0);
  });

  test('is all there is when the full state was ACKed', () => {
    const delivery = new Delivery();
    delivery.record({ ...response(1, 'a'), isFullState: true });
    delivery.settle('1', '', error);
    delivery.record({ ...response(2, 'b'), isFullState: true });
    delivery.settle('2', '', undefined);
    assert.equal(delivery.inForceAtMs(boundMs), 0);
  });

  test('is not what was refused, before the bound is over', () => {
    const delivery = deliver(1);
    delivery.settle('1', '', error);
    assert.equal(delivery.inForceAtMs(boundMs), 1000 + boundMs);
  });
});

test('a NACK tells of the older responses that were not answered', () => {
  const delivery = deliver(4);
  delivery.settle('1', '', undefined);
  const [second, fourth] = [delivery.settle('2', '', error), delivery.settle('4', '', error)];
  const passedOver = [second, fourth].map((answer) => 'passedOver' in answer && answer.passedOver.map(({ nonce }) => nonce));
  assert.deepEqual(passedOver, [[], ['3']]);
});

test('right after an answer, what is not answered is what was sent later', () => {
  const delivery = new Delivery();
  assert.deepEqual(delivery.unanswered, []);
  const [first, second, third] = [response(1), response(2), response(3)];
  for (const each of [first, second, third]) delivery.record(each);
  assert.deepEqual(delivery.unanswered, [first, second, third]);
  delivery.settle('1', '', error);
  assert.deepEqual(delivery.unanswered, [second, third]);
  delivery.settle('3', '', error);
  assert.deepEqual(delivery.unanswered, []);
});

describe('a full state that is refused once more tells of', () => {
  /** Names that the NACK of a response is told with. */
  const namesOfNack = (delivery: Delivery, sent: Sent): readonly string[] => {
    delivery.record(sent);
    const answer = delivery.settle(sent.nonce, '', error);
    return answer.kind === 'nack' ? firstNamesOf(refusedBy(answer), 10) : [];
  };
  const fullState = (n: number, ...names: readonly string[]): Sent => {
    return { ...response(n, ...names), isFullState: true };
  };

  test('what it was refused for, when nothing has changed since', () => {
    const delivery = new Delivery();
    assert.deepEqual(namesOfNack(delivery, fullState(1, 'a', 'b')), ['a', 'b']);
    for (let n = 2; n < 40; n += 1) assert.deepEqual(namesOfNack(delivery, fullState(n)), ['a', 'b']);
  });

  test('what has changed, when something has', () => {
    const delivery = new Delivery();
    namesOfNack(delivery, fullState(1, 'a'));
    assert.deepEqual(namesOfNack(delivery, fullState(2, 'b')), ['b']);
  });

  test('nothing that was accepted since', () => {
    const delivery = new Delivery();
    namesOfNack(delivery, fullState(1, 'a'));
    delivery.record(fullState(2));
    delivery.settle('2', 'v2', undefined);
    assert.deepEqual(namesOfNack(delivery, fullState(3)), []);
  });
});
