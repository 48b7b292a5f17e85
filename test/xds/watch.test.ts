// A watch as a state machine: requests in, responses out, no stream around it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { encodeMessage } from '../../src/proto/protos.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { Splitter } from '../../src/snapshot/splitter.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import type { Answer } from '../../src/xds/delivery.ts';
import { parseSotwRequest } from '../../src/xds/discovery-request.ts';
import type { SotwRequest } from '../../src/xds/discovery-request.ts';
import { appendNonce } from '../../src/xds/discovery-response.ts';
import { NameListTable } from '../../src/xds/name-list.ts';
import { SotwWatch } from '../../src/xds/sotw-watch.ts';
import { discoveryApis } from '../support/xds/discovery-api.ts';
import type { Kind } from '../support/xds/discovery-api.ts';
import { buildSnapshot } from '../support/xds/hand-made-snapshot.ts';
import type { HandMadeResources } from '../support/xds/hand-made-snapshot.ts';
import { parseSotwResponse } from '../support/xds/sotw-response.ts';
import type { SotwRequestFields } from '../support/xds/sotw-stream.ts';

const subscriptions = new SubscriptionTable();
const tables = { nameLists: new NameListTable(subscriptions.nameSets), subscriptions };
const refusal = { code: 13, message: 'no' };

function requestOf(fields: SotwRequestFields): SotwRequest {
  return parseSotwRequest(encodeMessage(discoveryApis.v3.sotwRequest, { ...fields }));
}

interface Wanted {
  readonly kind: Kind;
  readonly names: readonly string[];
  /** True: each resource is a part of its own. */
  readonly isSplit: boolean;
}

/** A watch that is driven by hand: nonces count up from 1. */
class DrivenWatch {
  readonly watch: SotwWatch;
  readonly #kind: Kind;
  #lastNonce = 0;
  #nowMs = 0;
  readonly versions = new Map<string, string>();

  constructor({ kind, names, isSplit }: Wanted) {
    this.#kind = kind;
    const sending = isSplit ? { splitter: new Splitter({ isRemovalSaid: false, maxBytes: 1 }) } : {};
    this.watch = new SotwWatch(kind, tables, requestOf({ resource_names: names }), sending);
  }

