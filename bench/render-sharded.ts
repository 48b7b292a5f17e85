// What it costs to render sharded clusters, beside plain ones.

import { performance } from 'node:perf_hooks';

import type { Cluster } from '../src/inventory/cluster.ts';
import { parseCluster } from '../src/model/parse.ts';
import type { RenderOptions } from '../src/render/options.ts';
import { RenderedSnapshot } from '../src/render/rendered-snapshot.ts';
import { dialects } from '../src/snapshot/dialect.ts';
import { compare } from './benchmark.ts';
import type { Benchmark } from './benchmark.ts';
import { median } from './statistics.ts';

const clusterCount = 1_000;
const serverCount = 16;
const rounds = 10;

const options: RenderOptions = {
  xdsClusterName: 'xds_cluster',
  redisListener: { host: '0.0.0.0', port: 6_379 },
  redisEmptyListener: { host: '127.0.0.1', port: 12_712 },
  redisCatchAll: undefined,
};

/** In this process: clusters, endpoints and the listener, from nothing. */
export const renderShardedBenchmark: Benchmark = {
  id: 'render-sharded',
  table: 'Sharded clusters rendered : plain ones',
  load: '1,000 clusters of 16 servers, v3 on ADS',
  columns: ['time'],
  async measure({ quick }) {
    const [sharded, plain]: [number[], number[]] = [[], []];
    for (let round = 0; round < (quick ? 3 : rounds); round++) {
      sharded.push(measureMs(toSharded));
      plain.push(measureMs(toPlain));
    }
    return [compare(median(sharded), median(plain), 'ms', 2)];
  },
};

type Server = { readonly address: string; readonly port: number };

function toSharded(name: string, servers: readonly Server[]): object {
  const shards = servers.map((endpoint, index) => ({ name: `shard-${index}`, endpoint }));
  return { name, prefix: `${name}:`, kind: 'sharded', shards };
}

function toPlain(name: string, endpoints: readonly Server[]): object {
  return { name, prefix: `${name}:`, endpoints };
}

// Of objects that were never rendered: what is made of an object is remembered.
function measureMs(declare: (name: string, servers: readonly Server[]) => object): number {
  const clusters = new Map<string, Cluster>();
  for (let index = 0; index < clusterCount; index++) {
    const name = `cluster-${index}`;
    const servers = Array.from({ length: serverCount }, (_, server) => {
      return { address: `10.${index >> 8}.${index & 255}.${server + 1}`, port: 6_379 };
    });
    clusters.set(name, parseCluster(declare(name, servers)));
  }
  const startMs = performance.now();
  const snapshot = RenderedSnapshot.of({ clusters }, options);
  for (const kind of ['cluster', 'endpoint', 'listener'] as const) snapshot.resources(kind, dialects.v3.ads, 'reachable');
  return performance.now() - startMs;
}
