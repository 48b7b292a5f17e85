import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { replaceableServers, withHealth } from '../../src/effective/health.ts';
import type { SeenServer, ServerState } from '../../src/effective/seen.ts';
import type { Verdicts } from '../../src/effective/verdicts-by-cluster.ts';
import { againAtMsOf, decideFor, outagesOf, verdictsFrom } from '../../src/effective/verdicts-by-cluster.ts';
import type { Rules } from '../../src/effective/verdicts.ts';
import { hostsOf } from '../../src/inventory/cluster.ts';
import { readHostsOf } from '../../src/inventory/read-clusters.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { buildLoadAssignment } from '../../src/render/load-assignment.ts';

const at = (last: number) => ({ address: `10.0.0.${last}`, port: 6379 });
const named = (last: number): string => `10.0.0.${last}:6379`;
const endpoints = [at(1), at(2), at(3)];
const shards = [{ name: 's', endpoint: at(1) }, { name: 't', primary: named(2), endpoints: [at(2), at(3)] }];

describe('servers that stand in for each other', () => {
  const cases: readonly (readonly [what: string, cluster: object, servers: readonly number[]])[] = [
    ['are all of a plain cluster', { endpoints }, [1, 2, 3]],
    ['are the replicas of a replicated one', { kind: 'replicated', primary: named(2), endpoints }, [1, 3]],
    ['are all of a sharded one whose keys may move', { kind: 'sharded', placement: 'remap', shards }, [1, 2, 3]],
    ['are none of a sharded one whose keys stay', { kind: 'sharded', shards }, []],
    ['are none of a Redis Cluster', { kind: 'redis_cluster', endpoints }, []],
  ];
  for (const [what, cluster, servers] of cases) {
    test(what, () => assert.deepEqual(replaceableServers(parseCluster({ name: 'c', ...cluster })), servers.map(named)));
  }
});

describe('a server that is out', () => {
  const out = new Set([named(1)]);

  test('is published as unhealthy, and nothing else is changed', () => {
    const declared = parseCluster({ name: 'c', endpoints: [{ ...at(1), weight: 2 }, at(2)] });
    const assignment = buildLoadAssignment('c', hostsOf(withHealth(declared, out)));
    assert.deepEqual(assignment, {
      cluster_name: 'c',
      endpoints: [
        {
          lb_endpoints: [
            {
              endpoint: { address: { socket_address: { address: '10.0.0.1', port_value: 6379 } } },
              health_status: 'UNHEALTHY',
              load_balancing_weight: { value: 2 },
            },
            { endpoint: { address: { socket_address: { address: '10.0.0.2', port_value: 6379 } } } },
          ],
        },
      ],
    });
  });

  test('is so for all that read from it', () => {
    const declared = parseCluster({ name: 'c', kind: 'replicated', primary: named(2), endpoints });
    const cluster = withHealth(declared, out);
    for (const mode of ['replica', 'prefer_replica', 'any'] as const) {
      const marked = readHostsOf(cluster, mode).filter(({ health }) => health === 'unhealthy');
      assert.deepEqual(marked.map(({ address }) => address), ['10.0.0.1']);
    }
    assert.deepEqual(hostsOf(cluster).map(({ health }) => health), [undefined]);
  });

  test('may be that of a shard', () => {
    const declared = parseCluster({ name: 'c', kind: 'sharded', placement: 'remap', shards });
    const healths = (servers: readonly number[]) => {
      return hostsOf(withHealth(declared, new Set(servers.map(named)))).map(({ health }) => health);
    };
    assert.deepEqual(healths([1]), ['unhealthy', undefined]);
    assert.deepEqual(healths([2]), [undefined, 'unhealthy']);
  });

  test('is no more in the assignment when there are more of them than others: Envoy would send commands to all', () => {
    const healths = (cluster: object, ...out: readonly number[]): string => {
      const declared = parseCluster({ name: 'c', ...cluster });
      return hostsOf(withHealth(declared, new Set(out.map(named))))
        .map(({ address, health }) => address.replace('10.0.0.', '') + (health === undefined ? '' : ' out'))
        .join();
    };
    assert.equal(healths({ endpoints }, 1), '1 out,2,3');
    assert.equal(healths({ endpoints }, 1, 2), '1 out,3');
    const single = [1, 2, 3].map((last) => ({ name: `s${last}`, endpoint: at(last) }));
    assert.equal(healths({ kind: 'sharded', placement: 'remap', shards: single }, 1, 3), '1 out,2');
  });

  test('leaves the cluster itself when there is none, and the same object while they stay', () => {
    const declared = parseCluster({ name: 'c', endpoints });
    assert.equal(withHealth(declared, new Set()), declared);
    assert.equal(withHealth(declared, out), withHealth(declared, new Set(out)));
    assert.notEqual(withHealth(declared, out), withHealth(declared, new Set([named(2)])));
  });
});