  /** Names of the response that this content calls for; undefined when none is due. */
  publish(resources: HandMadeResources): readonly string[] | undefined {
    const set = buildSnapshot(resources).resources(this.#kind, dialects.v3.ads);
    const nonce = String(this.#lastNonce + 1);
    const due = this.watch.advance(set, nonce, (this.#nowMs += 1_000));
    if (due === undefined) return undefined;
    this.#lastNonce += 1;
    const response = parseSotwResponse('v3', appendNonce(due.body, nonce));
    this.versions.set(nonce, response.versionInfo);
    return response.names;
  }

  receive(fields: SotwRequestFields): Answer {
    return this.watch.receive(requestOf(fields));
  }
}

function watchOf(kind: Kind, ...names: readonly string[]): DrivenWatch {
  return new DrivenWatch({ kind, names, isSplit: false });
}

/** What an answer says, in a word. */
function describeAnswer(answer: Answer): string {
  if (answer.kind === 'none' || answer.kind === 'stale') return answer.kind;
  const { nonce } = answer.sent;
  return answer.kind === 'nack' && answer.inForce === answer.sent ? `nack of before ${nonce}` : `${answer.kind} ${nonce}`;
}

const endpoints = (ports: Readonly<Record<string, number>>): HandMadeResources => ({
  endpoints: Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, [port]])),
});

describe('what a request says of earlier responses', () => {
  // Nonces 1, 2 and 3 were sent; 1 was ACKed. `version` names the nonce whose version the request carries.
  const CASES: readonly (readonly [why: string, fields: SotwRequestFields & { version?: string }, told: string])[] = [
    ['no nonce: a change of names', {}, 'none'],
    ['the newest nonce', { response_nonce: '3', version: '3' }, 'ack 3'],
    ['the newest nonce with an older version and no error', { response_nonce: '3', version: '1' }, 'ack 3'],
    ['an un-ACKed older nonce', { response_nonce: '2', version: '2' }, 'ack 2'],
    ['a nonce that was answered', { response_nonce: '1', version: '1' }, 'stale'],
    ['a nonce that was never sent', { response_nonce: '4' }, 'stale'],
    ['an error', { response_nonce: '3', version: '1', error_detail: refusal }, 'nack 3'],
    ['an error without text', { response_nonce: '3', version: '1', error_detail: { code: 0, message: '' } }, 'nack 3'],
    ['an error of an older nonce', { response_nonce: '2', version: '1', error_detail: refusal }, 'nack 2'],
    ['an error with a stale nonce', { response_nonce: '1', error_detail: refusal }, 'stale'],
    ['an error without nonce', { error_detail: refusal }, 'none'],
    [
      'an error with the version it was sent under: an earlier push failed, this one is in force',
      { response_nonce: '3', version: '3', error_detail: refusal },
      'nack of before 3',
    ],
  ];

  for (const [why, { version, ...fields }, told] of CASES) {
    test(`${why}: ${told}`, () => {
      const driven = watchOf('endpoint', 'a');
      for (const port of [1, 2, 3]) {
        assert.deepEqual(driven.publish(endpoints({ a: port })), ['a']);
        if (port === 1) driven.receive({ resource_names: ['a'], response_nonce: '1' });
      }
      const versionInfo = version === undefined ? {} : { version_info: driven.versions.get(version) ?? assert.fail() };
      const answer = driven.receive({ resource_names: ['a'], ...versionInfo, ...fields });
      assert.equal(describeAnswer(answer), told);
      assert.equal(driven.publish(endpoints({ a: 3 })), undefined, 'nothing is due after it');
    });
  }

  test('the answer to a newer response settles the older ones', () => {
    const driven = watchOf('endpoint', 'a');
    for (const port of [1, 2, 3]) driven.publish(endpoints({ a: port }));
    assert.equal(describeAnswer(driven.receive({ resource_names: ['a'], response_nonce: '3' })), 'ack 3');
    assert.equal(describeAnswer(driven.receive({ resource_names: ['a'], response_nonce: '2' })), 'stale');
  });

  test('the same ACK once more says nothing; a NACK after it counts', () => {
    const driven = watchOf('endpoint', 'a');
    driven.publish(endpoints({ a: 1 }));
    const ack = { resource_names: ['a'], response_nonce: '1' };
    assert.equal(describeAnswer(driven.receive(ack)), 'ack 1');
    assert.equal(describeAnswer(driven.receive(ack)), 'none');
    assert.equal(describeAnswer(driven.receive({ ...ack, error_detail: refusal })), 'nack 1');
  });

  test('an error with the version that was in force before is a plain NACK', () => {
    const driven = watchOf('cluster', '*');
    driven.publish({ clusters: { a: 1 } });
    const version = { version_info: driven.versions.get('1') ?? assert.fail() };
    driven.receive({ resource_names: ['*'], response_nonce: '1', ...version });
    driven.receive({ resource_names: ['*', 'missing'], response_nonce: '1', ...version });
    assert.deepEqual(driven.publish({ clusters: { a: 1 } }), ['a']);
    const answer = driven.receive({
      resource_names: ['*', 'missing'],
      response_nonce: '2',
      ...version,
      error_detail: refusal,
    });
    assert.equal(describeAnswer(answer), 'nack 2');
  });

  test('of a client that never answers only the newest responses are remembered', () => {
    const driven = watchOf('endpoint', 'a');
    for (let port = 1; port <= 1_000; port += 1) driven.publish(endpoints({ a: port }));
    assert.equal(describeAnswer(driven.receive({ resource_names: ['a'], response_nonce: '1' })), 'stale');
    assert.equal(describeAnswer(driven.receive({ resource_names: ['a'], response_nonce: '990' })), 'ack 990');
    assert.equal(describeAnswer(driven.receive({ resource_names: ['a'], response_nonce: '1000' })), 'ack 1000');
  });
});

describe('what was refused', () => {
  test('is sent again, all of it, when one part of it changes', () => {
    const driven = watchOf('endpoint', 'a', 'b', 'c');
    driven.publish(endpoints({ a: 1, b: 1, c: 1 }));
    driven.receive({ resource_names: ['a', 'b', 'c'], response_nonce: '1' });
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 2, c: 1 })), ['a', 'b']);
    driven.receive({ resource_names: ['a', 'b', 'c'], response_nonce: '2', error_detail: refusal });
    assert.equal(driven.publish(endpoints({ a: 2, b: 2, c: 1 })), undefined);
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 2, c: 2 })), ['c']);
    assert.deepEqual(driven.publish(endpoints({ a: 3, b: 2, c: 2 })), ['a', 'b']);
    assert.deepEqual(driven.publish(endpoints({ a: 4, b: 2, c: 2 })), ['a']);
  });

  test('is not sent along with what was refused in another response', () => {
    const driven = watchOf('endpoint', 'a', 'b', 'c');
    driven.publish(endpoints({ a: 1, b: 1, c: 1 }));
    driven.receive({ resource_names: ['a', 'b', 'c'], response_nonce: '1' });
    for (const [nonce, ports] of [['2', { a: 2, b: 1, c: 1 }], ['3', { a: 2, b: 2, c: 1 }]] as const) {
      driven.publish(endpoints(ports));
      driven.receive({ resource_names: ['a', 'b', 'c'], response_nonce: nonce, error_detail: refusal });
    }
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 3, c: 1 })), ['b']);
  });

  test('is not sent again because of what has gone, of which it said nothing', () => {
    const driven = watchOf('endpoint', 'a', 'b');
    driven.publish(endpoints({ a: 1, b: 1 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '1' });
    assert.deepEqual(driven.publish(endpoints({ a: 2 })), ['a']);
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '2', error_detail: refusal });
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 2 })), ['b']);
  });

  test('is sent again when a part of it is no longer wanted', () => {
    const driven = watchOf('endpoint', 'a', 'b');
    driven.publish(endpoints({ a: 1, b: 1 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '1', error_detail: refusal });
    driven.receive({ resource_names: ['b'], response_nonce: '1' });
    assert.deepEqual(driven.publish(endpoints({ a: 1, b: 1 })), ['b']);
    assert.equal(driven.publish(endpoints({ a: 1, b: 1 })), undefined);
  });

  test('is sent again at once when a part of it has changed before the refusal came', () => {
    const driven = watchOf('endpoint', 'a', 'b');
    driven.publish(endpoints({ a: 1, b: 1 }));
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 1 })), ['a']);
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '1', error_detail: refusal });
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 1 })), ['b']);
  });

  test('is not sent along with a part of it that is sent again as it was, but with the fix of that part', () => {
    const driven = watchOf('endpoint', 'a', 'b');
    driven.publish(endpoints({ a: 1, b: 1 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '1', error_detail: refusal });
    driven.watch.forget(['a']);
    assert.deepEqual(driven.publish(endpoints({ a: 1, b: 1 })), ['a']);
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '2', error_detail: refusal });
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 1 })), ['a', 'b']);
  });

  test('is not sent again for its fix where it was for another reason since', () => {
    const driven = watchOf('endpoint', 'a', 'b', 'c');
    driven.publish(endpoints({ a: 1, b: 1, c: 1 }));
    driven.receive({ resource_names: ['a', 'b', 'c'], response_nonce: '1', error_detail: refusal });
    driven.watch.forget(['a']);
    assert.deepEqual(driven.publish(endpoints({ a: 1, b: 1, c: 1 })), ['a']);
    assert.deepEqual(driven.publish(endpoints({ a: 1, b: 2, c: 1 })), ['b', 'c']);
  });

  test('is forgotten once it is accepted', () => {
    const driven = watchOf('endpoint', 'a', 'b');
    driven.publish(endpoints({ a: 1, b: 1 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '1', error_detail: refusal });
    assert.deepEqual(driven.publish(endpoints({ a: 2, b: 1 })), ['a', 'b']);
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '2' });
    assert.deepEqual(driven.publish(endpoints({ a: 3, b: 1 })), ['a']);
  });

  test('is not what is in force although an earlier push failed', () => {
    const driven = watchOf('endpoint', 'a', 'b');
    driven.publish(endpoints({ a: 1, b: 1 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '1' });
    driven.publish(endpoints({ a: 2, b: 2 }));
    driven.receive({
      resource_names: ['a', 'b'],
      response_nonce: '2',
      version_info: driven.versions.get('2') ?? assert.fail(),
      error_detail: refusal,
    });
    assert.deepEqual(driven.publish(endpoints({ a: 3, b: 2 })), ['a']);
  });
});

