// Clusters and directories for the store's tests.

import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import type { Cluster, ClusterEdit, Endpoint } from '../../src/inventory/cluster.ts';
import type { DrainingCluster } from '../../src/inventory/draining.ts';

/** A cluster as the inventory makes it: frozen, with its endpoints sorted. */
export function buildCluster(name: string, endpoints: readonly Endpoint[] = []): Cluster {
  const frozen = Object.freeze(endpoints.map((e) => Object.freeze(e)));
  return Object.freeze({ name, prefix: `/${name}`, endpoints: frozen, watch: 'off' as const });
}

/** The edit that puts a cluster with an endpoint at each of `ports`, given in ascending order. */
export function put(name: string, ...ports: readonly number[]): ClusterEdit {
  const endpoints = ports.map((port) => ({ address: '192.0.2.1', port }));
  return { name, after: buildCluster(name, endpoints) };
}

export function remove(name: string): ClusterEdit {
  return { name, after: undefined };
}

/** A cluster of one endpoint that was removed. */
export function drain(name: string, untilMs: number): DrainingCluster {
  const cluster = buildCluster(name, [{ address: '192.0.2.1', port: 1 }]);
  return { cluster, untilMs, wasCatchAll: false, followed: undefined };
}

/** A new empty directory that goes with the test. */
export function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'controlplane-store-'));
  t.after(() => {
    if (existsSync(directory)) chmodSync(directory, 0o700);
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
