// A shard of a sharded cluster: one that is looked for, and one that comes, moves or goes. The list of shards is staged
// anew then, unless another changed it.

import type { Cluster, Shard, ShardEndpoint } from '../model/objects.ts';
import { serversOfShard } from '../model/shard.ts';
import { formatAddress, parseServerAddress } from '../net/address.ts';
import { Failure } from '../process/failure.ts';
import { pathOf } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import type { Patch } from './object-flags.ts';
import { toPrintable } from './printable.ts';

export interface ShardChange {
  readonly verb: 'add' | 'set' | 'remove';
  readonly name: string;
  readonly address: { readonly address: string; readonly port: number };
  /** `weight`, of the shard, and what its server has besides an address; null removes a field. */
  readonly patch: Patch;
}

type SingleShard = Extract<Shard, { readonly endpoint: ShardEndpoint }>;

/** Stages the change; gives what the control plane answers. @throws Failure */
export async function changeShard(api: ApiClient, cluster: string, change: ShardChange): Promise<object> {
  const path = pathOf('clusters', cluster);
  const { answer, headers } = await api.getWithHeaders<Cluster>(path);
  if (answer.kind !== 'sharded')
    throw new Failure(toPrintable(`cluster ${JSON.stringify(cluster)}: is not sharded, it has no shards`));
  const body = { shards: changeShards(answer.shards, change) };
  const { etag } = headers;
  return api.send({ method: 'PATCH', path, body, ...(etag === undefined ? {} : { headers: { 'if-match': etag } }) });
}

/** The shards after the change. @throws Failure */
export function changeShards(shards: readonly Shard[], { verb, name, address, patch }: ShardChange): Shard[] {
  const others = shards.filter((shard) => shard.name !== name);
  const old = shards.find((shard) => shard.name === name);
  const called = toPrintable(`shard ${JSON.stringify(name)}`);
  if (verb === 'add') {
    if (old !== undefined) throw new Failure(`${called}: is there already; set moves it to another server`);
    return [...shards, patched({ name, endpoint: address }, address, patch)];
  }
  if (old === undefined) throw noSuchShard(shards, name);
  if (old.endpoint === undefined) {
    throw new Failure(`${called}: has replicas: they are changed in a file (controlplane apply), or by /api/v2`);
  }
  const { endpoint } = old;
  if (verb === 'set') {
    const moved = patched({ ...old, endpoint }, address, patch);
    return shards.map((shard) => (shard === old ? moved : shard));
  }
  if (endpoint.address !== address.address || endpoint.port !== address.port) {
    throw new Failure(
      `${called}: has the server ${formatAddress({ host: endpoint.address, port: endpoint.port })}, not this one`,
    );
  }
  return others;
}

/** @param server the name of the shard, or the address of its server. @throws Failure */
export function findShard(shards: readonly Shard[], server: string): Shard {
  const byName = shards.find(({ name }) => name === server);
  const found = byName ?? shards.find((shard) => serversOfShard(shard).some((each) => isAddressOf(each, server)));
  if (found === undefined) throw noSuchShard(shards, server);
  return found;
}

function isAddressOf({ address, port }: ShardEndpoint, text: string): boolean {
  try {
    const { host, port: number } = parseServerAddress(text);
    return host === address && number === port;
  } catch {
    return false;
  }
}

function noSuchShard(shards: readonly Shard[], name: string): Failure {
  const names = shards.map((each) => each.name).join(', ') || 'none';
  return new Failure(toPrintable(`shard ${JSON.stringify(name)}: no such shard, there are ${names}`));
}

function patched(
  shard: SingleShard,
  address: ShardChange['address'],
  { weight, zone, labels, upstream_auth: auth }: Patch,
): Shard {
  const rest = {
    zone,
    labels: labels && mergeLabels(shard.endpoint.labels, labels as Patch),
    upstream_auth: auth && merge(shard.endpoint.upstream_auth ?? {}, auth as Patch),
  };
  const endpoint = merge({ ...shard.endpoint, ...address }, rest);
  return merge({ ...shard, endpoint }, { weight }) as unknown as Shard;
}

// None are no labels.
function mergeLabels(labels: ShardEndpoint['labels'], patch: Patch): Patch | null {
  const merged = merge(labels ?? {}, patch);
  return Object.keys(merged).length === 0 ? null : merged;
}

// RFC 7396 of one level: what is undefined says nothing, null removes.
function merge(object: object, patch: Patch): Patch {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  const entries = Object.entries({ ...object, ...Object.fromEntries(given) });
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}
