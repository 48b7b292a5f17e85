// The story over one stream per type, as b.yaml's users know it: static listener, clusters and endpoints by xDS.

import { test } from 'node:test';

import { tellRedisStory } from './story.ts';

test('Redis behind Envoy with a stream per type', (t) =>
  tellRedisStory(t, {
    bootstrap: 'envoy/redis-v3-streams.yaml',
    listenerFrom: 'bootstrap',
    subscriptions: ['cluster.bunny_redis_cluster', 'cluster_manager.cds'],
  }));
