// The names of objects that may stand in a command line.

import type { Cluster } from '../model/objects.ts';
import { serversOfShard } from '../model/shard.ts';
import { formatAddress } from '../net/address.ts';
import { pathOf } from './api-client.ts';
import type { ApiClient, Query } from './api-client.ts';
import type { ChangeMessage } from './messages.ts';

export interface Names {
  readonly clusters: readonly string[];
  readonly listeners: readonly string[];
  readonly secrets: readonly string[];
  /** `address:port`, of the cluster that was named; names of its shards too, where those do. */
  readonly servers: readonly string[];
  /** Of the kind that was named. */
  readonly staged: readonly string[];
}

export const noNames: Names = { clusters: [], listeners: [], secrets: [], servers: [], staged: [] };

const limit = 1_000;

/** Commands that are about one server. */
export const orders: readonly string[] = ['drain', 'undrain', 'disable', 'enable'];

// bash expands what it is given: a name with other characters could be a command.
const harmless = /^[\p{L}\p{N}_.:,+=@%/[\]-]+$/u;

/** As far as the words before the last can be followed by them; of what can't be had, none. */
export async function readNames(api: ApiClient, words: readonly string[]): Promise<Names> {
  const [noun, verb, named] = words.slice(0, -1).filter((word) => !word.startsWith('-'));
  const [clusters, listeners, secrets, servers, staged] = await Promise.all([
    noun === undefined || noun === 'discard' || noun === 'secret' ? [] : readList<{ name: string }>(api, 'clusters', 'clusters', { limit }),
    noun === 'listener' ? readList<{ name: string }>(api, 'listeners', 'listeners', { limit }) : [],
    noun === 'secret' ? readList<{ name: string }>(api, 'secrets', 'secrets', { limit }) : [],
    readServersAfter(api, noun, verb, named),
    noun === 'discard' ? readList<ChangeMessage>(api, 'staged', 'changes') : [],
  ]);
  return {
    clusters: pick(clusters.map(({ name }) => name)),
    listeners: pick(listeners.map(({ name }) => name)),
    secrets: pick(secrets.map(({ name }) => name)),
    servers: pick(servers),
    staged: pick(staged.filter(({ kind }) => kind === verb).map(({ name }) => name)),
  };
}

/** @param named the word after `verb`: of an order that is the server, and `verb` the cluster. */
async function readServersAfter(api: ApiClient, noun?: string, verb?: string, named?: string): Promise<string[]> {
  if (noun !== undefined && [...orders, 'switchover', 'promote'].includes(noun)) return verb === undefined ? [] : readServers(api, verb, false);
  return noun === 'endpoint' && verb !== 'add' && named !== undefined ? readServers(api, named, verb === 'get') : [];
}

async function readServers(api: ApiClient, cluster: string, withShards: boolean): Promise<string[]> {
  const found = await api.get<Cluster>(pathOf('clusters', cluster)).catch(() => undefined);
  const shards = found?.kind === 'sharded' ? found.shards : [];
  const servers = found?.kind === 'sharded' ? shards.flatMap(serversOfShard) : (found?.endpoints ?? []);
  const addresses = servers.map(({ address, port }) => formatAddress({ host: address, port }));
  return [...(withShards ? shards.map(({ name }) => name) : []), ...addresses];
}

async function readList<Item>(api: ApiClient, path: string, key: string, query: Query = {}): Promise<readonly Item[]> {
  const answer = await api.get<Record<string, readonly Item[]>>(path, query).catch(() => undefined);
  return answer?.[key] ?? [];
}

function pick(names: readonly string[]): string[] {
  return names.filter((name) => harmless.test(name));
}
