// A real Envoy that is given declared objects, by a control plane in this process that has no API.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import type { Secret } from '../../src/model/objects.ts';
import { parseConfig } from '../../src/model/parse.ts';
import { findUnpublishableListeners } from '../../src/render/check-listeners.ts';
import type { RenderOptions } from '../../src/render/options.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import type { Nack } from '../../src/xds/stream-status.ts';
import { byName, defaultOptions } from '../render/examples.ts';
import { openPlain } from '../render/plain-secrets.ts';
import { moveToLoopback, readBootstrap } from '../support/bootstrap.ts';
import type { Bootstrap } from '../support/bootstrap.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy, EnvoyRelease } from '../support/envoy.ts';
import { freePort } from '../support/free-port.ts';
import { connectRedis } from '../support/resp-client.ts';
import type { RespClient } from '../support/resp-client.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { ServedXds } from '../support/xds/served-xds.ts';

/** As in a file that an operator writes. */
export interface ConfigText {
  readonly clusters: readonly object[];
  readonly listeners?: readonly object[];
  /** Whatever their values are. */
  readonly secrets?: readonly Secret[];
}

/** One aggregated stream, or one for each type and each cluster's endpoints; state of the world or delta. */
export type Way = 'ads' | 'delta-ads' | 'streams' | 'delta-streams';

export interface DeclaredEnvoyOptions {
  /** How Envoy takes all that it is given. Default: on one aggregated stream. */
  readonly way?: Way;
  /** Default 1.40.0. */
  readonly version?: EnvoyRelease;
  readonly render?: Partial<RenderOptions>;
  /** What else Envoy is started with. */
  readonly change?: (bootstrap: Bootstrap) => Bootstrap;
}

export class DeclaredEnvoy {
  readonly envoy: Envoy;
  /** Of the implicit Redis listener, on 127.0.0.1. */
  readonly redisPort: number;
  readonly #t: TestContext;
  readonly #xds: ServedXds;
  readonly #options: RenderOptions;

  constructor(t: TestContext, envoy: Envoy, xds: ServedXds, options: RenderOptions) {
    this.#t = t;
    this.envoy = envoy;
    this.redisPort = options.redisListener.port;
    this.#xds = xds;
    this.#options = options;
  }

  /** Publishes all of this, and nothing else. */
  declare({ secrets = [], ...config }: ConfigText): void {
    const parsed = parseConfig(config);
    const [clusters, listeners] = [byName(...parsed.clusters), byName(...parsed.listeners)];
    assert.deepEqual(findUnpublishableListeners(clusters, listeners, this.#options), []);
    this.#xds.publish(RenderedSnapshot.of({ clusters, listeners, secrets: byName(...secrets) }, this.#options));
  }

  /** A connection to a Redis server or listener on 127.0.0.1, as soon as there is one. */
  connect(port = this.redisPort): Promise<RespClient> {
    return this.envoy.child.until(`somebody listens on ${port}`, () => connectRedis(this.#t, port));
  }

  /** Resolves when Envoy has answered all that it was sent. */
  async untilSynced(): Promise<void> {
    await this.envoy.child.until('Envoy is in sync', () => {
      const types = [...this.#xds.hub.streams].flatMap((stream) => stream.status().types);
      const states = types.map(({ kind, state }) => `${kind} ${state}`);
      if (states.length === 0 || types.some(({ state }) => state !== 'synced')) throw new Error(states.join(', '));
      return true;
    });
  }

  /** Resolves when Envoy has refused something of this kind. */
  async untilRefused(kind: ResourceKind): Promise<Nack> {
    return this.envoy.child.until(`Envoy has refused a ${kind}`, () => {
      const types = [...this.#xds.hub.streams].flatMap((stream) => stream.status().types);
      return types.find((type) => type.kind === kind && type.state === 'error')?.lastNack;
    });
  }

  /** Nothing that was sent was refused, or had a field that Envoy doesn't know. */
  async assertAllTaken(): Promise<void> {
    const counts = await this.envoy.stats('(update_rejected|listener_create_failure|unknown_fields)$');
    assert.ok(counts.size >= 4, [...counts.keys()].join());
    assert.deepEqual([...counts].filter(([, count]) => count > 0), []);
  }
}

/** Starts an Envoy that waits for its first configuration. */
export async function startDeclaredEnvoy(t: TestContext, options: DeclaredEnvoyOptions = {}): Promise<DeclaredEnvoy> {
  const { way = 'ads', version, render, change = (unchanged) => unchanged } = options;
  const renderOptions = {
    ...defaultOptions,
    openSecret: openPlain,
    redisListener: { host: '127.0.0.1', port: await freePort() },
    redisEmptyListener: { host: '127.0.0.1', port: await freePort() },
    ...render,
  };
  // As the daemon has it: Envoy holds ACKs back while a cluster warms.
  const xds = await serveXds(t, { inForceBoundMs: 5_000 });
  const ports = { admin: await freePort(), xds: xds.port };
  const moved = change(moveToLoopback(await readBootstrapFor(way), ports));
  const envoy = await startEnvoy(t, moved, version === undefined ? {} : { version });
  return new DeclaredEnvoy(t, envoy, xds, renderOptions);
}

// The bootstraps for streams have the listener in the file: these take that from here too.
async function readBootstrapFor(way: Way): Promise<Bootstrap> {
  const [apiType, isAggregated] = [way.startsWith('delta-') ? 'DELTA_GRPC' : 'GRPC', way.endsWith('ads')];
  const bootstrap = await readBootstrap(`envoy/redis-v3-${apiType === 'GRPC' ? 'ads' : 'delta-ads'}.yaml`);
  if (isAggregated) return bootstrap;
  const source = {
    resource_api_version: 'V3',
    api_config_source: {
      api_type: apiType,
      transport_api_version: 'V3',
      grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }],
    },
  };
  return { ...bootstrap, dynamic_resources: { cds_config: source, lds_config: source } };
}
