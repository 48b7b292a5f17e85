// A client as /api/v2 shows it.

import { messageNames, typeUrlOf } from '../../snapshot/dialect.ts';
import { clientState, modeOf, typeState, typesOf, unknownTypesOf } from '../../xds/client.ts';
import type { Client, ClientType, TypePart } from '../../xds/client.ts';
import type { Node } from '../../xds/node.ts';
import type { Nack, StreamStatus } from '../../xds/stream-status.ts';
import type { Unasked } from '../../xds/unasked.ts';
import { commonVersion } from './common-version.ts';
import { isoTime } from './iso-time.ts';
import type {
  ClientMessage,
  ModeMessage,
  NackMessage,
  NotInSyncMessage,
  TypeMessage,
  TypeSyncMessage,
  UnaskedMessage,
} from './messages.ts';
import { buildNamesMessage } from './names-message.ts';
import { describeReason, describeUnasked, describeUnknownOnly } from './reason.ts';

export function buildClientMessage(client: Client): ClientMessage {
  const { peer, node, streams } = client;
  const types = typesOf(client);
  const unknownTypes = unknownTypesOf(client);
  return {
    peer,
    node: buildNodeMessage(node),
    ...buildModeMessage(streams),
    streams: streams.length,
    connected_since: isoTime(Math.min(...streams.map(({ openedAtMs }) => openedAtMs))),
    state: clientState(client),
    reason: types.length === 0 ? describeUnknownOnly(unknownTypes) : null,
    types: types.map((type) => buildTypeMessage(client, type)),
    unknown_types: unknownTypes,
    unasked: buildUnaskedMessage(client.unasked),
  };
}

/** One entry per type of the client that is not synced, or one that says that it asked for none. */
export function buildNotInSyncMessages(client: Client): NotInSyncMessage[] {
  const head = { node_id: client.node.id, peer: client.peer };
  const types = typesOf(client);
  if (types.length === 0) return [{ ...head, ...buildNothingAsked(client) }];
  return types
    .map((type) => buildTypeSyncMessage(client, type))
    .filter(({ state }) => state !== 'synced')
    .map((type) => ({ ...head, ...type }));
}

function buildNothingAsked(client: Client): Omit<NotInSyncMessage, 'node_id' | 'peer'> {
  return {
    type: null,
    type_url: null,
    state: clientState(client),
    reason: describeUnknownOnly(unknownTypesOf(client)),
    version_sent: null,
    version_acked: null,
    runs_earlier: false,
    unacked_since: null,
    unwritten_since: oldestTime(client.streams.map(({ unwrittenSinceMs }) => unwrittenSinceMs)),
    last_nack: null,
  };
}

function buildUnaskedMessage(unasked: Unasked | undefined): UnaskedMessage | null {
  if (unasked === undefined) return null;
  const { count, names, sinceMs } = unasked;
  return { count, names, since: isoTime(sinceMs) };
}

function buildNodeMessage({ id, cluster, userAgentName, userAgentVersion }: Node): ClientMessage['node'] {
  return { id, cluster, user_agent: userAgentName, user_agent_version: userAgentVersion };
}

function buildModeMessage(streams: readonly StreamStatus[]): ModeMessage {
  const { apiVersion = null, protocol = null, isAggregated = null } = modeOf(streams);
  return { api_version: apiVersion, mode: protocol, aggregated: isAggregated };
}

function buildTypeMessage(client: Client, clientType: ClientType): TypeMessage {
  const types = clientType.parts.map(({ type }) => type);
  return {
    ...buildTypeSyncMessage(client, clientType),
    ...buildModeMessage(clientType.parts.map(({ stream }) => stream)),
    names: buildNamesMessage(types.map(({ subscription }) => subscription)),
    bytes_sent: types.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
  };
}

function buildTypeSyncMessage({ streams }: Client, clientType: ClientType): TypeSyncMessage {
  const { kind, parts } = clientType;
  const types = parts.map(({ type }) => type);
  const state = typeState(clientType);
  // None when the client is stale for what it did not ask for alone.
  const worst = parts.filter(({ type }) => type.state === state).toSorted(byNackTime)[0];
  const [{ method }] = streams as readonly [StreamStatus];
  return {
    type: kind,
    type_url: types[0]?.typeUrl ?? typeUrlOf(messageNames[method.apiVersion][kind]),
    state,
    reason: worst === undefined ? describeUnasked(clientType.unasked) : describeReason(worst.type, worst.stream),
    version_sent: commonVersion(types, ({ versionSent }) => versionSent),
    version_acked: commonVersion(types, ({ versionAccepted }) => versionAccepted),
    runs_earlier: types.some(({ isEarlierInForce }) => isEarlierInForce),
    unacked_since: oldestTime(types.map(({ unansweredSinceMs }) => unansweredSinceMs)),
    unwritten_since: oldestTime(parts.map(({ stream }) => stream.unwrittenSinceMs)),
    last_nack: buildNackMessage((state === 'error' ? worst : parts.toSorted(byNackTime)[0])?.type.lastNack),
  };
}

function oldestTime(timesMs: readonly (number | undefined)[]): string | null {
  const oldestMs = Math.min(...timesMs.map((timeMs) => timeMs ?? Infinity));
  return oldestMs === Infinity ? null : isoTime(oldestMs);
}

// Newest first, those without one last.
function byNackTime(a: TypePart, b: TypePart): number {
  return (b.type.lastNack?.atMs ?? -1) - (a.type.lastNack?.atMs ?? -1);
}

function buildNackMessage(nack: Nack | undefined): NackMessage | null {
  if (nack === undefined) return null;
  const { atMs, version, message, names, isInForce } = nack;
  return { at: isoTime(atMs), version, message, names, in_force: isInForce };
}
