// What of health is published: the bytes stand in the golden files, here is what must hold for all of them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { serve } from '../../src/inventory/served-cluster.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { buildCluster } from '../../src/render/cluster.ts';
import { buildPlacementPolicy, findHealthUnsupportedInV2 } from '../../src/render/health.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import { defaultOptions } from './examples.ts';

interface ClusterMessage {
  readonly health_checks?: readonly Readonly<Record<string, unknown>>[];
  readonly outlier_detection?: object;
  readonly common_lb_config?: { readonly healthy_panic_threshold: { readonly value: number } };
  readonly ignore_health_on_host_removal?: boolean;
  readonly drain_connections_on_host_removal?: boolean;
}

const server = { address: '10.0.0.1', port: 6379 };

const anyHealth = fc.record(
  {
    health_check: fc.record(
      { interval: fc.constantFrom('100ms', '1h'), timeout: fc.constantFrom('1ms', '4s'), healthy_threshold: fc.constantFrom(1, 1_000) },
      { requiredKeys: [], noNullPrototype: true },
    ),
    outlier_detection: fc.record(
      { consecutive_failures: fc.constantFrom(1, 1_000), max_ejection_percent: fc.constantFrom(1, 100) },
      { requiredKeys: [], noNullPrototype: true },
    ),
    panic_threshold: fc.integer({ min: 1, max: 100 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

function build(fields: object, apiVersion: 'v2' | 'v3'): ClusterMessage {
  const [served] = serve(parseCluster({ name: 'a', ...fields }));
  assert.ok(served !== undefined);
  return buildCluster(served, dialects[apiVersion].ads, defaultOptions) as ClusterMessage;
}

/** How many of 100 priorities' worth of load Envoy takes for available (its LoadBalancerBase). */
function isPanic(healthyPercent: number, threshold: number, factor: number): boolean {
  return Math.min(100, Math.floor((factor * healthyPercent) / 100)) < 100 && healthyPercent < threshold;
}

describe('whatever is declared', () => {
  for (const apiVersion of ['v2', 'v3'] as const) {
    test(`${apiVersion}: Envoy always has a server to choose, and lets go of one that is removed`, () => {
      fc.assert(fc.property(anyHealth, (fields) => {
        const message = build({ endpoints: [server], ...fields }, apiVersion);
        const isKnown = fields.health_check !== undefined || fields.outlier_detection !== undefined;
        const threshold = message.common_lb_config?.healthy_panic_threshold.value;
        assert.equal(threshold === undefined, !isKnown);
        assert.ok(threshold === undefined || threshold >= 1);
        const isPrompt = message.ignore_health_on_host_removal ?? message.drain_connections_on_host_removal ?? false;
        assert.equal(isPrompt, fields.health_check !== undefined);
        for (const check of message.health_checks ?? []) {
          const given = ['timeout', 'interval', 'no_traffic_interval', 'unhealthy_threshold', 'healthy_threshold'];
          assert.deepEqual(given.filter((field) => check[field] === undefined), []);
          assert.deepEqual(check['no_traffic_interval'], check['interval']);
        }
      }));
    });
  }

  test('the panic threshold means what it says, at every share of healthy servers', () => {
    for (let threshold = 1; threshold <= 100; threshold += 1) {
      const cluster = parseCluster({ name: 'a', health_check: {}, panic_threshold: threshold });
      const factor = buildPlacementPolicy(cluster) === undefined ? 140 : 100;
      for (let healthy = 0; healthy <= 100; healthy += 0.5) {
        const expected = healthy < threshold;
        assert.equal(isPanic(healthy, threshold, factor), expected, `${healthy} % healthy of ${threshold} %`);
      }
    }
  });
});

describe('a sharded cluster', () => {
  const shards = [{ name: 's', endpoint: server }];

  test('is published as it was, while nobody looks after its shards', () => {
    const bare = parseCluster({ name: 'a', kind: 'sharded', shards });
    for (const placement of ['fixed', 'remap']) {
      assert.deepEqual(build({ kind: 'sharded', shards, placement }, 'v3'), build(bare, 'v3'));
      assert.equal(buildPlacementPolicy(parseCluster({ ...bare, placement })), undefined);
    }
  });

  test('keeps its keys where they are, when its shards are checked', () => {
    const cluster = { name: 'a', kind: 'sharded', shards, health_check: {} };
    assert.equal(build(cluster, 'v3').common_lb_config?.healthy_panic_threshold.value, 100);
    assert.deepEqual(buildPlacementPolicy(parseCluster(cluster)), { overprovisioning_factor: { value: 100 } });
  });
});

test('of health v2 lacks the longest time of an ejection, and nothing else', () => {
  const clusters = [
    { name: 'a' },
    { name: 'b', health_check: { key: 'k', jitter: '1s' }, outlier_detection: {}, panic_threshold: 5 },
    { name: 'c', outlier_detection: { max_ejection_time: '1m' } },
  ].map(parseCluster);
  assert.deepEqual(findHealthUnsupportedInV2(clusters), [
    'cluster "c": outlier_detection.max_ejection_time 1m: v2 has no such field, times grow without bound there',
  ]);
});
