// What is published of declarations as a bootstrap in which all of it is static: the very bytes of clusters and
// listeners, and those of endpoints and routes inside a cluster and a listener of their own.

import protobuf from 'protobufjs';

import { encodeMessage } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';
import { implicitNames } from '../../src/render/implicit-listeners.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { dialects, typeUrlOf } from '../../src/snapshot/dialect.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import { byName, defaultOptions } from '../render/examples.ts';
import { openPlain, plainSecret } from '../render/plain-secrets.ts';
import type { Declaration } from './declaration.ts';
import { secretNames } from './fields.ts';

// As envoy.config.bootstrap.v3.Bootstrap has them on the wire; a message in a message is bytes.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Bootstrap {
    message StaticResources { repeated bytes listeners = 1; repeated bytes clusters = 2; }
    bytes node = 1;
    StaticResources static_resources = 2;
  }
`, { keepCase: true });
// What they hold is for a real server to look at.
const secrets = byName(
  plainSecret(secretNames.password, { kind: 'password', value: 'a password' }),
  plainSecret(secretNames.certificate, { kind: 'certificate', chain: 'a certificate', key: 'its key' }),
  plainSecret(secretNames.ca, { kind: 'ca', value: 'a CA' }),
);

const bootstrapType = root.lookupType('Bootstrap');

const [cluster, listener] = ['envoy.config.cluster.v3.Cluster', 'envoy.config.listener.v3.Listener'] as const;
const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const router = 'envoy.extensions.filters.http.router.v3.Router';
const loadAssignmentField = 33;
const routeConfigField = 4;

/**
 * For a file whose name ends in .pb. As per-type streams have it: with ADS a static cluster that asks for secrets
 * before it is live ends Envoy (1.40); one that comes by ADS itself does not. Without the listeners that are there
 * undeclared: all would have one name.
 */
export function encodeStaticBootstrap(declarations: readonly Declaration[]): Buffer {
  const static_resources: { clusters: Buffer[]; listeners: Buffer[] } = { clusters: [controlPlane()], listeners: [] };
  let routeListeners = 0;
  for (const [index, { clusters, listeners }] of declarations.entries()) {
    const declared = { clusters: byName(...clusters), listeners: byName(...listeners), secrets };
    const snapshot = RenderedSnapshot.of(declared, { ...defaultOptions, openSecret: openPlain });
    const bytesOf = (kind: ResourceKind): (readonly [name: string, bytes: Buffer])[] => {
      const { resources } = snapshot.resources(kind, dialects.v3.grpc);
      return Array.from(resources.values(), ({ name, value }) => [name, Buffer.from(value)] as const);
    };
    const own = bytesOf('listener').filter(([name]) => !implicitNames.includes(name) && declared.listeners.has(name));
    static_resources.clusters.push(
      ...bytesOf('cluster').map(([, bytes]) => bytes),
      ...bytesOf('endpoint').map(([name, bytes]) => buildClusterWith(name, bytes)),
    );
    static_resources.listeners.push(...own.map(([, bytes]) => bytes));
    for (const [name, bytes] of bytesOf('route')) {
      routeListeners += 1;
      static_resources.listeners.push(buildListenerWith(`${index}: routes of ${name}`, routeListeners, bytes));
    }
  }
  const message = {
    node: encodeMessage('envoy.config.core.v3.Node', { id: 'fuzz', cluster: 'fuzz' }),
    static_resources,
  };
  return Buffer.from(bootstrapType.encode(bootstrapType.fromObject(message)).finish());
}

function controlPlane(): Buffer {
  const { xdsClusterName: name } = defaultOptions;
  return encodeMessage(cluster, { name, type: 'STATIC', connect_timeout: { seconds: 1 } });
}

function buildClusterWith(name: string, assignment: Buffer): Buffer {
  const message = { name: `endpoints of ${name}`, type: 'STATIC', connect_timeout: { seconds: 1 } };
  return Buffer.concat([encodeMessage(cluster, message), encodeField(loadAssignmentField, assignment)]);
}

// Ports below those that random listeners have.
function buildListenerWith(name: string, port: number, routes: Buffer): Buffer {
  const http_filters = [{ name: 'router', typed_config: pack(router, encodeMessage(router, {})) }];
  const message = encodeMessage(manager, { stat_prefix: 'routes', http_filters });
  const config = pack(manager, Buffer.concat([message, encodeField(routeConfigField, routes)]));
  return encodeMessage(listener, {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: config }] }],
  });
}

function pack(message: string, value: Buffer): PlainMessage {
  return { type_url: typeUrlOf(message), value };
}

function encodeField(number: number, bytes: Buffer): Uint8Array {
  return protobuf.Writer.create().uint32((number << 3) | 2).bytes(bytes).finish();
}
