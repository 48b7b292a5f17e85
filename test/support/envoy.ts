// A real Envoy, and what its admin interface tells.

import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Bootstrap } from './bootstrap.ts';
import { checkoutPath } from './checkout.ts';
import { startChild, type Child, type Scope } from './child-process.ts';
import { runCommand, type Finished } from './run-command.ts';
import { tempDir } from './temp-dir.ts';

/** The releases that scripts/setup.sh installs: the one that all tests run against, and the oldest that is tried. */
export const envoyReleases = ['1.40.0', '1.36.2'] as const;

export type EnvoyRelease = (typeof envoyReleases)[number];

/** The binary of a release; throws when it is not there. */
export async function findEnvoy(version: EnvoyRelease = '1.40.0'): Promise<string> {
  const binary = checkoutPath(`.cache/envoy-${version}/envoy/_bin/envoy`);
  await access(binary, constants.X_OK).catch(() => {
    throw new Error(`Envoy ${version} is missing: run scripts/setup.sh`);
  });
  return binary;
}

/** What `envoy --mode validate` says of a bootstrap file. */
export async function validateBootstrap(path: string, version?: EnvoyRelease): Promise<Finished> {
  return runCommand(await findEnvoy(version), ['--mode', 'validate', '--log-level', 'warning', '-c', path]);
}

/** A cluster in Envoy's /clusters. */
interface ClusterStatus {
  readonly name: string;
  readonly host_statuses?: HostStatus[];
}

interface HostStatus {
  readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
  readonly health_status?: {
    readonly failed_active_health_check?: true;
    readonly failed_outlier_check?: true;
    readonly eds_health_status?: string;
  };
}

/** One running Envoy; made by {@link startEnvoy}. */
export class Envoy {
  readonly child: Child;
  readonly #adminPort: number;

  constructor(child: Child, adminPort: number) {
    this.child = child;
    this.#adminPort = adminPort;
  }

  /** Resolves when Envoy has its first configuration and serves its listeners. */
  async untilLive(): Promise<void> {
    await this.child.until('Envoy is live', async () => (await this.#admin('ready')).trim() === 'LIVE');
  }

  /** Resolves when all of Envoy's xDS streams are open, or all are broken. */
  async untilStreams(state: 'open' | 'broken'): Promise<void> {
    const wanted = state === 'open' ? 1 : 0;
    await this.child.until(`Envoy's xDS streams are ${state}`, async () => {
      // An aggregated stream counts under this very name, each other one below the name of its subscription.
      const stats = await this.stats('control_plane\\.connected_state$');
      if (stats.size === 0) throw new Error('there are none');
      return [...stats.values()].every((value) => value === wanted);
    });
  }

  /** Resolves when a cluster has exactly these hosts (`address:port`), in whatever order. */
  async untilHosts(cluster: string, hosts: readonly string[]): Promise<void> {
    const wanted = hosts.toSorted().join(' ');
    await this.child.until(`Envoy's hosts of ${cluster} are: ${wanted}`, async () => {
      const seen = (await this.hosts(cluster)).join(' ');
      if (seen !== wanted) throw new Error(seen);
      return true;
    });
  }

  /** Counters and gauges whose names match the pattern. */
  async stats(pattern: string): Promise<Map<string, number>> {
    const lines = (await this.#admin(`stats?type=All&filter=${encodeURIComponent(pattern)}`)).trim().split('\n');
    const entries = lines.map((line) => line.split(': ') as [string, string]);
    return new Map(entries.filter(([, value]) => /^\d+$/.test(value)).map(([name, value]) => [name, Number(value)]));
  }

  /** The hosts (`address:port`) of a cluster, sorted; empty also when there is no such cluster. */
  async hosts(cluster: string): Promise<string[]> {
    return (await this.#hostStatuses(cluster)).map(formatHost).toSorted();
  }

  /** Resolves when of a cluster's hosts exactly these (`address:port`) pass for healthy. */
  async untilHealthy(cluster: string, hosts: readonly string[]): Promise<void> {
    const wanted = hosts.toSorted().join(' ');
    await this.child.until(`Envoy's healthy hosts of ${cluster} are: ${wanted}`, async () => {
      const seen = (await this.healthyHosts(cluster)).join(' ');
      if (seen !== wanted) throw new Error(seen);
      return true;
    });
  }

  /** Those that pass for healthy, sorted. */
  async healthyHosts(cluster: string): Promise<string[]> {
    const healthy = (await this.#hostStatuses(cluster)).filter(({ health_status: health = {} }) => {
      const isTold = health.eds_health_status !== 'UNHEALTHY';
      return isTold && health.failed_active_health_check !== true && health.failed_outlier_check !== true;
    });
    return healthy.map(formatHost).toSorted();
  }

  /** The names of all clusters, sorted. */
  async clusters(): Promise<string[]> {
    return (await this.#clusterStatuses()).map(({ name }) => name).toSorted();
  }

  /** The id of the node that Envoy says it is. */
  async nodeId(): Promise<string> {
    return (JSON.parse(await this.#admin('server_info')) as { node: { id: string } }).node.id;
  }

  /** Everything that Envoy runs with, as its admin interface dumps it. */
  async configDump(): Promise<unknown> {
    return JSON.parse(await this.#admin('config_dump?include_eds'));
  }

  async #hostStatuses(cluster: string): Promise<HostStatus[]> {
    return (await this.#clusterStatuses()).find(({ name }) => name === cluster)?.host_statuses ?? [];
  }

  async #clusterStatuses(): Promise<ClusterStatus[]> {
    const { cluster_statuses: statuses } = JSON.parse(await this.#admin('clusters?format=json')) as {
      cluster_statuses: ClusterStatus[];
    };
    return statuses;
  }

  async #admin(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#adminPort}/${path}`);
    if (!response.ok) throw new Error(`Envoy's /${path}: ${response.status}`);
    return response.text();
  }
}

function formatHost({ address: { socket_address: { address, port_value: port } } }: HostStatus): string {
  return `${address}:${port}`;
}

export interface EnvoyOptions {
  /** Default 1.40.0. */
  readonly version?: EnvoyRelease;
  /** Workers. Default 1, so that load balancing has one order. */
  readonly concurrency?: number;
  /** Besides those that every test has. */
  readonly flags?: readonly string[];
}

/**
 * Starts Envoy and waits until its admin interface answers, which is before its first configuration is there; killed
 * when `scope` ends. Throws when Envoy is missing.
 */
export async function startEnvoy(scope: Scope, bootstrap: Bootstrap, options: EnvoyOptions = {}): Promise<Envoy> {
  const binary = await findEnvoy(options.version);
  const file = join(await tempDir(scope), 'bootstrap.json');
  await writeFile(file, JSON.stringify(bootstrap));
  const workers = ['--concurrency', `${options.concurrency ?? 1}`];
  const args = ['-c', file, ...workers, '--disable-hot-restart', '--log-level', 'warning', ...(options.flags ?? [])];
  const envoy = new Envoy(startChild(scope, 'envoy', binary, args), bootstrap.admin.address.socket_address.port_value);
  await envoy.child.until('its admin interface answers', () => envoy.stats('^server.live$'));
  return envoy;
}