describe('what is wanted', () => {
  const everything: HandMadeResources = {
    clusters: { a: 1, b: 1 },
    endpoints: { a: [1], b: [1] },
    listeners: { a: 1, b: 1 },
    routes: { a: 'a', b: 'b' },
  };

  const CASES: readonly (readonly [
    kind: Kind,
    first: readonly string[],
    answered: readonly string[] | undefined,
    then: readonly string[],
    answer: readonly string[] | undefined,
  ])[] = [
    ['cluster', [], ['a', 'b'], [], undefined],
    ['cluster', [], ['a', 'b'], ['*'], undefined],
    ['cluster', ['*'], ['a', 'b'], [], undefined],
    ['cluster', ['a'], ['a'], ['b'], ['b']],
    ['cluster', ['a'], ['a'], ['a', '*'], ['a', 'b']],
    ['cluster', ['a', '*'], ['a', 'b'], ['a'], ['a']],
    ['cluster', ['missing'], [], ['missing'], undefined],
    ['listener', [], ['a', 'b'], ['b'], ['b']],
    ['endpoint', [], undefined, [], undefined],
    ['endpoint', [], undefined, ['a'], ['a']],
    ['endpoint', ['a'], ['a'], ['a', 'b'], ['b']],
    ['endpoint', ['b', 'a'], ['a', 'b'], ['a', 'b'], undefined],
    ['endpoint', ['a'], ['a'], [], undefined],
    ['endpoint', ['missing'], ['missing'], ['missing', 'a'], ['a']],
    ['route', [], undefined, ['a'], ['a']],
    ['route', ['a', 'missing'], ['a'], ['missing', 'b'], ['b']],
  ];

  for (const [kind, first, answered, then, answer] of CASES) {
    const name = `${kind} [${first.join()}] gives ${answered?.join()}, then [${then.join()}] ${answer?.join()}`;
    test(name, () => {
      const driven = watchOf(kind, ...first);
      assert.deepEqual(driven.publish(everything), answered);
      driven.receive({ resource_names: then, response_nonce: answered === undefined ? '' : '1' });
      assert.deepEqual(driven.publish(everything), answer);
      assert.equal(driven.publish(everything), undefined);
    });
  }

  test('a name that was dropped between two looks is sent again', () => {
    const driven = watchOf('endpoint', 'a');
    driven.publish(everything);
    driven.receive({ response_nonce: '1' });
    driven.receive({ resource_names: ['a'], response_nonce: '1' });
    assert.deepEqual(driven.publish(everything), ['a']);
  });

  test('endpoints that are to be sent again are, with their empty assignments', () => {
    const driven = watchOf('endpoint', 'a', 'b', 'missing');
    driven.publish(everything);
    driven.watch.forget(['a', 'missing', 'not wanted']);
    assert.deepEqual(driven.publish(everything), ['a', 'missing']);
    assert.equal(driven.publish(everything), undefined);
  });
});

