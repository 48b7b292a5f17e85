// What Envoy 1.40 was seen to refuse, or to take in silence and do harm with, row by row: the declaration that comes
// nearest to it is refused or warned of before any Envoy sees it, or nothing that is published can say it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FaultsError } from '../../src/model/faults.ts';
import { parseCluster, parseConfig, parseListener, parseSecret } from '../../src/model/parse.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import { decodeResource } from '../render/decode-resource.ts';
import { byName, defaultOptions } from '../render/examples.ts';
import { makeAuthority } from '../support/certificates.ts';
import { openDesk } from '../support/open-desk.ts';

interface Config {
  readonly clusters?: readonly object[];
  readonly listeners?: readonly object[];
}

type Row = readonly [what: string, declared: Config, answer: RegExp];

const server = { address: '10.0.0.1', port: 6379 };
const other = { address: '10.0.0.2', port: 6379 };

const of = (...clusters: readonly object[]): Config => ({ clusters: clusters.map((each) => ({ name: 'a', ...each })) });
const at = (...endpoints: readonly object[]): Config => of({ endpoints });
const listening = (...listeners: readonly object[]): Config => ({
  clusters: [{ name: 'a', prefix: 'a:', endpoints: [server] }],
  listeners: listeners.map((each) => ({ name: 'l', address: '0.0.0.0:7000', catch_all: 'a', ...each })),
});
const routing = (...routes: readonly object[]): Config => {
  return listening({ routes: routes.map((each) => ({ prefix: 'p:', cluster: 'a', ...each })) });
};
const web = (...routes: readonly object[]): Config => ({
  clusters: [{ name: 'a', endpoints: [server] }],
  listeners: [{ name: 'w', kind: 'http', routes: routes.map((each) => ({ prefix: '/', cluster: 'a', ...each })) }],
});
const redisCluster = (fields: object): Config => of({ kind: 'redis_cluster', endpoints: [server, other], ...fields });

const clusterRows: readonly Row[] = [
  ['connect_timeout 0s', of({ connect_timeout: '0s' }), /^\/clusters\/0\/connect_timeout .* above 0/],
  ['a cluster without a name', of({ name: '' }), /^\/clusters\/0\/name .* must not be empty/],
  ['a cluster name twice', of({}, {}), /^\/clusters\/1\/name .* must be there once/],
  ['a cluster named like the static one', of({ name: 'xds_cluster' }), /^cluster "xds_cluster": every Envoy knows/],
  ['a cluster named like the one for polling', of({ name: 'xds_rest' }), /^name-in-bootstrap:/],
  ['a health check without an unhealthy threshold', of({ health_check: { unhealthy_threshold: 0 } }), /unhealthy_threshold/],
  ['an unknown health checker', of({ health_check: { protocol: 'memcached' } }), /^\/clusters\/0\/health_check\/protocol/],
  ['the policy of another kind', of({ load_balancing: { policy: 'cluster_provided' } }), /load_balancing\/policy/],
  ['a policy that there is not', of({ load_balancing: { policy: 'original_dst_lb' } }), /load_balancing\/policy/],
  ['a Maglev table of 100', of({ load_balancing: { policy: 'maglev', table_size: 100 } }), /must be a prime number/],
  [
    'a ring that is larger at least than at most',
    of({ load_balancing: { policy: 'ring_hash', min_ring_size: 100, max_ring_size: 10 } }),
    /max_ring_size .* must not be below min_ring_size/,
  ],
  ['panic at 0', of({ health_check: {}, panic_threshold: 0 }), /panic_threshold .* a MULTI then ends it/],
  ['circuit breakers, which Redis ignores', of({ circuit_breakers: {} }), /circuit_breakers .* heeds none for Redis/],
  ['subsets, which Redis has no metadata for', of({ lb_subset_config: {} }), /lb_subset_config .* no subset for Redis/],
  ['a policy for a Redis Cluster', redisCluster({ load_balancing: { policy: 'maglev' } }), /load_balancing .* no such field/],
  ['a Redis Cluster that is asked never', redisCluster({ refresh: { rate: '0s' } }), /refresh\/rate .* above 0/],
  ['a Redis Cluster without a seed', redisCluster({ endpoints: [] }), /^cluster "a": endpoints must have at least one/],
  ['a Redis Cluster of one seed', redisCluster({ endpoints: [server] }), /^few-seeds:/],
  ['a Redis Cluster, for MULTI', redisCluster({}), /^multi-ends-envoy:/],
  [
    'passwords of servers beside a health check',
    of({ endpoints: [{ ...server, upstream_auth: { password: { secret: 'p' } } }], health_check: {} }),
    /health_check .* own upstream_auth/,
  ],
  ['TLS that nobody is checked by', of({ upstream_tls: {} }), /upstream_tls\/ca .* is required/],
  ['shards among which keys scatter', of({ kind: 'sharded', shards: [], load_balancing: { policy: 'random' } }), /policy/],
];

