// The story over one aggregated stream that brings the listener too.

import { test } from 'node:test';

import { tellRedisStory } from './story.ts';

test('Delta: Redis behind Envoy with one aggregated stream', (t) =>
  tellRedisStory(t, {
    bootstrap: 'envoy/redis-v3-delta-ads.yaml',
    listenerFrom: 'control plane',
    subscriptions: ['cluster.bunny_redis_cluster', 'cluster_manager.cds', 'listener_manager.lds'],
  }));
