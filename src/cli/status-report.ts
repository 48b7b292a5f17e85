// What `controlplane status` prints: clients in a table, what is wrong with them below.

import type {
  ClientMessage,
  ClientsMessage,
  ModeMessage,
  NackMessage,
  SyncState,
  TypeMessage,
  TypeSyncMessage,
} from '../api/v2/messages.ts';
import { toPrintable } from './printable.ts';
import { renderDraining, renderOldRoutes, renderWarnings } from './published-report.ts';
import { coloredStateLabel, stateLabel } from './state-label.ts';
import { renderTable } from './table.ts';

const kinds: readonly TypeMessage['type'][] = ['cluster', 'endpoint', 'listener', 'route'];
const states: readonly SyncState[] = ['synced', 'stale', 'error', 'not-sent'];
const shownDigits = 8;

/** Lines of text, the last one with a newline. */
export function renderStatus(answer: ClientsMessage): string {
  const { clients } = answer;
  const header = ['NODE', 'PEER', 'API', 'STATE', ...kinds.map((kind) => kind.toUpperCase())];
  const table = clients.length === 0 ? [] : renderTable([header, ...clients.map(renderClient)]);
  const troubles = clients.flatMap(renderTroubles);
  const leftovers = [...renderDraining(answer), ...renderOldRoutes(answer)];
  const blocks = [table, troubles, leftovers, renderWarnings(answer), [renderSummary(clients)]].filter(
    (lines) => lines.length > 0,
  );
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** How many of the clients are in which state. */
function renderSummary(clients: readonly ClientMessage[]): string {
  if (clients.length === 0) return 'no clients';
  const counts = states
    .map((state) => [stateLabel(state), clients.filter((client) => client.state === state).length] as const)
    .filter(([label, count]) => count > 0 || label === stateLabel('synced'))
    .map(([label, count]) => `${count} ${label}`);
  return `${clients.length} ${clients.length === 1 ? 'client' : 'clients'}: ${counts.join(', ')}`;
}

function renderClient(client: ClientMessage): string[] {
  const { node, peer, state, types } = client;
  const byKind = new Map(types.map((type) => [type.type, type]));
  return [
    toPrintable(node.id),
    toPrintable(peer),
    renderMode(client),
    coloredStateLabel(state),
    ...kinds.map((kind) => renderVersions(byKind.get(kind))),
  ];
}

/** Both where its streams differ. */
function renderMode({ api_version: apiVersion, mode, aggregated }: ModeMessage): string {
  const way = aggregated === null ? 'ads+per-type' : aggregated ? 'ads' : 'per-type';
  return [apiVersion ?? 'v2+v3', way, mode ?? 'sotw+delta'].join(' ');
}

/** The version that it runs; when another was sent, that one behind an arrow. */
function renderVersions(type: TypeMessage | undefined): string {
  if (type === undefined) return '-';
  const [sent, acked] = [type.version_sent, type.version_acked].map((version) => version?.slice(0, shownDigits));
  const unknown = type.bytes_sent === 0 ? 'none' : 'several';
  if (sent === undefined && acked === undefined) return unknown;
  return sent === acked ? `${sent}` : `${acked ?? 'none'}->${sent ?? unknown}`;
}

function renderTroubles({ node, peer, types }: ClientMessage): string[] {
  return types
    .filter((type) => type.state !== 'synced' || failureBefore(type) !== undefined)
    .map((type) => renderTrouble(node.id, peer, type));
}

/** Who, what, since when and why, in one line. */
export function renderTrouble(nodeId: string, peer: string, type: TypeSyncMessage): string {
  return toPrintable(`${nodeId} ${peer}: ${type.type} ${describeTrouble(type)}`);
}

function describeTrouble(type: TypeSyncMessage): string {
  const { state, reason, version_sent: sent, version_acked: acked, last_nack: nack } = type;
  const before = failureBefore(type);
  if (before !== undefined) return `accepted, an earlier push failed at ${before.at}: ${before.message}`;
  const when = state === 'error' && nack !== null ? ` at ${nack.at}` : '';
  const trouble = `${stateLabel(state)}${when}: ${reason ?? ''}`;
  // Something newer waits, and until it is sent the client goes without what it refused.
  const isAfterRejection = state === 'stale' && nack !== null && nack.version === sent && sent !== acked;
  return isAfterRejection ? `${trouble}; the last one was rejected at ${nack.at}: ${nack.message}` : trouble;
}

/** The refusal that came with the acceptance of what the client runs now. */
function failureBefore({ state, version_acked: version, last_nack: nack }: TypeSyncMessage): NackMessage | undefined {
  return state === 'synced' && nack?.in_force === true && nack.version === version ? nack : undefined;
}