const endpointRows: readonly Row[] = [
  ['port 70000', at({ ...server, port: 70_000 }), /endpoints\/0\/port .* must be at most 65535/],
  ['port 0', at({ ...server, port: 0 }), /endpoints\/0\/port .* must be at least 1/],
  ['an empty address', at({ ...server, address: '' }), /endpoints\/0\/address .* IPv4 or IPv6 address/],
  ['no address', at({ port: 6379 }), /endpoints\/0\/address .* is required/],
  ['weight 0', at({ ...server, weight: 0 }), /endpoints\/0\/weight .* must be at least 1/],
  ['priority 200, or a gap', at({ ...server, priority: 200 }), /endpoints\/0\/priority .* no such field/],
  ['a server twice', at(server, server), /endpoints .* each address and port once/],
  [
    'a hash key twice',
    of({ kind: 'sharded', shards: [server, other].map((endpoint) => ({ name: 's', endpoint })) }),
    /shards .* must have each name once/,
  ],
];

const listenerRows: readonly Row[] = [
  ['a listener without a name', listening({ name: '' }), /listeners\/0\/name .* must not be empty/],
  ['a listener name twice', listening({}, {}), /listeners\/1\/name .* must be there once/],
  ['an address twice', listening({}, { name: 'm' }), /^listener "m": address .* is in the way of listener "l"/],
  ['port 70000', listening({ address: '0.0.0.0:70000' }), /listeners\/0\/address .* IP address and a port/],
  ['a port of its own choice', listening({ address: '0.0.0.0:0' }), /listeners\/0\/address .* IP address and a port/],
  ['a host name', listening({ address: 'localhost:7000' }), /listeners\/0\/address .* IP address and a port/],
  ['no address', listening({ address: undefined }), /^listener "l": address is required/],
  ['a port that the control plane has', listening({ address: '0.0.0.0:5678' }), /^address-of-control-plane:/],
  ['no route and no catch-all', listening({ routes: [], catch_all: 'none' }), /^listener "l": no key has a route/],
  ['op_timeout 0s', listening({ op_timeout: '0s' }), /op_timeout .* above 0/],
  ['a prefix twice', routing({}, {}), /listeners\/0\/routes .* must have each prefix once/],
  ['a prefix twice, of clusters', of({ prefix: 'p:' }, { name: 'b', prefix: 'p:' }), /prefix "p:"/],
  [
    'a prefix twice, where case does not count',
    listening({ case_insensitive: true, routes: ['a', 'A'].map((prefix) => ({ prefix, cluster: 'a' })) }),
    /^listener "l": case_insensitive: prefixes "A" and "a" are one/,
  ],
  ['an empty prefix', routing({ prefix: '' }), /prefix .* must not be empty/],
  ['a prefix of 1001 bytes', routing({ prefix: 'x'.repeat(1_001) }), /prefix .* must have at most 1000 bytes/],
  ['a route to nobody', routing({ cluster: 'no' }), /^listener "l": route "p:": cluster "no" is not declared/],
  ['a mirror that is nobody', routing({ mirrors: [{ cluster: 'no' }] }), /^listener "l": route "p:": mirror: cluster "no"/],
  ['a format that kills Envoy', routing({ key_formatter: '%KEY%%REQ(x)%' }), /key_formatter .* must have no %/],
  ['a catch-all that is nobody', listening({ catch_all: 'no' }), /^listener "l": catch_all: cluster "no" is not declared/],
  ['a TCP listener to nobody', listening({ kind: 'tcp', cluster: 'no', catch_all: undefined }), /^listener "l": cluster "no"/],
  ['a read policy that there is not', listening({ read_policy: 'local_zone_affinity' }), /read_policy .* must be one of/],
  ['a read policy for plain clusters', listening({ read_policy: 'any', routes: [] }), /^listener "l": read_policy any/],
  ['reads of a plain cluster', routing({ reads: 'any' }), /^listener "l": route "p:": reads any: cluster "a" is plain/],
  ['a command that turns a shared connection', listening({ custom_commands: ['subscribe'] }), /custom_commands\/0/],
  ['faults of more than all commands', listening({ faults: [60, 50].map((percent) => ({ type: 'error', percent })) }), /percents/],
  ['two wildcards', web({ hosts: ['*'] }), /routes\/0\/hosts\/0 .* must be a host name/],
  ['an HTTP prefix twice', web({}, {}), /routes .* must have each prefix once, of one host/],
  ['an HTTP route to nobody', web({ cluster: 'no' }), /^listener "w": route "\/": cluster "no" is not declared/],
  ['an HTTP route without a cluster', web({ cluster: '' }), /routes\/0\/cluster .* must not be empty/],
  ['a prefix of HTTP that no path has', web({ prefix: 'x\n' }), /prefix .* control characters/],
];

