// Streams put together to clients: one Envoy on one connection has one stream, or one per type and cluster.

import type { ApiVersion } from '../snapshot/dialect.ts';
import { publishOrder } from '../snapshot/resource.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { Node } from './node.ts';
import type { ProtocolName } from './stream-method.ts';
import type { StreamStatus, SyncState, TypeStatus } from './stream-status.ts';

/** An Envoy on one connection. */
export interface Client {
  readonly peer: string;
  readonly node: Node;
  /** At least one; oldest first. */
  readonly streams: readonly StreamStatus[];
}

/** One type of a client: what each of its streams says of it, at least one; oldest stream first. */
export interface ClientType {
  readonly kind: ResourceKind;
  readonly parts: readonly TypePart[];
}

/** One type on one stream. */
export interface TypePart {
  readonly type: TypeStatus;
  readonly stream: StreamStatus;
}

/** How streams speak xDS; undefined where they differ, as when an Envoy takes one type by a stream of its own. */
export interface StreamMode {
  readonly apiVersion: ApiVersion | undefined;
  readonly protocol: ProtocolName | undefined;
  readonly isAggregated: boolean | undefined;
}

/** The clients that the streams belong to, sorted by node id, then by peer; one that sent no request yet has none. */
export function foldClients(streams: Iterable<StreamStatus>): Client[] {
  const clients = new Map<string, { node: Node; streams: StreamStatus[] }>();
  for (const stream of streams) {
    const { node, peer } = stream;
    if (node === undefined) continue;
    // Behind a proxy, several nodes may share a connection.
    const key = JSON.stringify([peer, node.id, node.cluster]);
    const client = clients.get(key);
    if (client === undefined) clients.set(key, { node, streams: [stream] });
    else client.streams.push(stream);
  }
  return Array.from(clients.values(), ({ node, streams }) => clientOf(node, streams)).sort(byNodeAndPeer);
}

/** The types that a client asked for, in the order in which they are published. */
export function typesOf({ streams }: Client): ClientType[] {
  const parts = streams.flatMap((stream) => stream.types.map((type) => ({ type, stream })));
  return publishOrder
    .map((kind) => ({ kind, parts: parts.filter(({ type }) => type.kind === kind) }))
    .filter((type) => type.parts.length > 0);
}

/** @param streams at least one. */
export function modeOf(streams: readonly StreamStatus[]): StreamMode {
  const methods = streams.map(({ method }) => method);
  return {
    apiVersion: commonOf(methods.map(({ apiVersion }) => apiVersion)),
    protocol: commonOf(methods.map(({ protocol }) => protocol)),
    isAggregated: commonOf(methods.map(({ kind }) => kind === undefined)),
  };
}

const statesByWeight: readonly SyncState[] = ['error', 'stale', 'not-sent', 'synced'];

/** The one that says most about what has to be done; `synced` when there is none. */
export function worstState(states: Iterable<SyncState>): SyncState {
  const present = new Set(states);
  return statesByWeight.find((state) => present.has(state)) ?? 'synced';
}

/** {@link worstState} over all types. */
export function clientState({ streams }: Client): SyncState {
  return worstState(streams.flatMap(({ types }) => types.map(({ state }) => state)));
}

function clientOf(node: Node, streams: readonly StreamStatus[]): Client {
  const sorted = streams.toSorted((a, b) => a.openedAtMs - b.openedAtMs);
  const [{ peer }] = sorted as [StreamStatus];
  return { peer, node, streams: sorted };
}

function byNodeAndPeer(a: Client, b: Client): number {
  return compare(a.node.id, b.node.id) || compare(a.peer, b.peer) || compare(a.node.cluster, b.node.cluster);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function commonOf<Value>(values: readonly Value[]): Value | undefined {
  const [first, ...others] = new Set(values);
  return others.length === 0 ? first : undefined;
}
