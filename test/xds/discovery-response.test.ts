import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { decodeMessage } from '../../src/proto/protos.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { Holding } from '../../src/snapshot/holding.ts';
import { SubscriptionTable } from '../../src/snapshot/subscription.ts';
import { appendNonce, encodeChanges, encodeFullState } from '../../src/xds/discovery-response.ts';
import { discoveryApis, kinds, typeUrlOf } from '../support/xds/discovery-api.ts';
import { buildSnapshot } from '../support/xds/hand-made-snapshot.ts';
import { parseSotwResponse } from '../support/xds/sotw-response.ts';

const snapshot = buildSnapshot({
  clusters: { a: 1, b: 2 },
  endpoints: { a: [1], b: [2] },
  listeners: { a: 1, b: 2 },
  routes: { a: 'a', b: 'b' },
});
const subscriptions = new SubscriptionTable();

for (const apiVersion of ['v2', 'v3'] as const) {
  for (const kind of kinds) {
    const set = snapshot.resources(kind, dialects[apiVersion].ads);
    const all = set.view(subscriptions.intern(true, []));

    describe(`a response of ${kind}s (${apiVersion})`, () => {
      test('is what the API defines', () => {
        const message = appendNonce(encodeFullState(all), '12');
        const response = decodeMessage(discoveryApis[apiVersion].sotwResponse, message);
        assert.equal(response['version_info'], all.version);
        assert.equal(response['type_url'], typeUrlOf(apiVersion, kind));
        assert.equal(response['nonce'], '12');
        assert.deepEqual(response['control_plane'], { identifier: 'redis-envoy-controlplane' });
        assert.deepEqual(parseSotwResponse(apiVersion, message).names, ['a', 'b']);
      });

      test('of changes has what changed and the version of all', () => {
        const other = buildSnapshot({
          clusters: { a: 1, b: 3, c: 1 },
          endpoints: { a: [1], b: [3], c: [1] },
          listeners: { a: 1, b: 3, c: 1 },
          routes: { a: 'a', b: 'c', c: 'c' },
        });
        const view = other.resources(kind, dialects[apiVersion].ads).view(all.subscription);
        const body = encodeChanges(view, view.differenceFrom(all.held), view.held);
        const response = parseSotwResponse(apiVersion, appendNonce(body, '1'));
        assert.deepEqual(response.names, ['b', 'c']);
        assert.equal(response.versionInfo, view.version);
      });

      test('is encoded once', () => {
        const difference = all.differenceFrom(Holding.nothing);
        assert.equal(encodeFullState(all), encodeFullState(all));
        assert.equal(encodeChanges(all, difference, all.held), encodeChanges(all, difference, all.held));
      });

      test('without resources is an answer too', () => {
        const none = set.view(subscriptions.intern(false, []));
        const response = parseSotwResponse(apiVersion, appendNonce(encodeFullState(none), '1'));
        assert.deepEqual(response.names, []);
      });
    });
  }
}

describe('appendNonce', () => {
  test('adds the nonce at the end and leaves the shared bytes alone', () => {
    const body = encodeFullState(snapshot.resources('cluster', dialects.v3.ads).view(subscriptions.intern(true, [])));
    const before = Buffer.concat(body.parts);
    const [first, second] = [appendNonce(body, '1'), appendNonce(body, String(Number.MAX_SAFE_INTEGER))];
    assert.deepEqual(Buffer.concat(body.parts), before);
    assert.equal(body.length, before.length);
    assert.deepEqual(Buffer.from(first.subarray(0, body.length)), before);
    assert.deepEqual(Buffer.from(first.subarray(body.length)), Buffer.from([0x2a, 1, 0x31]));
    assert.equal(parseSotwResponse('v3', second).nonce, '9007199254740991');
  });
});