/** Everything that is answered to a declaration, one line each. */
async function answersTo(config: Config): Promise<string[]> {
  let parsed;
  try {
    parsed = parseConfig(JSON.parse(JSON.stringify(config)));
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    return error.faults.map(({ pointer, value, rule }) => `${pointer} ${JSON.stringify(value) ?? 'nothing'} ${rule}`);
  }
  const toEdits = <T extends { readonly name: string }>(objects: readonly T[]) => {
    return objects.map((after) => ({ name: after.name, after }));
  };
  const edits = { clusters: toEdits(parsed.clusters), listeners: toEdits(parsed.listeners), secrets: [] };
  const ownAddresses = [{ flag: '--xds-address', address: { host: '0.0.0.0', port: 5678 } }];
  const desk = await openDesk({ ownAddresses });
  try {
    await desk.stage(() => edits, 'test');
    const { errors, warnings } = await desk.plan();
    return [...errors.map(({ message }) => message), ...warnings.map(({ code, message }) => `${code}: ${message}`)];
  } catch (error) {
    assert.ok(error instanceof Error && error.name === 'InventoryError', String(error));
    return [error.message];
  } finally {
    desk.close();
  }
}

for (const [about, rows] of Object.entries({ cluster: clusterRows, endpoint: endpointRows, listener: listenerRows })) {
  describe(`what Envoy would not take of a ${about}, or would take amiss`, () => {
    for (const [what, config, answer] of rows) {
      test(what, async () => {
        const answers = await answersTo(config);
        assert.ok(answers.some((line) => answer.test(line)), answers.join('\n') || 'nothing was said');
      });
    }
  });
}

test('none of these rows says more than its own fault: what they are made of is taken', async () => {
  const fine = [of({}), at(server, other), listening({}), routing({}), web({}), redisCluster({})];
  for (const config of fine) {
    const harmless = /^(multi-ends-envoy|not-in-v2|no-catch-all):/;
    assert.deepEqual((await answersTo(config)).filter((line) => !harmless.test(line)), [], JSON.stringify(config));
  }
});

