import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCluster } from '../../src/model/parse.ts';
import { findUnsupportedInV2 } from '../../src/render/unsupported-in-v2.ts';

const endpoints = [{ address: 'redis-a', port: 6379 }];

test('v2 is told less of names that Envoys look up, and all of those that the control plane does', () => {
  const said = findUnsupportedInV2([parseCluster({ name: 'x', endpoints })], []);
  assert.deepEqual(said, [
    'cluster "x": servers with names: an Envoy that speaks v2 looks for IPv6 first, and waits for a name server that is silent',
  ]);
  assert.deepEqual(findUnsupportedInV2([parseCluster({ name: 'x', resolve: 'controlplane', endpoints })], []), []);
});