describe('what is sent in parts', () => {
  const inParts = (kind: Kind, ...names: readonly string[]): DrivenWatch => {
    return new DrivenWatch({ kind, names, isSplit: true });
  };
  /** The version of endpoints as one whole. */
  const versionOf = (ports: Readonly<Record<string, number>>): string => {
    const whole = watchOf('endpoint', ...Object.keys(ports));
    whole.publish(endpoints(ports));
    return whole.versions.get('1') ?? assert.fail();
  };

  test('has, part by part, the version of what is held then', () => {
    const driven = inParts('endpoint', 'a', 'b', 'c');
    const content = endpoints({ a: 1, b: 1, c: 1 });
    assert.deepEqual([1, 2, 3, 4].map(() => driven.publish(content)), [['a'], ['b'], ['c'], undefined]);
    const versions = [versionOf({ a: 1 }), versionOf({ a: 1, b: 1 }), versionOf({ a: 1, b: 1, c: 1 })];
    assert.deepEqual([...driven.versions.values()], versions);
  });

  test('counts as sent with the last part', () => {
    const driven = inParts('endpoint', 'a', 'b');
    const set = buildSnapshot(endpoints({ a: 1, b: 1 })).resources('endpoint', dialects.v3.ads);
    const states = ['1', '2'].map((nonce) => {
      const due = driven.watch.advance(set, nonce, 0);
      return [due?.isLast, driven.watch.isSent(set), driven.watch.latestPart?.nonce];
    });
    assert.deepEqual(states, [[false, false, '1'], [true, true, undefined]]);
    assert.deepEqual(driven.watch.lastChanges, ['a', 'b']);
  });

  test('goes on with the newest, not with the rest of what is outdated', () => {
    const driven = inParts('endpoint', 'a', 'b', 'c', 'd');
    driven.publish(endpoints({ a: 1, b: 1, c: 1, d: 1 }));
    driven.publish(endpoints({ a: 1, b: 1, c: 1, d: 1 }));
    const newest = endpoints({ a: 1, b: 2, c: 2 });
    assert.deepEqual([1, 2, 3, 4].map(() => driven.publish(newest)), [['b'], ['c'], ['d'], undefined]);
  });

  test('goes on with what is wanted by then', () => {
    const driven = inParts('endpoint', 'a', 'b', 'c');
    const content = endpoints({ a: 1, b: 1, c: 1, d: 1 });
    driven.publish(content);
    driven.receive({ resource_names: ['a', 'c', 'd'], response_nonce: '1' });
    assert.deepEqual([1, 2, 3].map(() => driven.publish(content)), [['c'], ['d'], undefined]);
    assert.equal(driven.versions.get('3'), versionOf({ a: 1, c: 1, d: 1 }));
  });

  test('is refused part by part: the others are not sent again with the fix', () => {
    const driven = inParts('endpoint', 'a', 'b', 'c');
    const content = endpoints({ a: 1, b: 1, c: 1 });
    for (const nonce of ['1', '2', '3']) {
      driven.publish(content);
      const error = nonce === '2' ? { error_detail: refusal } : {};
      driven.receive({ resource_names: ['a', 'b', 'c'], response_nonce: nonce, ...error });
    }
    assert.equal(driven.publish(content), undefined);
    assert.equal(driven.watch.isRefused, true);
    const fixed = endpoints({ a: 1, b: 2, c: 1 });
    assert.deepEqual([1, 2].map(() => driven.publish(fixed)), [['b'], undefined]);
    driven.receive({ resource_names: ['a', 'b', 'c'], response_nonce: '4' });
    assert.equal(driven.watch.isRefused, false);
  });

  test('is sent again in parts too', () => {
    const driven = inParts('endpoint', 'a', 'b', 'c');
    const content = endpoints({ a: 1, b: 1, c: 1 });
    for (let n = 0; n < 3; n += 1) driven.publish(content);
    driven.watch.forget(['a', 'c']);
    assert.deepEqual([1, 2, 3].map(() => driven.publish(content)), [['a'], ['c'], undefined]);
    assert.equal(new Set(['3', '4', '5'].map((nonce) => driven.versions.get(nonce))).size, 1);
  });

  test('is no full state: what is left out of that is deleted', () => {
    const driven = inParts('cluster');
    assert.deepEqual(driven.publish({ clusters: { a: 1, b: 1 } }), ['a', 'b']);
    assert.deepEqual(driven.publish({ clusters: { b: 2, c: 1 } }), ['b', 'c']);
    assert.equal(driven.publish({ clusters: { b: 2, c: 1 } }), undefined);
  });
});

test('a refusal counts until what was refused is sent again, changes or is no longer wanted', () => {
  const refusedThenAcked = (): DrivenWatch => {
    const driven = watchOf('endpoint', 'a', 'b');
    driven.publish(endpoints({ a: 1, b: 1 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '1' });
    driven.publish(endpoints({ a: 2, b: 1 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '2', error_detail: refusal });
    driven.publish(endpoints({ a: 2, b: 2 }));
    driven.receive({ resource_names: ['a', 'b'], response_nonce: '3' });
    assert.equal(driven.watch.isRefused, true);
    return driven;
  };
  const changed = refusedThenAcked();
  changed.publish(endpoints({ a: 3, b: 2 }));
  changed.receive({ resource_names: ['a', 'b'], response_nonce: '4' });
  assert.equal(changed.watch.isRefused, false);
  const dropped = refusedThenAcked();
  dropped.receive({ resource_names: ['b'], response_nonce: '3' });
  dropped.publish(endpoints({ a: 2, b: 2 }));
  assert.equal(dropped.watch.isRefused, false);
});