describe('what Envoy would not take of a secret', () => {
  const authority = makeAuthority();
  const [own, foreign] = [authority.issue('own'), authority.issue('foreign')];
  const certificate = (fields: object) => ({ name: 's', kind: 'certificate', chain: own.chain, key: own.key, ...fields });
  const rows: readonly (readonly [what: string, secret: object, rule: RegExp])[] = [
    ['a key of another certificate', certificate({ key: foreign.key }), /^\/key must be the key of the certificate/],
    ['a chain that is none', certificate({ chain: 'x' }), /^\/chain must be one certificate or more/],
    ['an empty key', certificate({ key: '' }), /^\/key must/],
    ['a CA that is none', { name: 's', kind: 'ca', value: 'x' }, /^\/value must be one CA certificate or more/],
    ['no name', certificate({ name: '' }), /^\/name must not be empty/],
  ];
  for (const [what, secret, rule] of rows) {
    test(what, () => {
      assert.throws(() => parseSecret(secret), (error: unknown) => {
        assert.ok(error instanceof FaultsError);
        assert.ok(error.faults.some((fault) => rule.test(`${fault.pointer} ${fault.rule}`)), JSON.stringify(error.faults));
        return true;
      });
    });
  }
});

describe('what is published says itself what Envoy would miss', () => {
  const published = (kind: ResourceKind, name: string, { clusters = [], listeners = [] }: Config): unknown => {
    const objects = { clusters: byName(...clusters.map(parseCluster)), listeners: byName(...listeners.map(parseListener)) };
    const resource = RenderedSnapshot.of(objects, defaultOptions).resources(kind, dialects.v3.ads).resources.get(name);
    return resource && decodeResource(messageNames.v3[kind], resource);
  };
  const checked = { endpoints: [server, other], health_check: {}, outlier_detection: {} };
  const group = { kind: 'replicated', primary: '10.0.0.1:6379', endpoints: [server, other] };
  const rows: readonly (readonly [what: string, kind: ResourceKind, name: string, config: Config, parts: readonly string[]])[] = [
    ['a connect_timeout', 'cluster', 'a', of({}), ['"connect_timeout":{"seconds":5}']],
    ['by whom endpoints are told', 'cluster', 'a', of({}), ['"type":"EDS"', '"eds_config":{"ads":{}']],
    ['the thresholds of a check, and its pause when idle', 'cluster', 'a', of(checked), [
      '"unhealthy_threshold":{"value":2}', '"healthy_threshold":{"value":1}', '"no_traffic_interval"',
    ]],
    ['whom outlier detection may eject', 'cluster', 'a', of(checked), ['"max_ejection_percent":{"value":100}']],
    ['when to panic', 'cluster', 'a', of(checked), ['"healthy_panic_threshold":{"value":1}']],
    ['that a removed server goes, whatever its health', 'cluster', 'a', of(checked), ['"ignore_health_on_host_removal":true']],
    ['which policy sharded keys go by', 'cluster', 'a', of({ kind: 'sharded', shards: [] }), ['"lb_policy":"MAGLEV"']],
    ['the policy of a Redis Cluster, and that nobody waits for it', 'cluster', 'a', redisCluster({}), [
      '"lb_policy":"CLUSTER_PROVIDED"', '"wait_for_warm_on_init":{}',
    ]],
    ['host names by DNS', 'cluster', 'a', at({ address: 'redis.local', port: 6379 }), [
      '"type":"STRICT_DNS"', '"address":"redis.local"',
    ]],
    ['that the primary is the last resort', 'endpoint', 'a/prefer_replica', of(group), [
      '"overprovisioning_factor":{"value":10000}', '"priority":1',
    ]],
    ['what a Redis listener must have', 'listener', 'l', listening({}), [
      '"op_timeout":{"seconds":5}', '"stat_prefix":"l"', '"cluster":"a"',
    ]],
  ];
  for (const [what, kind, name, config, parts] of rows) {
    test(what, () => {
      const text = JSON.stringify(published(kind, name, config)) ?? 'nothing';
      for (const part of parts) assert.ok(text.includes(part), text);
    });
  }

  test('no endpoints of host names by EDS', () => {
    assert.equal(published('endpoint', 'a', at({ address: 'redis.local', port: 6379 })), undefined);
  });
});
