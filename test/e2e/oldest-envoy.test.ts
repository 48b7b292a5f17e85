// The oldest release of Envoy that is tried: it takes every v3 bootstrap that is shipped, and tells the story.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { checkoutPath } from '../support/checkout.ts';
import { validateBootstrap } from '../support/envoy.ts';
import { tellRedisStory } from './story.ts';

const version = '1.36.2';

const bootstraps = readdirSync(checkoutPath('envoy')).filter((file) => file.includes('-v3'));

test('there are v3 bootstraps to be tried', () => {
  assert.ok(bootstraps.includes('redis-v3-ads.yaml') && bootstraps.includes('http-v3.yaml'), bootstraps.join(' '));
});

for (const file of bootstraps) {
  test(`Envoy 1.36 takes ${file} without a warning`, async () => {
    const { status, stdout, stderr } = await validateBootstrap(checkoutPath(`envoy/${file}`), version);
    assert.equal(status, 0, stdout + stderr);
    assert.doesNotMatch(stdout + stderr, /\[(warning|error|critical)\]/);
  });
}

test('Redis behind Envoy 1.36 with one aggregated stream', (t) =>
  tellRedisStory(t, {
    bootstrap: 'envoy/redis-v3-ads.yaml',
    listenerFrom: 'control plane',
    subscriptions: ['cluster.bunny_redis_cluster', 'cluster_manager.cds', 'listener_manager.lds'],
    version,
  }));
