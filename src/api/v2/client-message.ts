// A client as /api/v2 shows it.

import { clientState, modeOf, typesOf, worstState } from '../../xds/client.ts';
import type { Client, ClientType, TypePart } from '../../xds/client.ts';
import type { Node } from '../../xds/node.ts';
import type { Nack, StreamStatus } from '../../xds/stream-status.ts';
import { isoTime } from './iso-time.ts';
import type {
  ClientMessage,
  ModeMessage,
  NackMessage,
  NotInSyncMessage,
  TypeMessage,
  TypeSyncMessage,
} from './messages.ts';
import { buildNamesMessage } from './names-message.ts';
import { describeReason } from './reason.ts';

export function buildClientMessage(client: Client): ClientMessage {
  const { peer, node, streams } = client;
  return {
    peer,
    node: buildNodeMessage(node),
    ...buildModeMessage(streams),
    streams: streams.length,
    connected_since: isoTime(Math.min(...streams.map(({ openedAtMs }) => openedAtMs))),
    state: clientState(client),
    types: typesOf(client).map(buildTypeMessage),
  };
}

/** One entry per type of the client that is not synced. */
export function buildNotInSyncMessages(client: Client): NotInSyncMessage[] {
  return typesOf(client)
    .map(buildTypeSyncMessage)
    .filter(({ state }) => state !== 'synced')
    .map((type) => ({ node_id: client.node.id, peer: client.peer, ...type }));
}

function buildNodeMessage({ id, cluster, userAgentName, userAgentVersion }: Node): ClientMessage['node'] {
  return { id, cluster, user_agent: userAgentName, user_agent_version: userAgentVersion };
}

function buildModeMessage(streams: readonly StreamStatus[]): ModeMessage {
  const { apiVersion = null, protocol = null, isAggregated = null } = modeOf(streams);
  return { api_version: apiVersion, mode: protocol, aggregated: isAggregated };
}

function buildTypeMessage(clientType: ClientType): TypeMessage {
  const types = clientType.parts.map(({ type }) => type);
  return {
    ...buildTypeSyncMessage(clientType),
    ...buildModeMessage(clientType.parts.map(({ stream }) => stream)),
    names: buildNamesMessage(types.map(({ subscription }) => subscription)),
    bytes_sent: types.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
  };
}

function buildTypeSyncMessage({ kind, parts }: ClientType): TypeSyncMessage {
  const types = parts.map(({ type }) => type);
  const state = worstState(types.map((type) => type.state));
  const [worst] = parts.filter(({ type }) => type.state === state).toSorted(byNackTime) as [TypePart];
  return {
    type: kind,
    type_url: worst.type.typeUrl,
    state,
    reason: describeReason(worst.type, worst.stream),
    version_sent: commonVersion(types.map(({ versionSent }) => versionSent)),
    version_acked: commonVersion(types.map(({ versionAccepted }) => versionAccepted)),
    unacked_since: oldestTime(types.map(({ unansweredSinceMs }) => unansweredSinceMs)),
    unwritten_since: oldestTime(parts.map(({ stream }) => stream.unwrittenSinceMs)),
    last_nack: buildNackMessage((state === 'error' ? worst : parts.toSorted(byNackTime)[0])?.type.lastNack),
  };
}

function commonVersion(versions: readonly string[]): string | null {
  const [first = '', ...others] = new Set(versions);
  return first === '' || others.length > 0 ? null : first;
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
