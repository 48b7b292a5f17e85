// What is known of every connected Envoy, as CSDS defines it.

import type { JsonMessage } from '../proto/json-message.ts';
import { toProtoJson } from '../proto/proto-json.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { messageNames, typeUrlOf } from '../snapshot/dialect.ts';
import { publishOrder } from '../snapshot/resource.ts';
import { typesOf } from './client.ts';
import type { Client } from './client.ts';
import { parseNodeFilter } from './node-filter.ts';
import type { NodeFilter } from './node-filter.ts';
import type { StreamStatus, SyncState, TypeStatus } from './stream-status.ts';
import { nextTurn } from './turns.ts';
import { wallClockMs } from './wall-clock.ts';

const responseName = 'envoy.service.status.v3.ClientStatusResponse';

/** The clients that a filter selects, see {@link pagesOfClients}. */
export type ClientPages = (select: NodeFilter) => Iterable<readonly Client[]>;

/**
 * The encoded ClientStatusResponse to a ClientStatusRequest: a ClientConfig per connected Envoy that is asked for,
 * sorted by node id and peer, with an entry in generic_xds_configs for each type on each of its streams. A type that it
 * never asked for has one too, NOT_SENT, but for secrets; and so have the endpoints of clusters that it took without
 * asking for them, the first ten by name. `client_scope` is the peer's address, `last_updated` when the last response of
 * the type was sent or answered. Resources themselves are not included.
 * Other work has its turn after each page. Rejects with a FieldError when the request can't be used.
 */
export async function encodeClientStatus(request: JsonMessage, pagesOf: ClientPages): Promise<Buffer> {
  const pages = await Array.fromAsync(configPages(request, pagesOf), (config) => encodeMessage(responseName, { config }));
  // Encoded messages one after the other are one with the entries of all.
  return Buffer.concat(pages);
}

/** The same in JSON. */
export async function renderClientStatus(request: JsonMessage, pagesOf: ClientPages): Promise<string> {
  const pages = await Array.fromAsync(configPages(request, pagesOf), (config) => {
    const { config: rendered } = toProtoJson(responseName, { config }) as { readonly config: unknown };
    return JSON.stringify(rendered).slice(1, -1);
  });
  return pages.length === 0 ? '{}' : `{"config":[${pages.join(',')}]}`;
}

// Without fields that hold their default, which JSON would show.
async function* configPages(request: JsonMessage, pagesOf: ClientPages): AsyncGenerator<PlainMessage[]> {
  const select = parseNodeFilter(request.messages('node_matchers'));
  await nextTurn();
  for (const page of pagesOf(select)) {
    if (page.length > 0) yield page.map(buildClientConfig);
    await nextTurn();
  }
}

function buildClientConfig(client: Client): PlainMessage {
  const { node, peer } = client;
  return {
    node: {
      id: node.id,
      ...unlessEmpty('cluster', node.cluster),
      ...unlessEmpty('user_agent_name', node.userAgentName),
      ...unlessEmpty('user_agent_version', node.userAgentVersion),
    },
    client_scope: peer,
    generic_xds_configs: buildConfigs(client),
  };
}

function buildConfigs(client: Client): PlainMessage[] {
  const types = new Map(typesOf(client).map((type) => [type.kind, type]));
  const [{ method: { apiVersion } }] = client.streams as [StreamStatus];
  return publishOrder.flatMap((kind) => {
    const notSent = { type_url: typeUrlOf(messageNames[apiVersion][kind]), config_status: 'NOT_SENT' };
    const { parts, unasked } = types.get(kind) ?? {};
    // Only who is given something that names a secret asks for any.
    if (parts === undefined) return kind === 'secret' ? [] : [notSent];
    const unsent = unasked?.names.map((name) => ({ ...notSent, name })) ?? [];
    return [...parts.map(({ type }) => buildConfig(type)), ...unsent];
  });
}

const configStatuses: Readonly<Record<SyncState, string>> = {
  synced: 'SYNCED',
  stale: 'STALE',
  error: 'ERROR',
  'not-sent': 'NOT_SENT',
};

function buildConfig(type: TypeStatus): PlainMessage {
  return {
    type_url: type.typeUrl,
    ...unlessEmpty('name', onlyNameOf(type)),
    ...unlessEmpty('version_info', type.versionSent),
    ...(type.updatedAtMs === undefined ? {} : { last_updated: buildTimestamp(type.updatedAtMs) }),
    config_status: configStatuses[type.state],
    client_status: clientStatusOf(type),
    ...(type.state === 'error' && type.lastNack !== undefined ? { error_state: buildErrorState(type.lastNack) } : {}),
  };
}

// Tells the streams of one Envoy apart that are about one resource each.
function onlyNameOf({ subscription: { wildcard, names } }: TypeStatus): string {
  const [name = ''] = names;
  return wildcard || names.size !== 1 ? '' : name;
}

function clientStatusOf({ state, versionAccepted }: TypeStatus): string {
  if (state === 'error') return 'NACKED';
  return versionAccepted === '' ? 'REQUESTED' : 'ACKED';
}

function buildErrorState({ atMs, version, message }: NonNullable<TypeStatus['lastNack']>): PlainMessage {
  return { details: message, version_info: version, last_update_attempt: buildTimestamp(atMs) };
}

function unlessEmpty(field: string, text: string): PlainMessage {
  return text === '' ? {} : { [field]: text };
}

function buildTimestamp(monotonicMs: number): PlainMessage {
  const ms = Math.round(wallClockMs(monotonicMs));
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}
