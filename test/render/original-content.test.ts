// The original program's users keep their bootstraps: on v2 streams of one type they must be
// told exactly what it told them, field by field and with nothing else set.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeMessage } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import { decodeResource } from './decode-resource.ts';
import { cluster, clustersOf, defaultOptions } from './examples.ts';

const clusters = clustersOf(
  cluster('prod', '/prod', { address: '10.0.0.3', port: 8080 }),
  cluster('dev', '/dev', { address: '10.0.0.1', port: 8080 }, { address: '10.0.0.2', port: 8081 }),
  cluster('dev-next', '/dev/next'),
);

function originalCluster(name: string): PlainMessage {
  return {
    name,
    connect_timeout: { seconds: 5 },
    type: 'EDS',
    eds_cluster_config: {
      eds_config: {
        api_config_source: { api_type: 'GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }] },
      },
    },
  };
}

function originalEndpoint(address: string, port: number): PlainMessage {
  return { endpoint: { address: { socket_address: { address, port_value: port } } } };
}

function originalRoute(prefix: string, name: string): PlainMessage {
  return { match: { prefix }, route: { cluster: name, prefix_rewrite: '/' } };
}

const ORIGINAL: Readonly<Record<Exclude<ResourceKind, 'listener' | 'secret'>, Readonly<Record<string, PlainMessage>>>> = {
  cluster: {
    dev: originalCluster('dev'),
    'dev-next': originalCluster('dev-next'),
    prod: originalCluster('prod'),
  },
  endpoint: {
    dev: {
      cluster_name: 'dev',
      endpoints: [{ lb_endpoints: [originalEndpoint('10.0.0.1', 8080), originalEndpoint('10.0.0.2', 8081)] }],
    },
    // The original left this one out, so that Envoy never learned that the last endpoint had gone.
    'dev-next': { cluster_name: 'dev-next' },
    prod: { cluster_name: 'prod', endpoints: [{ lb_endpoints: [originalEndpoint('10.0.0.3', 8080)] }] },
  },
  route: {
    generic_route: {
      name: 'generic_route',
      virtual_hosts: [
        {
          name: 'virtual_host',
          domains: ['*'],
          routes: [
            originalRoute('/dev/next', 'dev-next'),
            originalRoute('/prod', 'prod'),
            originalRoute('/dev', 'dev'),
          ],
        },
      ],
    },
  },
};

describe('on a v2 stream of its own type', () => {
  const snapshot = RenderedSnapshot.of({ clusters }, defaultOptions);
  for (const kind of ['cluster', 'endpoint', 'route'] as const) {
    const messageName = messageNames.v2[kind];
    const { resources } = snapshot.resources(kind, dialects.v2.grpc);

    test(`every ${kind} says what the original said`, () => {
      const decoded = [...resources.values()].map((resource) => [resource.name, decodeResource(messageName, resource)]);
      assert.deepEqual(Object.fromEntries(decoded), ORIGINAL[kind]);
      assert.deepEqual([...resources.keys()], Object.keys(ORIGINAL[kind]));
    });

    // Decoding skips what it does not know: the bytes show that there is nothing else.
    test(`every ${kind} has no other byte on the wire`, () => {
      for (const [name, message] of Object.entries(ORIGINAL[kind])) {
        assert.deepEqual(Buffer.from(resources.get(name)?.value ?? []), encodeMessage(messageName, message));
      }
    });
  }
});
