// What `controlplane status` prints: clients in a table, what is wrong with them below.

import type {
  ClientMessage,
  ClientsMessage,
  ModeMessage,
  NackMessage,
  NotInSyncMessage,
  SyncState,
  TypeMessage,
  TypeSyncMessage,
} from '../api/v2/messages.ts';
import { describeNobody, renderGone, renderReturning, renderUnmet } from './missing-report.ts';
import { renderOrders } from './standing-orders.ts';
import { toPrintable } from './printable.ts';
import { renderDraining, renderOldRoutes, renderWarnings } from './published-report.ts';
import { coloredStateLabel, stateLabel } from './state-label.ts';
import { renderTable } from './table.ts';

const allKinds: readonly TypeMessage['type'][] = ['cluster', 'endpoint', 'listener', 'route', 'secret'];
const states: readonly SyncState[] = ['synced', 'stale', 'error', 'not-sent'];
const shownDigits = 8;

type Standing = Omit<TypeSyncMessage, 'type' | 'type_url'>;

const dialectNote =
  'The same content may have other versions in v2 than in v3, and on per-type streams: compare rows of one API.';

const holdingsNote =
  'Envoys in sync may have other versions of a type: what drains is held only by who had it, and only who takes ' +
  'listeners from here is given the stand-in endpoint of a cluster without servers.';

/** Lines of text, the last one with a newline. */
export function renderStatus(answer: ClientsMessage): string {
  const { clients, gone, expected, returning } = answer;
  const kinds = kindsToShow(clients);
  const header = ['NODE', 'PEER', 'API', 'STATE', ...kinds.map((kind) => kind.toUpperCase())];
  const rows = clients.map((client) => renderClient(client, kinds));
  const table = clients.length === 0 ? [] : renderTable([header, ...rows]);
  const troubles = clients.flatMap(renderTroubles);
  const leftovers = [...renderOrders(answer.orders), ...renderDraining(answer), ...renderOldRoutes(answer)];
  const summary = [...renderReturning(returning, clients.length), ...renderUnmet(expected), renderSummary(answer)];
  const { state, message } = answer.summary;
  const blocks = [[toPrintable(`${state}: ${message}`)], table, renderNote(clients), troubles, leftovers, renderWarnings(answer), renderGone(gone), summary];
  const shown = blocks.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

// Where nothing is encrypted nobody asks for secrets.
function kindsToShow(clients: readonly ClientMessage[]): typeof allKinds {
  const areSecretsAsked = clients.some(({ types }) => types.some(({ type }) => type === 'secret'));
  return allKinds.filter((kind) => kind !== 'secret' || areSecretsAsked);
}

// Two versions look like a difference that somebody has to mend.
function renderNote(clients: readonly ClientMessage[]): string[] {
  // By how they ask: the same content differs in some bytes.
  const byDialect = Map.groupBy(clients.filter(({ types }) => types.length > 0), dialectOf);
  return [
    ...(byDialect.size > 1 ? [dialectNote] : []),
    ...([...byDialect.values()].some(differInSync) ? [holdingsNote] : []),
  ];
}

function differInSync(clients: readonly ClientMessage[]): boolean {
  const types = clients.flatMap((client) => client.types).filter(({ state }) => state === 'synced');
  const versions = new Map<string, string>();
  return types.some(({ type, version_acked: version }) => {
    if (version === null) return false;
    const other = versions.get(type) ?? version;
    versions.set(type, version);
    return version !== other;
  });
}

function dialectOf(client: ClientMessage): string {
  return client.aggregated === true ? `${client.api_version}` : renderMode(client);
}

/** How many of the clients are in which state, and how many are missing. */
function renderSummary({ clients, gone, returning }: ClientsMessage): string {
  const missing = gone.length === 0 ? '' : `, ${gone.length} gone`;
  if (clients.length === 0) return `${describeNobody(returning)}${missing}`;
  const counts = states
    .map((state) => [stateLabel(state), clients.filter((client) => client.state === state).length] as const)
    .filter(([label, count]) => count > 0 || label === stateLabel('synced'))
    .map(([label, count]) => `${count} ${label}`);
  return `${clients.length} ${clients.length === 1 ? 'client' : 'clients'}: ${counts.join(', ')}${missing}`;
}

function renderClient(client: ClientMessage, kinds: typeof allKinds): string[] {
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

/** The version that it runs, `old` for what an earlier stream brought; when another was sent, that one behind an arrow. */
function renderVersions(type: TypeMessage | undefined): string {
  if (type === undefined) return '-';
  const [sent, acked] = [type.version_sent, type.version_acked].map((version) => version?.slice(0, shownDigits));
  const unknown = type.bytes_sent === 0 ? 'none' : 'several';
  const runs = acked ?? (type.runs_earlier ? 'old' : undefined);
  if (sent === undefined && acked === undefined) return runs ?? unknown;
  return sent === acked ? `${sent}` : `${runs ?? 'none'}->${sent ?? unknown}`;
}

function renderTroubles({ node, peer, state, reason, types, unknown_types: unknownTypes }: ClientMessage): string[] {
  if (types.length === 0) return [toPrintable(`${node.id} ${peer}: ${stateLabel(state)}: ${reason ?? ''}`)];
  const lines = types
    .filter((type) => type.state !== 'synced' || failureBefore(type) !== undefined)
    .map((type) => renderTrouble(node.id, peer, type));
  if (unknownTypes.length === 0) return lines;
  const inVain = `${node.id} ${peer}: not answered, for it is not published: ${unknownTypes.join(', ')}`;
  return [...lines, toPrintable(inVain)];
}

/** Who, what, since when and why, in one line. */
export function renderTrouble(nodeId: string, peer: string, type: TypeSyncMessage | NotInSyncMessage): string {
  const what = type.type === null ? '' : `${type.type} `;
  return toPrintable(`${nodeId} ${peer}: ${what}${describeTrouble(type)}`);
}

function describeTrouble(type: Standing): string {
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
function failureBefore({ state, version_acked: version, last_nack: nack }: Standing): NackMessage | undefined {
  return state === 'synced' && nack?.in_force === true && nack.version === version ? nack : undefined;
}
