// The gRPC methods of the discovery services, v2 and v3, bound to the stream hub.

import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import type {
  Server,
  ServerInterceptingCallInterface,
  ServerInterceptor,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';

import { peerOf } from '../net/peer.ts';
import { isPrivateConnection } from '../net/private-connection.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { Connections, ResetListener } from './connections.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import type { StreamTransport } from './stream-context.ts';
import { forgetLastMessage, streamBelow } from './grpc-call-parts.ts';
import type { StreamHub } from './stream-hub.ts';
import type { StreamMethod } from './stream-method.ts';

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
    ['envoy.service.discovery.v2.SecretDiscoveryService', 'Secrets', 'secret'],
  ]),
  ...servicesOf('v3', [
    ['envoy.service.discovery.v3.AggregatedDiscoveryService', 'AggregatedResources', undefined],
    ['envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters', 'cluster'],
    ['envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints', 'endpoint'],
    ['envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners', 'listener'],
    ['envoy.service.route.v3.RouteDiscoveryService', 'Routes', 'route'],
    ['envoy.service.secret.v3.SecretDiscoveryService', 'Secrets', 'secret'],
  ]),
];

/** Names of the services that {@link addDiscoveryServices} adds. */
export const discoveryServiceNames: readonly string[] = services.map(({ name }) => name);

/** Adds the services to a server that has the interceptor of {@link createDiscoveryInterceptor}. */
export function addDiscoveryServices(server: Server, protos: PackageDefinition): void {
  for (const { name, methods } of services) {
    // Never called: the interceptor takes these calls.
    const implementation: UntypedServiceImplementation = mapValues(methods, () => () => undefined);
    server.addService(passBytes(protos[name] as ServiceDefinition), implementation);
  }
}

/**
 * Takes the calls of the discovery services before grpc-js makes a node:stream of each: a push and its ACK
 * pass through fewer hands, and an open stream holds less memory.
 */
export function createDiscoveryInterceptor(hub: StreamHub, connections: Connections): ServerInterceptor {
  const methodsByPath = new Map<string, StreamMethod>(
    services.flatMap(({ name, methods }) =>
      Object.entries(methods).map(([methodName, method]) => [`/${name}/${methodName}`, method] as const),
    ),
  );
  return ({ path }, call) => {
    const method = methodsByPath.get(path);
    return method === undefined ? new ServerInterceptingCall(call) : new DiscoveryCall(call, method, hub, connections);
  };
}

/** The same service with requests and responses as bytes: they are read and made by others. */
export function passBytes(definition: ServiceDefinition): ServiceDefinition {
  const pass = (bytes: Buffer): Buffer => bytes;
  return mapValues(definition, (method) => ({ ...method, requestDeserialize: pass, responseSerialize: pass }));
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

// A call whose messages have taken so long lets everybody else have a turn before its next one is read.
const maxTurnMs = 10;

class DiscoveryCall extends ServerInterceptingCall implements StreamTransport, ResetListener {
  readonly #call: ServerInterceptingCallInterface;
  readonly #stream: DiscoveryStream;
  readonly #connections: Connections;
  #isReading = false;
  // What receiving has taken since others last had their turn, or less: cheap messages add up to a turn now and then.
  #turnMs = 0;
  #isReadWanted = false;
  // The client has said that it asks for nothing more.
  #isHalfClosed = false;
  #isEnded = false;
  #peer: string | undefined;
  // It was ended for a reason that the client was told of.
  #isReasonTold = false;

  constructor(
    call: ServerInterceptingCallInterface,
    method: StreamMethod,
    hub: StreamHub,
    connections: Connections,
  ) {
    super(call);
    this.#call = call;
    this.#connections = connections;
    this.#stream = hub.add(this, method);
    this.#hearOfEnd(call);
    const below = streamBelow(call);
    if (below !== undefined) connections.noteCall(below, this);
  }

  override start(): void {
    this.#call.start({
      onReceiveMetadata: () => this.#read(),
      onReceiveMessage: (message: Uint8Array) => {
        const startMs = performance.now();
        this.#stream.receive(message);
        forgetLastMessage(this.#call);
        this.#turnMs += performance.now() - startMs;
        if (this.#turnMs < maxTurnMs) this.#read();
        else this.#readInLaterTurn();
      },
      onReceiveHalfClose: () => {
        this.#isHalfClosed = true;
        this.#finish();
      },
      onCancel: () => this.#cutOff(),
    });
  }

  // Two system calls: a fleet that connects at once would wait for them, and who sorts streams by it asks again.
  get peer(): string {
    return (this.#peer ??= this.#call.getPeer());
  }

  get isPrivate(): boolean {
    const encrypted = streamBelow(this.#call)?.session?.encrypted;
    return isPrivateConnection({ ...this.#call.getConnectionInfo(), encrypted });
  }

  cork(): void {
    streamBelow(this.#call)?.cork();
  }

  uncork(): void {
    streamBelow(this.#call)?.uncork();
  }

  write(message: Uint8Array): void {
    this.#call.sendMessage(message, this.#noteWritten);
  }

  fail(code: Parameters<StreamTransport['fail']>[0], details: string): void {
    this.#isReasonTold = true;
    this.#end({ code: status[code], details });
  }

  noteReset(reason: string): void {
    this.#isEnded = true;
    this.#isReasonTold = true;
    this.#stream.noteEnded('ENHANCE_YOUR_CALM', reason);
  }

  // By the client, with its connection, or after we ended it. A connection that breaks looks like a client that asks for
  // nothing more, at first.
  #cutOff(): void {
    this.#stream.close();
    if (this.#isReasonTold) return;
    const peer = peerOf(this.#call.getConnectionInfo());
    this.#connections.noteCutOff(peer, () => this.#stream.noteConnectionEnded(peer));
  }

  // grpc-js ends calls too: a message that is too large or can't be unpacked, a deadline. It does so by this method of
  // the call beneath, and nothing else tells that from a client that went.
  #hearOfEnd(call: ServerInterceptingCallInterface): void {
    const { sendStatus } = call;
    call.sendStatus = (outcome) => {
      if (!this.#isEnded) {
        this.#isEnded = true;
        this.#isReasonTold = true;
        const code = outcome.code ?? status.UNKNOWN;
        // A deadline is the client's own.
        if (code !== status.DEADLINE_EXCEEDED) this.#stream.noteEnded(status[code], outcome.details ?? '');
      }
      sendStatus.call(call, outcome);
    };
  }

  // Who asks and says at once that this was all is answered too, part by part.
  #finish(): void {
    if (this.#stream.isWriting || this.#stream.flush()) return;
    this.#stream.close();
    this.#end({ code: status.OK, details: '' });
  }

  #end(outcome: { readonly code: status; readonly details: string }): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#call.sendStatus(outcome);
  }

  // A client that asks and does not read what it is answered has to wait with its next request. In a loop: of
  // messages that came together grpc-js hands over the next before startRead returns, and they must not nest.
  #read(): void {
    this.#isReadWanted = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isReadWanted && !this.#stream.isWriting) {
      this.#isReadWanted = false;
      this.#call.startRead();
    }
    this.#isReading = false;
  }

  #readInLaterTurn(): void {
    this.#turnMs = 0;
    setImmediate(() => this.#read());
  }

  readonly #noteWritten = (): void => {
    this.#stream.noteWritten();
    if (this.#isReadWanted) this.#read();
    if (this.#isHalfClosed) this.#finish();
  };
}
