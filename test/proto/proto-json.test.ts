import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { toProtoJson } from '../../src/proto/proto-json.ts';
import { decodeMessage, encodeMessage } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';

const redisProxy = 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy';

/** What a message is in JSON after it has been on the wire. */
function json(name: string, message: PlainMessage): unknown {
  return toProtoJson(name, decodeMessage(name, encodeMessage(name, message)));
}

describe('a message in JSON', () => {
  test('has field names as in protos/, enums by name, and no fields that hold their default', () => {
    assert.deepEqual(
      json('envoy.config.cluster.v3.Cluster', {
        name: 'a',
        type: 'EDS',
        alt_stat_name: '',
        eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
      }),
      { name: 'a', type: 'EDS', eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } } },
    );
  });

  test('keeps a member of a oneof that holds its default', () => {
    const matcher = 'envoy.type.matcher.v3.StringMatcher';
    assert.deepEqual(json(matcher, { exact: '' }), { exact: '' });
  });

  test('has lists and maps', () => {
    const message = { resource_names_subscribe: ['a', 'b'], initial_resource_versions: { a: '1', b: '2' } };
    assert.deepEqual(json('envoy.service.discovery.v3.DeltaDiscoveryRequest', message), message);
  });

  test('has what an Any holds in place of its bytes, however deep', () => {
    const typedConfig = {
      type_url: `type.googleapis.com/${redisProxy}`,
      value: encodeMessage(redisProxy, { stat_prefix: 'egress_redis', settings: { op_timeout: { seconds: 5 } } }),
    };
    const listener = encodeMessage('envoy.config.listener.v3.Listener', {
      name: 'l',
      filter_chains: [{ filters: [{ name: 'f', typed_config: typedConfig }] }],
    });
    const typeUrl = 'type.googleapis.com/envoy.config.listener.v3.Listener';
    const response = { resources: [{ type_url: typeUrl, value: listener }] };
    assert.deepEqual(json('envoy.service.discovery.v3.DiscoveryResponse', response), {
      resources: [
        {
          '@type': typeUrl,
          name: 'l',
          filter_chains: [
            {
              filters: [
                {
                  name: 'f',
                  typed_config: {
                    '@type': `type.googleapis.com/${redisProxy}`,
                    stat_prefix: 'egress_redis',
                    settings: { op_timeout: '5s' },
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test('has an Any of an empty message, and of a message with a form of its own', () => {
    const ads = 'type.googleapis.com/envoy.config.core.v3.AggregatedConfigSource';
    assert.deepEqual(json('google.protobuf.Any', { type_url: ads }), { '@type': ads });
    const duration = 'type.googleapis.com/google.protobuf.Duration';
    const value = encodeMessage('google.protobuf.Duration', { seconds: 1 });
    assert.deepEqual(json('google.protobuf.Any', { type_url: duration, value }), { '@type': duration, value: '1s' });
  });

  const durations: readonly (readonly [PlainMessage, string])[] = [
    [{}, '0s'],
    [{ seconds: 5 }, '5s'],
    [{ nanos: 250_000_000 }, '0.250s'],
    [{ seconds: 1, nanos: 1_000 }, '1.000001s'],
    [{ seconds: 1, nanos: 1 }, '1.000000001s'],
    [{ seconds: -1, nanos: -500_000_000 }, '-1.500s'],
    [{ nanos: -500_000_000 }, '-0.500s'],
  ];
  for (const [message, expected] of durations) {
    test(`has the duration ${expected}`, () => assert.equal(json('google.protobuf.Duration', message), expected));
  }

  const timestamps: readonly (readonly [PlainMessage, string])[] = [
    [{}, '1970-01-01T00:00:00Z'],
    [{ seconds: 1_700_000_000, nanos: 120_000_000 }, '2023-11-14T22:13:20.120Z'],
    [{ seconds: -1, nanos: 1 }, '1969-12-31T23:59:59.000000001Z'],
  ];
  for (const [message, expected] of timestamps) {
    test(`has the time ${expected}`, () => assert.equal(json('google.protobuf.Timestamp', message), expected));
  }

  test('has the value that a wrapper wraps', () => {
    assert.equal(json('google.protobuf.UInt32Value', { value: 7 }), 7);
    assert.equal(json('google.protobuf.UInt32Value', {}), 0);
    assert.equal(json('google.protobuf.BoolValue', { value: true }), true);
    assert.equal(json('google.protobuf.BoolValue', {}), false);
  });

  test('is refused where it would be wrong: an Any of an unknown type, a form that is not known', () => {
    const unknown = { type_url: 'type.googleapis.com/no.Such' };
    assert.throws(() => json('google.protobuf.Any', unknown), /no such message: no\.Such/u);
    assert.throws(() => toProtoJson('google.protobuf.Struct', {}), /Struct: its JSON form is not known/u);
    assert.throws(() => toProtoJson('envoy.config.cluster.v3.Cluster', { nmae: 'a' }), /no field nmae/u);
  });
});
