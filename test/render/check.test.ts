import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster, Endpoint } from '../../src/inventory/cluster.ts';
import { findUnpublishable } from '../../src/render/check.ts';
import { cluster, defaultOptions } from './examples.ts';

type Case = readonly [what: string, clusters: readonly Cluster[], problems: readonly RegExp[]];

const redisCluster = (...endpoints: readonly Endpoint[]): Cluster => ({ name: 'carts', kind: 'redis_cluster', endpoints });

const CASES: readonly Case[] = [
  ['no clusters', [], []],
  ['a Redis Cluster', [redisCluster({ address: '10.0.0.1', port: 6379 })], []],
  ['a Redis Cluster without a seed', [redisCluster()], [/^cluster "carts": endpoints must have at least one entry/]],
  ['a common cluster', [cluster('dev', '/dev')], []],
  ["the control plane's own name in another case", [cluster('XDS_cluster', '/x')], []],
  ["the control plane's own name as prefix", [cluster('dev', 'xds_cluster')], []],
  ["the control plane's own name", [cluster('xds_cluster', '/x')], [/^cluster "xds_cluster": .*by this name/]],
  // Seen with Envoy 1.40: it asks for the endpoints of `*` as a wildcard, and waits for ever while that cluster warms;
  // for `xdstp:` that is no whole xdstp URL it refuses all clusters of the response.
  ['the wildcard of discovery requests as name', [cluster('*', '/x')], [/^cluster "\*": /]],
  ['a name that Envoy takes for a locator', [cluster('xdstp:x', '/x')], [/^cluster "xdstp:x": /]],
  ['names that only look like these', [cluster('**', '/a'), cluster('xdstp', '/b'), cluster('a xdstp:', '/c')], []],
  [
    'secrets that can not be asked for',
    [{ ...cluster('dev', '/x'), upstream_tls: { ca: { secret: '*' }, sni: 'a', certificate: { secret: 'xdstp:x' } } }],
    [/^cluster "dev": upstream_tls\.ca: secret "\*": /, /^cluster "dev": upstream_tls\.certificate: secret "xdstp:x": /],
  ],
  ['a prefix of 1,000 bytes', [cluster('dev', 'p'.repeat(1000))], []],
  ['a prefix of 1,001 bytes', [cluster('dev', 'p'.repeat(1001))], [/^cluster "dev": prefix has 1001 bytes/]],
  ['a prefix of 250 characters of four bytes', [cluster('dev', '😀'.repeat(250))], []],
  ['a prefix of 251 characters of four bytes', [cluster('dev', '😀'.repeat(251))], [/^cluster "dev": .* 1004 bytes/]],
  [
    'two faults in one cluster and one in another',
    [cluster('xds_cluster', 'p'.repeat(1001)), cluster('good', '/g'), cluster('"', 'p'.repeat(1002))],
    [
      /^cluster "xds_cluster": .*by this name/,
      /^cluster "xds_cluster": .* 1001 bytes/,
      /^cluster "\\"": .* 1002 bytes/,
    ],
  ],
];

describe('findUnpublishable', () => {
  for (const [what, clusters, expected] of CASES) {
    test(`${what}: ${expected.length === 0 ? 'none' : expected.length}`, () => {
      const problems = findUnpublishable(clusters, defaultOptions);
      assert.equal(problems.length, expected.length, problems.join('\n'));
      for (const [index, problem] of problems.entries()) {
        assert.match(problem, expected[index] ?? /^$/);
        assert.doesNotMatch(problem, /\p{Cc}/u);
      }
    });
  }

  test('goes by the name that the control plane has in this process', () => {
    const options = { ...defaultOptions, xdsClusterName: 'control' };
    assert.equal(findUnpublishable([cluster('control', '/x')], options).length, 1);
    assert.equal(findUnpublishable([cluster('xds_cluster', '/x')], options).length, 0);
  });
});
