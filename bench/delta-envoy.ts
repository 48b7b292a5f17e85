// One Envoy on an aggregated delta stream: it holds all clusters and their endpoints, and listeners and routes if it is to,
// and ACKs everything.

import { Client, credentials } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';

import { decodeMessage, encodeMessage } from '../src/proto/protos.ts';
import type { PlainMessage } from '../src/proto/protos.ts';

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const requestName = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const responseName = 'envoy.service.discovery.v3.DeltaDiscoveryResponse';
const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const endpointType = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
const listenerType = 'type.googleapis.com/envoy.config.listener.v3.Listener';
const routeType = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration';
const limitMs = 120_000;

/** A DeltaDiscoveryResponse as far as it is read here. */
interface Response {
  readonly type_url: string;
  readonly nonce: string;
  readonly resources?: readonly { readonly name: string }[];
  readonly removed_resources?: readonly string[];
}

export class DeltaEnvoy implements Disposable {
  /** Names of the clusters that it knows, and of those of which it has the endpoints. */
  readonly clusters = new Set<string>();
  readonly endpoints = new Set<string>();
  readonly listenersAndRoutes = new Set<string>();
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<PlainMessage, Buffer>;
  #look: (message: Buffer) => void = () => undefined;

  /** @param address of the xDS server. @param group its node's cluster. */
  constructor(address: string, { group = 'bench', takesListeners = false } = {}) {
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });
    const encode = (request: PlainMessage): Buffer => encodeMessage(requestName, request);
    this.#stream = this.#client.makeBidiStreamRequest(path, encode, (message: Buffer) => message);
    this.#stream.on('data', (message: Buffer) => this.#take(message));
    // Who waits finds out by the time that it takes.
    this.#stream.on('error', () => undefined);
    this.#stream.write({ node: { id: `${group}-envoy`, cluster: group }, type_url: clusterType });
    if (!takesListeners) return;
    this.#stream.write({ type_url: listenerType });
    this.#stream.write({ type_url: routeType, resource_names_subscribe: ['generic_route'] });
  }

  /** Resolves with the time (performance.now) of the first message from now on after which `isThere` holds. */
  async when(isThere: (message: Buffer) => boolean): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => reject(new Error(`the stream did not get it in ${limitMs} ms`)), limitMs);
    this.#look = (message) => {
      if (isThere(message)) resolve(performance.now());
    };
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #namesOf(typeUrl: string): Set<string> {
    if (typeUrl === clusterType) return this.clusters;
    return typeUrl === endpointType ? this.endpoints : this.listenersAndRoutes;
  }

  #take(message: Buffer): void {
    const response = decodeMessage(responseName, message) as unknown as Response;
    const { type_url, nonce, resources = [], removed_resources: removed = [] } = response;
    const known = this.#namesOf(type_url);
    const added = resources.map(({ name }) => name).filter((name) => !known.has(name));
    for (const name of added) known.add(name);
    for (const name of removed) known.delete(name);
    if (type_url === clusterType && added.length + removed.length > 0) {
      this.#stream.write({
        type_url: endpointType, resource_names_subscribe: added, resource_names_unsubscribe: removed,
      });
      for (const name of removed) this.endpoints.delete(name);
    }
    this.#stream.write({ type_url, response_nonce: nonce });
    this.#look(message);
  }
}
