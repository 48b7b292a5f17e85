// What can be declared about the health of servers: what is refused, and what stands where nothing is said.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { contentOf } from '../../src/model/canonical.ts';
import { withClusterDefaults } from '../../src/model/defaults.ts';
import { FaultsError } from '../../src/model/faults.ts';
import { parseCluster } from '../../src/model/parse.ts';

function faultsOf(fields: object): string[] {
  try {
    parseCluster({ name: 'a', ...fields });
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    return error.faults.map(({ pointer, value, rule }) => `${pointer} ${JSON.stringify(value) ?? 'nothing'}: ${rule}`);
  }
  return [];
}

function effective(fields: object): Record<string, unknown> {
  const { health_check, outlier_detection, panic_threshold, placement } = withClusterDefaults(
    parseCluster({ name: 'a', ...fields }),
  );
  return Object.fromEntries(
    Object.entries({ health_check, outlier_detection, panic_threshold, placement }).filter(([, value]) => value),
  );
}

const sharded = { kind: 'sharded', shards: [] };

describe('what is declared about health', () => {
  const below = 'such as 500ms, 5s or 1m';
  const fixed = 'must be left out unless placement is remap: with fixed,';
  const cases: readonly (readonly [what: string, fields: object, faults: readonly string[]])[] = [
    ['may be a check that leaves everything to us', { health_check: {} }, []],
    ['may be all of a check by Redis', {
      health_check: {
        protocol: 'redis', interval: '1s', timeout: '500ms', unhealthy_threshold: 2, healthy_threshold: 1, jitter: '1s', key: 'k',
      },
    }, []],
    ['may be a check by connecting', { health_check: { protocol: 'tcp', interval: '100ms' } }, []],
    ['may be a check by HTTP', { health_check: { protocol: 'http', path: '/healthz?full', host: 'a.example:80' } }, []],
    ['may be all of an outlier detection', {
      outlier_detection: {
        consecutive_failures: 3, interval: '1s', base_ejection_time: '2s', max_ejection_time: '2s', max_ejection_percent: 50,
      },
      panic_threshold: 100,
    }, []],
    ['has checks at some distance', { health_check: { interval: '99ms' } }, [
      `/health_check/interval "99ms": must be a duration of at least 100ms and up to 1h, ${below}`,
    ]],
    ['has checks that take some time', { health_check: { timeout: '0s' } }, [
      `/health_check/timeout "0s": must be a duration above 0 and up to 4s, ${below}`,
    ]],
    ['has checks for which a listener can wait', { health_check: { timeout: '4001ms' } }, [
      `/health_check/timeout "4001ms": must be a duration above 0 and up to 4s, ${below}`,
    ]],
    ['has thresholds above 0', { health_check: { unhealthy_threshold: 0, healthy_threshold: 1.5 } }, [
      '/health_check/unhealthy_threshold 0: must be at least 1', '/health_check/healthy_threshold 1.5: must be a whole number',
    ]],
    ['has a key for Redis alone', { health_check: { protocol: 'tcp', key: 'k' } }, ['/health_check/key "k": no such field']],
    ['has a path for HTTP', { health_check: { protocol: 'http' } }, ['/health_check/path nothing: is required']],
    ['has a path that is one', { health_check: { protocol: 'http', path: 'a b' } }, [
      '/health_check/path "a b": must be a path, such as /healthz',
    ]],
    ['has a host that is one', { health_check: { protocol: 'http', path: '/', host: 'a\nb' } }, [
      '/health_check/host "a\\nb": must be a host, and a port if wanted',
    ]],
    ['has a protocol that there is', { health_check: { protocol: 'grpc' } }, [
      '/health_check/protocol "grpc": must be one of redis, tcp, http',
    ]],
    ['ejects for no longer than it may', { outlier_detection: { max_ejection_time: '29s' } }, [
      '/outlier_detection/max_ejection_time "29s": must not be below base_ejection_time (30s unless told)',
    ]],
    ['ejects for times that are such', { outlier_detection: { base_ejection_time: 'x', max_ejection_time: '25h' } }, [
      `/outlier_detection/base_ejection_time "x": must be a duration above 0 and up to 24h, ${below}`,
      `/outlier_detection/max_ejection_time "25h": must be a duration above 0 and up to 24h, ${below}`,
    ]],
    ['ejects some', { outlier_detection: { max_ejection_percent: 0 } }, [
      '/outlier_detection/max_ejection_percent 0: must be at least 1',
    ]],
    ['leaves Envoy a server to choose', { panic_threshold: 0 }, [
      '/panic_threshold 0: must be at least 1: ' +
        'with 0 Envoy has no server to choose when none is healthy, and a MULTI then ends it',
    ]],
    ['says of shards alone whether keys stay', { placement: 'fixed' }, ['/placement "fixed": no such field: clusters of kind sharded have it']],
    ['may check shards whose keys stay', { ...sharded, health_check: { interval: '1s' } }, []],
    ['may check and eject shards whose keys go elsewhere', {
      ...sharded, placement: 'remap', health_check: { key: 'k' }, outlier_detection: {}, panic_threshold: 50,
    }, []],
    ['is of any kind', { kind: 'replicated', health_check: {}, outlier_detection: {} }, []],
    ['has a threshold where servers are equals', { kind: 'redis_cluster', health_check: {}, panic_threshold: 5 }, [
      '/panic_threshold 5: no such field: clusters of kind plain and sharded have it, of the others it is 1',
    ]],
    ['moves no keys that are to stay', {
      ...sharded, health_check: { key: 'k' }, outlier_detection: {}, panic_threshold: 50,
    }, [
      `/outlier_detection {}: ${fixed} keys of a server that is ejected go to other shards`,
      `/health_check/key "k": ${fixed} a server under maintenance keeps its keys`,
      `/panic_threshold 50: ${fixed} all shards are sent commands, whatever their health`,
    ]],
    ['is none of the fields that Envoy ignores or calls otherwise', { circuit_breakers: {}, read_policy: 'ANY', constructor: 1 }, [
      '/circuit_breakers {}: no such field: Envoy heeds none for Redis',
      '/read_policy "ANY": no such field: a listener has it, for clusters of kind redis_cluster alone',
      '/constructor 1: no such field',
    ]],
    ['has what is about health at its place, and by its name here', {
      common_lb_config: {}, healthy_panic_threshold: 0, overprovisioning_factor: 140, lb_subset_config: {},
      ignore_health_on_host_removal: false, health_check: { no_traffic_interval: '60s' }, outlier_detection: { consecutive_5xx: 3 },
    }, [
      '/common_lb_config {}: no such field: of it there is panic_threshold',
      '/healthy_panic_threshold 0: no such field: it is called panic_threshold',
      '/overprovisioning_factor 140: no such field: it follows from panic_threshold',
      '/lb_subset_config {}: no such field: Envoy picks no subset for Redis',
      '/ignore_health_on_host_removal false: no such field: ' +
        'it is on wherever a server that was removed could go on being sent commands',
      '/health_check/no_traffic_interval "60s": no such field: it is as long as interval',
      '/outlier_detection/consecutive_5xx 3: no such field: it is called consecutive_failures',
    ]],
  ];
  for (const [what, fields, faults] of cases) {
    test(what, () => assert.deepEqual(faultsOf(fields).toSorted(), faults.toSorted()));
  }
});

