import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { StreamCounters } from '../../src/metrics/stream-counters.ts';
import type { Answer, Sent } from '../../src/xds/delivery.ts';
import type { StreamMethod } from '../../src/xds/stream-method.ts';

const aggregated: StreamMethod = { apiVersion: 'v3', protocol: 'sotw', kind: undefined };
const perType: StreamMethod = { apiVersion: 'v3', protocol: 'sotw', kind: 'cluster' };
const others: readonly StreamMethod[] = [
  { apiVersion: 'v2', protocol: 'sotw', kind: 'cluster' },
  { apiVersion: 'v3', protocol: 'delta', kind: 'cluster' },
];

const sent: Sent = {
  nonce: '1',
  version: 'a',
  difference: { changed: [], changedNames: [], absent: [], removed: [], sizeBound: 0 },
  sentAtMs: 0,
  publishedAtMs: 0,
  isFullState: false,
};
const error = { code: 13, message: 'no' };
const answers: Readonly<Record<Answer['kind'], Answer>> = {
  none: { kind: 'none' },
  ack: { kind: 'ack', sent },
  nack: { kind: 'nack', sent, error, inForce: undefined, passedOver: [] },
  stale: { kind: 'stale' },
};

const nothing = { requests: 0, responses: 0, responseBytes: 0, acks: 0, nacks: 0, staleNonces: 0 };

describe('StreamCounters', () => {
  test('counts open streams by what they carry', () => {
    const counters = new StreamCounters();
    for (const method of [aggregated, perType, perType, ...others]) counters.streamOpened(method);
    counters.streamClosed(perType);
    const { v2, v3 } = counters.counts;
    assert.deepEqual(v3.sotw.openStreams, { aggregated: 1, cluster: 1, endpoint: 0, listener: 0, route: 0, secret: 0 });
    assert.deepEqual([v2.sotw.openStreams.cluster, v3.delta.openStreams.cluster], [1, 1]);
  });

  test('counts a type the same on whatever stream it comes, and by version and mode', () => {
    const counters = new StreamCounters();
    for (const method of [aggregated, perType, ...others]) counters.requestReceived(method, 'cluster');
    counters.requestReceived(aggregated, 'listener');
    const { v2, v3 } = counters.counts;
    assert.deepEqual(v3.sotw.types, {
      cluster: { ...nothing, requests: 2 },
      endpoint: nothing,
      listener: { ...nothing, requests: 1 },
      route: nothing,
      secret: nothing,
    });
    assert.deepEqual([v2.sotw.types.cluster.requests, v3.delta.types.cluster.requests], [1, 1]);
    assert.deepEqual(v2.delta.types.cluster, nothing);
  });

  test('counts responses and their bytes', () => {
    const counters = new StreamCounters();
    counters.responseSent(aggregated, 'endpoint', 100, undefined);
    counters.responseSent(aggregated, 'endpoint', 11, 5);
    assert.deepEqual(counters.counts.v3.sotw.types.endpoint, { ...nothing, responses: 2, responseBytes: 111 });
  });

  const counted: readonly (readonly [Answer['kind'], object])[] = [
    ['none', nothing],
    ['ack', { ...nothing, acks: 1 }],
    ['nack', { ...nothing, nacks: 1 }],
    ['stale', { ...nothing, staleNonces: 1 }],
  ];
  for (const [kind, expected] of counted) {
    test(`counts an answer of the kind ${kind}`, () => {
      const counters = new StreamCounters();
      counters.answerReceived(aggregated, 'route', answers[kind], undefined);
      assert.deepEqual(counters.counts.v3.sotw.types.route, expected);
    });
  }

  test('takes times in ms and tells them in seconds, by type; a request answered and a NACK have none', () => {
    const counters = new StreamCounters();
    counters.responseSent(aggregated, 'cluster', 1, undefined);
    counters.responseSent(aggregated, 'cluster', 1, 250);
    counters.answerReceived(aggregated, 'cluster', answers.ack, undefined);
    counters.answerReceived(aggregated, 'cluster', answers.ack, 1500);
    counters.answerReceived(aggregated, 'cluster', answers.nack, 9000);
    const { commitToSent, commitToAck } = counters;
    assert.deepEqual([commitToSent.cluster.sum, commitToSent.cluster.cumulativeCounts().at(-1)], [0.25, 1]);
    assert.deepEqual([commitToAck.cluster.sum, commitToAck.cluster.cumulativeCounts().at(-1)], [1.5, 1]);
    assert.equal(commitToSent.endpoint.cumulativeCounts().at(-1), 0);
  });
});
