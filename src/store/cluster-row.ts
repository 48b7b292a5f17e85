// One cluster as a row of schema 1: its name as the key, the rest as JSON. schema-1.ts reads it back.

import type { Cluster } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';

/** JSON: `{"prefix": string, "endpoints": [{"address": string, "port": number}, ...]}`. */
export function renderClusterContent({ name: _name, ...content }: Cluster): string {
  return JSON.stringify(content);
}

export function renderDrainingContent({ cluster, wasCatchAll, followed }: DrainingCluster): string {
  const { name: _name, ...content } = cluster;
  return JSON.stringify({ ...content, ...(wasCatchAll ? { was_catch_all: true } : {}), followed });
}