describe('what stands where nothing is said', () => {
  const check = { protocol: 'redis', interval: '5s', timeout: '1s', unhealthy_threshold: 2, healthy_threshold: 1 };
  const cases: readonly (readonly [what: string, fields: object, expected: object])[] = [
    ['nobody looks', {}, {}],
    ['keys of a shard stay', sharded, { placement: 'fixed' }],
    ['a check is a PING', { health_check: { interval: '1s' } }, {
      health_check: { ...check, interval: '1s' }, panic_threshold: 1,
    }],
    ['a check keeps its protocol', { health_check: { protocol: 'http', path: '/' } }, {
      health_check: { ...check, protocol: 'http', path: '/' }, panic_threshold: 1,
    }],
    ['two servers are enough for one to be ejected', { outlier_detection: {} }, {
      outlier_detection: { consecutive_failures: 5, interval: '10s', base_ejection_time: '30s', max_ejection_percent: 100 },
      panic_threshold: 1,
    }],
    ['a check moves no key of a shard', { ...sharded, health_check: {} }, {
      health_check: check, panic_threshold: 100, placement: 'fixed',
    }],
    ['of replicas there is no threshold', { kind: 'replicated', outlier_detection: {} }, {
      outlier_detection: { consecutive_failures: 5, interval: '10s', base_ejection_time: '30s', max_ejection_percent: 100 },
    }],
    ['a threshold is not needed where keys may go elsewhere', { ...sharded, placement: 'remap', health_check: {} }, {
      health_check: check, panic_threshold: 1, placement: 'remap',
    }],
  ];
  for (const [what, fields, expected] of cases) test(what, () => assert.deepEqual(effective(fields), expected));
});

test('a check is the same however it was written', () => {
  const one = { name: 'a', health_check: { protocol: 'redis', timeout: '1s', interval: '2s' }, panic_threshold: 2 };
  const other = { panic_threshold: 2, health_check: { interval: '2s', timeout: '1s' }, name: 'a' };
  assert.equal(contentOf(parseCluster(one)), contentOf(parseCluster(other)));
  assert.equal(contentOf(parseCluster({ name: 'a', health_check: {} })), '{"name":"a","endpoints":[],"health_check":{}}');
});
