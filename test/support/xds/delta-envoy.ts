// A light Envoy on an aggregated delta stream: it holds all clusters and their endpoints, and listeners and routes if
// it is to, and ACKs everything. For the benchmarks and the drill.

import { Client, credentials } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';

import { decodeMessage, encodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';

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
  readonly resources?: readonly { readonly name: string; readonly resource: { readonly value: Buffer } }[];
  readonly removed_resources?: readonly string[];
}

export interface DeltaEnvoyOptions {
  /** Its node's cluster. */
  readonly group?: string;
  /** Its node's id. Default: the group's one Envoy. */
  readonly id?: string;
  readonly takesListeners?: boolean;
  /** Several of one process share a connection unless told. */
  readonly hasOwnConnection?: boolean;
}

export class DeltaEnvoy implements Disposable {
  /** By name, as they came: encoded. */
  readonly clusters = new Map<string, Buffer>();
  readonly endpoints = new Map<string, Buffer>();
  readonly listenersAndRoutes = new Map<string, Buffer>();
  /** How many messages it was sent. */
  responses = 0;
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<PlainMessage, Buffer>;
  #look: (message: Buffer) => void = () => undefined;

  /** @param address of the xDS server. */
  constructor(address: string, options: DeltaEnvoyOptions = {}) {
    const { group = 'bench', id = `${group}-envoy`, takesListeners = false, hasOwnConnection = false } = options;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      ...(hasOwnConnection && { 'grpc.use_local_subchannel_pool': 1 }),
    });
    const encode = (request: PlainMessage): Buffer => encodeMessage(requestName, request);
    this.#stream = this.#client.makeBidiStreamRequest(path, encode, (message: Buffer) => message);
    this.#stream.on('data', (message: Buffer) => this.#take(message));
    // Who waits finds out by the time that it takes.
    this.#stream.on('error', () => undefined);
    this.#stream.write({ node: { id, cluster: group }, type_url: clusterType });
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

  #heldOf(typeUrl: string): Map<string, Buffer> {
    if (typeUrl === clusterType) return this.clusters;
    return typeUrl === endpointType ? this.endpoints : this.listenersAndRoutes;
  }

  #take(message: Buffer): void {
    this.responses += 1;
    const response = decodeMessage(responseName, message) as unknown as Response;
    const { type_url, nonce, resources = [], removed_resources: removed = [] } = response;
    const held = this.#heldOf(type_url);
    const added = resources.map(({ name }) => name).filter((name) => !held.has(name));
    for (const { name, resource } of resources) held.set(name, resource.value);
    for (const name of removed) held.delete(name);
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
