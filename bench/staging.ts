// The same changes asked for in the ways of /api/v1 and of /api/v2.

import type { ApiClient } from './api-client.ts';
import type { DeclaredCluster, DeclaredEndpoint, Declarer } from './declared-clusters.ts';

export type ApiVersion = 'v1' | 'v2';

/** Stages a new endpoint for the oldest one of `clusters[index]`: two calls of v1, one of v2. Gives the new one. */
export async function stageEndpoint(
  api: ApiClient, version: ApiVersion, declarer: Declarer, clusters: DeclaredCluster[], index: number,
): Promise<DeclaredEndpoint> {
  const cluster = clusters[index];
  if (cluster === undefined) throw new RangeError(`no cluster ${index}`);
  const { after, oldest, added } = declarer.replaceEndpoint(cluster);
  if (version === 'v2') await api.call('PATCH', `/api/v2/clusters/${cluster.name}`, { endpoints: after.endpoints });
  else {
    await api.call('DELETE', '/api/v1/endpoint', toV1(cluster, oldest));
    await api.call('POST', '/api/v1/endpoint', toV1(cluster, added));
  }
  clusters[index] = after;
  return added;
}

/** Stages whole clusters by v1, several calls at a time. */
export async function stageByV1(api: ApiClient, clusters: readonly DeclaredCluster[]): Promise<void> {
  await runCallers(8, clusters, async (cluster) => {
    await api.call('POST', '/api/v1/cluster', { name: cluster.name, prefix: cluster.prefix });
    for (const endpoint of cluster.endpoints) await api.call('POST', '/api/v1/endpoint', toV1(cluster, endpoint));
  });
}

/** Replaces all that is declared, and commits it. */
export async function declare(api: ApiClient, clusters: readonly DeclaredCluster[]): Promise<void> {
  await api.call('PUT', '/api/v2/config', { clusters });
  await commit(api, 'v2');
}

export async function commit(api: ApiClient, version: ApiVersion): Promise<void> {
  await api.call('POST', `/api/${version}/commit`, version === 'v1' ? '' : { force: true });
}

/** Each of `count` callers takes the next item when its last one is done. */
export async function runCallers<T>(count: number, items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = Iterator.from(items);
  await Promise.all(Array.from({ length: count }, async () => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  }));
}

function toV1({ name }: DeclaredCluster, { address, port }: DeclaredEndpoint): object {
  return { cluster: name, ipaddress: address, port };
}