describe('the verdicts on all clusters', () => {
  const rules: Rules = { maxShare: 0.5, detectionMs: 4_000, returnShare: 0.25, returnEveryMs: 1_000 };
  const seen = (...states: readonly ServerState[]): ReadonlyMap<string, SeenServer> => {
    return new Map(states.map((state, index) => [named(index + 1), { state, sinceMs: 0, reason: 'refused' }]));
  };
  const [a, b] = ['a', 'b'].map((name) => parseCluster({ name, endpoints }));
  assert.ok(a !== undefined && b !== undefined);
  const decideBoth = (before: Verdicts, bySeen: Readonly<Record<string, ReadonlyMap<string, SeenServer>>>) => {
    return decideFor(before, new Map([['a', a], ['b', b]]), new Map(Object.entries(bySeen)), () => rules, 10_000);
  };

  test('are of each by itself', () => {
    const verdicts = decideBoth(new Map(), { a: seen('down', 'up', 'up'), b: seen('up', 'up', 'up') });
    assert.deepEqual(Array.from(outagesOf(verdicts), ([name, out]) => [name, [...out]]), [
      ['a', [[named(1), { sinceMs: 0, reason: 'refused' }]]],
    ]);
    assert.equal(againAtMsOf(verdicts), undefined);
  });

  test('are none while most of what is watched is silent, wherever it is', () => {
    const far = new Map(['10.9.0.1:1', '10.9.0.2:1', '10.9.0.3:1'].map((server): [string, SeenServer] => {
      return [server, { state: 'suspect', sinceMs: 0 }];
    }));
    const verdicts = decideBoth(new Map(), { a: seen('down', 'up', 'up'), b: far });
    assert.equal(outagesOf(verdicts).size, 0);
    assert.equal(verdicts.get('a')?.alarm, 'in-doubt');
  });

  test('count a server of many clusters once', () => {
    const verdicts = decideBoth(new Map(), { a: seen('down', 'up', 'up'), b: seen('down', 'up', 'up') });
    assert.deepEqual([...outagesOf(verdicts).keys()], ['a', 'b']);
  });

  test('let in again who is watched no more, for nobody would see that it is back', () => {
    const kept = new Map([['a', new Map([[named(1), { sinceMs: 5, reason: 'refused' }]])]]);
    const after = decideFor(verdictsFrom(kept), new Map([['a', a]]), new Map(), () => undefined, 10_000);
    assert.equal(after.size, 0);
  });

  test('go on from those that were kept', () => {
    const kept = new Map([['a', new Map([[named(1), { sinceMs: 5, reason: 'refused' }]])]]);
    const after = decideFor(verdictsFrom(kept), new Map([['a', a]]), new Map(), () => rules, 10_000);
    assert.deepEqual(outagesOf(after), kept);
    const back = decideFor(after, new Map([['a', a]]), new Map([['a', seen('up', 'up', 'up')]]), () => rules, 10_000);
    assert.equal(outagesOf(back).size, 0);
  });
});
