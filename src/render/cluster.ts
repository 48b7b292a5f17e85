// A declared cluster as an Envoy cluster that takes its endpoints by EDS.

import type { PlainMessage } from '../proto/protos.ts';
import type { Cluster } from '../inventory/cluster.ts';
import type { Dialect } from '../snapshot/dialect.ts';
import { buildConfigSource } from './config-source.ts';

const connectTimeoutSeconds = 5;

/** Depends on the cluster's name alone: a changed endpoint does not touch the cluster. */
export function buildCluster(cluster: Cluster, dialect: Dialect, xdsClusterName: string): PlainMessage {
  return {
    name: cluster.name,
    type: 'EDS',
    eds_cluster_config: { eds_config: buildConfigSource(dialect, xdsClusterName) },
    connect_timeout: { seconds: connectTimeoutSeconds },
  };
}
