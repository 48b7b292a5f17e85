// The gRPC methods of the discovery services, v2 and v3, bound to the stream hub.

import { status } from '@grpc/grpc-js';
import type { Server, ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';

import type { ApiVersion } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { StreamTransport } from './discovery-stream.ts';
import type { StreamHub } from './stream-hub.ts';
import type { StreamMethod } from './stream-method.ts';

type Call = ServerDuplexStream<Uint8Array, Uint8Array>;

interface DiscoveryService {
  readonly name: string;
  /** By method name. */
  readonly methods: Readonly<Record<string, StreamMethod>>;
}

// In both versions the methods are Stream and Delta with the same ending.
function servicesOf(
  apiVersion: ApiVersion,
  rows: readonly (readonly [name: string, methodEnding: string, kind: ResourceKind | undefined])[],
): DiscoveryService[] {
  return rows.map(([name, ending, kind]) => ({
    name,
    methods: {
      [`Stream${ending}`]: { apiVersion, protocol: 'sotw', kind },
      [`Delta${ending}`]: { apiVersion, protocol: 'delta', kind },
    },
  }));
}

const services: readonly DiscoveryService[] = [
  ...servicesOf('v2', [
    ['envoy.service.discovery.v2.AggregatedDiscoveryService', 'AggregatedResources', undefined],
    ['envoy.api.v2.ClusterDiscoveryService', 'Clusters', 'cluster'],
    ['envoy.api.v2.EndpointDiscoveryService', 'Endpoints', 'endpoint'],
    ['envoy.api.v2.ListenerDiscoveryService', 'Listeners', 'listener'],
    ['envoy.api.v2.RouteDiscoveryService', 'Routes', 'route'],
  ]),
  ...servicesOf('v3', [
    ['envoy.service.discovery.v3.AggregatedDiscoveryService', 'AggregatedResources', undefined],
    ['envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters', 'cluster'],
    ['envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints', 'endpoint'],
    ['envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners', 'listener'],
    ['envoy.service.route.v3.RouteDiscoveryService', 'Routes', 'route'],
  ]),
];

/** Names of the services that {@link addDiscoveryServices} adds. */
export const discoveryServiceNames: readonly string[] = services.map(({ name }) => name);

/** Adds the services to a server. Methods that are not served answer UNIMPLEMENTED. */
export function addDiscoveryServices(server: Server, protos: PackageDefinition, hub: StreamHub): void {
  for (const { name, methods } of services) {
    const implementation: UntypedServiceImplementation = {};
    for (const [methodName, method] of Object.entries(methods)) {
      implementation[methodName] = (call: Call) => serveCall(call, method, hub);
    }
    server.addService(passBytes(protos[name] as ServiceDefinition), implementation);
  }
}

// Requests are read and responses made as bytes: see discovery-request.ts and discovery-response.ts.
function passBytes(definition: ServiceDefinition): ServiceDefinition {
  const pass = (bytes: Buffer): Buffer => bytes;
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: pass, responseSerialize: pass },
    ]),
  );
}

function serveCall(call: Call, method: StreamMethod, hub: StreamHub): void {
  const stream = hub.add(transportOf(call), method);
  const release = (): void => hub.remove(stream);
  call.on('data', (message: Uint8Array) => stream.receive(message));
  call.on('end', () => {
    release();
    call.end();
  });
  call.on('cancelled', release);
  call.on('error', release);
  call.on('close', release);
}

function transportOf(call: Call): StreamTransport {
  return {
    // Two system calls, which a fleet that connects at once would wait for.
    get peer() {
      return call.getPeer();
    },
    write: (message, onWritten) => {
      call.write(message, onWritten);
    },
    fail: (code, message) => {
      call.emit('error', { code: status[code], details: message });
    },
  };
}
