// Streams put together to clients: one Envoy on one connection has a stream, or one per type and cluster.

import type { ApiVersion } from '../../snapshot/dialect.ts';
import type { ResourceKind } from '../../snapshot/resource.ts';
import type { Node } from '../../xds/node.ts';
import type { ProtocolName } from '../../xds/stream-method.ts';
import type { StreamStatus, SyncState, TypeStatus } from '../../xds/stream-status.ts';

/** An Envoy that opens streams of different modes on one connection is as many clients. */
export interface Client {
  readonly peer: string;
  readonly node: Node;
  readonly apiVersion: ApiVersion;
  readonly protocol: ProtocolName;
  readonly isAggregated: boolean;
  /** At least one; oldest first. */
  readonly streams: readonly StreamStatus[];
}

/** One type of a client: what each of its streams says of it, at least one. */
export interface ClientType {
  readonly kind: ResourceKind;
  readonly parts: readonly TypePart[];
}

/** One type on one stream. */
export interface TypePart {
  readonly type: TypeStatus;
  readonly stream: StreamStatus;
}

/** The clients that the streams belong to, sorted by node id, then by peer; one that sent no request yet has none. */
export function foldClients(streams: Iterable<StreamStatus>): Client[] {
  const clients = new Map<string, { node: Node; streams: StreamStatus[] }>();
  for (const stream of streams) {
    if (stream.node === undefined) continue;
    const key = keyOf(stream, stream.node);
    const client = clients.get(key);
    if (client === undefined) clients.set(key, { node: stream.node, streams: [stream] });
    else client.streams.push(stream);
  }
  return Array.from(clients.values(), ({ node, streams }) => clientOf(node, streams)).sort(byNodeAndPeer);
}

/** The types of a client, in the order in which it asked for them. */
export function typesOf({ streams }: Client): ClientType[] {
  const types = new Map<ResourceKind, TypePart[]>();
  for (const stream of streams) {
    for (const type of stream.types) {
      const parts = types.get(type.kind);
      if (parts === undefined) types.set(type.kind, [{ type, stream }]);
      else parts.push({ type, stream });
    }
  }
  return Array.from(types, ([kind, parts]) => ({ kind, parts }));
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

function keyOf({ peer, method }: StreamStatus, { id, cluster }: Node): string {
  return JSON.stringify([peer, id, cluster, method.apiVersion, method.protocol, method.kind === undefined]);
}

function clientOf(node: Node, streams: readonly StreamStatus[]): Client {
  const sorted = streams.toSorted((a, b) => a.openedAtMs - b.openedAtMs);
  const [{ peer, method }] = sorted as [StreamStatus];
  const { apiVersion, protocol, kind } = method;
  return { peer, node, apiVersion, protocol, isAggregated: kind === undefined, streams: sorted };
}

function byNodeAndPeer(a: Client, b: Client): number {
  return compare(a.node.id, b.node.id) || compare(a.peer, b.peer);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
