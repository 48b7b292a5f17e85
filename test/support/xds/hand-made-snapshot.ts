// Snapshots that no inventory leads to: a cluster that changes while its endpoints
// do not, a listener that changes alone, resources of any size.

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';
import { ResourceSet } from '../../../src/snapshot/resource-set.ts';
import { Resource } from '../../../src/snapshot/resource.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { discoveryApis, typeUrlOf } from './discovery-api.ts';
import type { ApiVersion, Kind } from './discovery-api.ts';

/** Resources by name; the value is all that tells two contents of one name apart. */
export interface HandMadeResources {
  /** Connect timeout in seconds. */
  readonly clusters?: Readonly<Record<string, number>>;
  /** Ports. */
  readonly endpoints?: Readonly<Record<string, readonly number[]>>;
  /** Port to listen on. */
  readonly listeners?: Readonly<Record<string, number>>;
  /** The cluster that everything is routed to. */
  readonly routes?: Readonly<Record<string, string>>;
  /** What stands for a CA. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export function buildSnapshot(resources: HandMadeResources): Snapshot {
  return snapshotOf((kind) => messagesOf(kind, resources), true);
}

/** Of whole messages by name. Who asks for endpoints that are not among them waits: nothing is said in their place. */
export function buildSnapshotOfMessages(
  messages: Readonly<Partial<Record<Kind, Readonly<Record<string, PlainMessage>>>>>,
): Snapshot {
  return snapshotOf((kind) => new Map(Object.entries(messages[kind] ?? {})), false);
}

function snapshotOf(messagesOfKind: (kind: Kind) => ReadonlyMap<string, PlainMessage>, hasPlaceholders: boolean): Snapshot {
  const sets = new Map<string, ResourceSet>();
  const find: Snapshot['resources'] = (kind, { apiVersion }) => {
    const key = `${apiVersion} ${kind}`;
    let set = sets.get(key);
    if (set === undefined) sets.set(key, (set = buildSet(apiVersion, kind, messagesOfKind(kind), hasPlaceholders)));
    return set;
  };
  return { resources: find, draining: [] };
}

function buildSet(
  apiVersion: ApiVersion,
  kind: Kind,
  messages: ReadonlyMap<string, PlainMessage>,
  hasPlaceholders: boolean,
): ResourceSet {
  const encode = (name: string, message: PlainMessage): Resource =>
    new Resource(name, encodeMessage(discoveryApis[apiVersion].messages[kind], message));
  const placeholder = (name: string): Uint8Array => encode(name, { cluster_name: name }).value;
  const isReplaced = kind === 'endpoint' && hasPlaceholders;
  return ResourceSet.of(
    { typeUrl: typeUrlOf(apiVersion, kind), apiVersion, ...(isReplaced ? { placeholder } : {}) },
    [...messages].map(([name, message]) => encode(name, message)),
  );
}

function messagesOf(kind: Kind, resources: HandMadeResources): ReadonlyMap<string, PlainMessage> {
  switch (kind) {
    case 'cluster':
      return each(resources.clusters, (name, seconds) => ({ name, type: 'EDS', connect_timeout: { seconds } }));
    case 'endpoint':
      return each(resources.endpoints, (name, ports) => ({
        cluster_name: name,
        endpoints: [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: socketAddress(port) } })) }],
      }));
    case 'listener':
      return each(resources.listeners, (name, port) => ({ name, address: socketAddress(port) }));
    case 'route':
      return each(resources.routes, (name, cluster) => ({
        name,
        virtual_hosts: [{ name, domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster } }] }],
      }));
    case 'secret':
      return each(resources.secrets, buildSecret);
  }
}

function each<Value>(
  record: Readonly<Record<string, Value>> = {},
  build: (name: string, value: Value) => PlainMessage,
): ReadonlyMap<string, PlainMessage> {
  return new Map(Object.entries(record).map(([name, value]) => [name, build(name, value)]));
}

/** @param ca what stands for one. */
export function buildSecret(name: string, ca: string): PlainMessage {
  return { name, validation_context: { trusted_ca: { inline_string: ca } } };
}

function socketAddress(port: number): PlainMessage {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
