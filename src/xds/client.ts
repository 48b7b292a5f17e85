// Streams put together to clients: one Envoy on one connection has one stream, or one per type and cluster.

import type { ApiVersion } from '../snapshot/dialect.ts';
import { publishOrder } from '../snapshot/resource.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { Node } from './node.ts';
import type { ProtocolName } from './stream-method.ts';
import type { StreamStatus, SyncState, TypeStatus } from './stream-status.ts';
import { findUnasked } from './unasked.ts';
import type { Unasked } from './unasked.ts';

/** An Envoy on one connection. */
export interface Client {
  readonly peer: string;
  readonly node: Node;
  /** At least one; oldest first. */
  readonly streams: readonly StreamStatus[];
  /** Clusters that it took here, and whose endpoints its node asks for nowhere. */
  readonly unasked: Unasked | undefined;
}

/** One type of a client: what each of its streams says of it, oldest stream first. */
export interface ClientType {
  readonly kind: ResourceKind;
  /** At least one, unless something is unasked. */
  readonly parts: readonly TypePart[];
  /** Of endpoints, see {@link Client}. */
  readonly unasked: Unasked | undefined;
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

/**
 * The clients that the streams belong to, sorted by node id, then by peer; one that sent no request yet has none.
 * @param unasked by node id; by default what the streams themselves say, which must be all then.
 */
export function foldClients(
  streams: readonly StreamStatus[],
  unasked: ReadonlyMap<string, Unasked> = findUnasked(streams),
): Client[] {
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
  return Array.from(clients.values(), ({ node, streams }) => clientOf(node, streams, unasked)).sort(byNodeAndPeer);
}

/** The types that a client asked for, or should have, in the order in which they are published. */
export function typesOf({ streams, unasked }: Client): ClientType[] {
  const parts = streams.flatMap((stream) => stream.types.map((type) => ({ type, stream })));
  return publishOrder
    .map((kind) => ({
      kind,
      parts: parts.filter(({ type }) => type.kind === kind),
      unasked: kind === 'endpoint' ? unasked : undefined,
    }))
    .filter((type) => type.parts.length > 0 || type.unasked !== undefined);
}

/** How a type stands on all streams of a client. */
export function typeState({ parts, unasked }: ClientType): SyncState {
  const states = parts.map(({ type }) => type.state);
  return worstState(unasked === undefined ? states : [...states, 'stale']);
}

/** Types that it asked for and that are not published, each once: the first 16. */
export function unknownTypesOf({ streams }: Client): readonly string[] {
  return [...new Set(streams.flatMap(({ unknownTypeUrls }) => unknownTypeUrls))].slice(0, maxUnknownTypes);
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

const maxUnknownTypes = 16;

const statesByWeight: readonly SyncState[] = ['error', 'stale', 'not-sent', 'synced'];

/** The one that says most about what has to be done; `not-sent` when there is none: nothing was asked for. */
export function worstState(states: Iterable<SyncState>): SyncState {
  const present = new Set(states);
  return statesByWeight.find((state) => present.has(state)) ?? 'not-sent';
}

/** {@link worstState} over all types, those among them that it should ask for. */
export function clientState(client: Client): SyncState {
  const states = client.streams.flatMap(({ types }) => types.map(({ state }) => state));
  return worstState(client.unasked === undefined ? states : [...states, 'stale']);
}

function clientOf(node: Node, streams: readonly StreamStatus[], unasked: ReadonlyMap<string, Unasked>): Client {
  const sorted = streams.toSorted((a, b) => a.openedAtMs - b.openedAtMs);
  const [{ peer }] = sorted as [StreamStatus];
  const hasClusters = sorted.some(({ types }) => types.some(({ kind }) => kind === 'cluster'));
  return { peer, node, streams: sorted, unasked: hasClusters ? unasked.get(node.id) : undefined };
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
