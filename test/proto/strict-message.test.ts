import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { protoRoot } from '../../src/proto/protos.ts';
import { toStrictMessage } from '../../src/proto/strict-message.ts';

const REFUSED: readonly (readonly [why: string, type: string, value: unknown, message: string])[] = [
  ['a field that is not there', 'envoy.api.v2.Cluster', { nmae: 'a' }, '.envoy.api.v2.Cluster has no field "nmae"'],
  [
    'a field that is not there, deep inside',
    'envoy.api.v2.Cluster',
    { eds_cluster_config: { eds_config: { adss: {} } } },
    '.envoy.api.v2.core.ConfigSource has no field "adss"',
  ],
  [
    'an inherited name',
    'envoy.api.v2.Cluster',
    { constructor: 'a' },
    '.envoy.api.v2.Cluster has no field "constructor"',
  ],
  [
    'a field of the other API version',
    'envoy.config.cluster.v3.Cluster',
    { drain_connections_on_host_removal: true },
    '.envoy.config.cluster.v3.Cluster has no field "drain_connections_on_host_removal"',
  ],
  [
    'a name in camel case',
    'envoy.api.v2.Cluster',
    { lbPolicy: 'RANDOM' },
    '.envoy.api.v2.Cluster has no field "lbPolicy"',
  ],
  [
    'two members of a oneof',
    'envoy.config.core.v3.ConfigSource',
    { ads: {}, self: {} },
    '.envoy.config.core.v3.ConfigSource.config_source_specifier: more than one member is set',
  ],
  [
    'a number as string',
    'envoy.api.v2.Cluster',
    { name: 1 },
    '.envoy.api.v2.Cluster.name: well-formed string expected, not 1',
  ],
  ['null', 'envoy.api.v2.Cluster', { name: null }, '.envoy.api.v2.Cluster.name: well-formed string expected, not null'],
  [
    'undefined',
    'envoy.api.v2.Cluster',
    { name: undefined },
    '.envoy.api.v2.Cluster.name: well-formed string expected, not undefined',
  ],
  [
    'half a surrogate pair',
    'envoy.api.v2.Cluster',
    { name: '\ud800' },
    '.envoy.api.v2.Cluster.name: well-formed string expected, not string',
  ],
  [
    'a string as boolean',
    'envoy.config.core.v3.SocketAddress',
    { ipv4_compat: 'true' },
    '.envoy.config.core.v3.SocketAddress.ipv4_compat: boolean expected, not string',
  ],
  [
    'a string as port',
    'envoy.config.core.v3.SocketAddress',
    { port_value: '6379' },
    '.envoy.config.core.v3.SocketAddress.port_value: integer >= 0, 32 bits expected, not string',
  ],
  [
    'a negative port',
    'envoy.config.core.v3.SocketAddress',
    { port_value: -1 },
    '.envoy.config.core.v3.SocketAddress.port_value: integer >= 0, 32 bits expected, not -1',
  ],
  [
    'a fraction',
    'google.protobuf.Duration',
    { seconds: 0.5 },
    '.google.protobuf.Duration.seconds: safe integer expected, not 0.5',
  ],
  [
    'an integer beyond 32 bits',
    'google.protobuf.Duration',
    { nanos: 2 ** 31 },
    '.google.protobuf.Duration.nanos: integer, 32 bits expected, not 2147483648',
  ],
  [
    'an unknown enum value',
    'envoy.api.v2.Cluster',
    { type: 'EDSS' },
    '.envoy.api.v2.Cluster.type: .envoy.api.v2.Cluster.DiscoveryType has no value EDSS',
  ],
  [
    'an enum number',
    'envoy.api.v2.Cluster',
    { type: 3 },
    '.envoy.api.v2.Cluster.type: enum value name expected, not 3',
  ],
  [
    'a string as bytes',
    'google.protobuf.Any',
    { value: 'aGk=' },
    '.google.protobuf.Any.value: Uint8Array expected, not string',
  ],
  [
    'a message where a list belongs',
    'envoy.api.v2.ClusterLoadAssignment',
    { endpoints: {} },
    '.envoy.api.v2.ClusterLoadAssignment.endpoints: array expected, not object',
  ],
  [
    'a list where a message belongs',
    'envoy.api.v2.Cluster',
    { eds_cluster_config: [] },
    '.envoy.api.v2.Cluster.EdsClusterConfig: object expected, not array',
  ],
  [
    'a wrong item of a list',
    'envoy.api.v2.route.VirtualHost',
    { domains: ['*', 1] },
    '.envoy.api.v2.route.VirtualHost.domains: well-formed string expected, not 1',
  ],
  [
    'a Map, whose entries would be lost',
    'envoy.api.v2.DeltaDiscoveryRequest',
    { initial_resource_versions: new Map([['a', '1']]) },
    '.envoy.api.v2.DeltaDiscoveryRequest.initial_resource_versions: object expected, not object',
  ],
  [
    'a wrong value of a map',
    'envoy.api.v2.DeltaDiscoveryRequest',
    { initial_resource_versions: { a: 1 } },
    '.envoy.api.v2.DeltaDiscoveryRequest.initial_resource_versions: well-formed string expected, not 1',
  ],
  [
    'an ill-formed key of a map',
    'envoy.api.v2.DeltaDiscoveryRequest',
    { initial_resource_versions: { '\ud800': '1' } },
    '.envoy.api.v2.DeltaDiscoveryRequest.initial_resource_versions: well-formed string expected, not string',
  ],
];

describe('toStrictMessage', () => {
  for (const [why, type, value, message] of REFUSED) {
    test(`refuses ${why}`, () => {
      assert.throws(() => toStrictMessage(protoRoot.lookupType(`.${type}`), value), { name: 'TypeError', message });
    });
  }

  test('gives enum numbers, sorted maps, and no defaults', () => {
    const request = toStrictMessage(protoRoot.lookupType('.envoy.api.v2.DeltaDiscoveryRequest'), {
      type_url: '',
      node: { id: 'n', metadata: { fields: { b: { boolValue: false }, a: { nullValue: 'NULL_VALUE' } } } },
    });
    assert.equal(
      JSON.stringify(request),
      '{"node":{"id":"n","metadata":{"fields":{"a":{"nullValue":0},"b":{"boolValue":false}}}}}',
    );
  });

  test('leaves what it was given as it is', () => {
    const value = Object.freeze({ name: '', type: 'EDS' });
    assert.deepEqual(toStrictMessage(protoRoot.lookupType('.envoy.api.v2.Cluster'), value), { type: 3 });
  });

  test('keeps a map key that is special in JavaScript', () => {
    const fields = JSON.parse('{"__proto__": {"stringValue": "x"}}') as object;
    const struct = toStrictMessage(protoRoot.lookupType('.google.protobuf.Struct'), { fields });
    assert.deepEqual(Object.keys(struct['fields'] as object), ['__proto__']);
  });
});
