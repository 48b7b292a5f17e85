// Redis servers behind an Envoy that has its configuration from a control plane: one setting in which commands are
// tried.

import { moveToLoopback, readBootstrap } from '../../test/support/bootstrap.ts';
import type { Scope } from '../../test/support/child-process.ts';
import { startControlPlane } from '../../test/support/controlplane.ts';
import { startEnvoy } from '../../test/support/envoy.ts';
import type { EnvoyRelease } from '../../test/support/envoy.ts';
import { freePort } from '../../test/support/free-port.ts';
import type { RedisServer } from '../../test/support/redis-server.ts';
import { connectRedis } from '../../test/support/resp-client.ts';
import type { RespClient } from '../../test/support/resp-client.ts';
import { callApi } from './declare.ts';

export interface SettingOptions {
  /** Per cluster its prefix and its servers. */
  readonly clusters: Readonly<Record<string, readonly [prefix: string, ...servers: readonly RedisServer[]]>>;
  readonly catchAll?: string;
  /** The cluster that clients are led to by a `tcp` listener, in place of the `redis` one. */
  readonly tcp?: string;
  /** What clients say to the listener, and what Envoy says to the servers of all clusters. */
  readonly passwords?: { readonly clients: string; readonly servers: string };
  readonly version?: EnvoyRelease;
}

export interface Setting {
  /** Connects to Envoy's listener. */
  readonly connect: () => Promise<RespClient>;
  /** The servers of all clusters, in the order of the options. */
  readonly servers: readonly RedisServer[];
}

/** Resolves once Envoy knows every server; what is started here ends with `scope`. */
export async function startSetting(scope: Scope, options: SettingOptions): Promise<Setting> {
  const listenerPort = await freePort();
  const clientPort = options.tcp === undefined ? listenerPort : await freePort();
  const catchAll = options.catchAll === undefined ? [] : ['--redis-catch-all', options.catchAll];
  const controlPlane = await startControlPlane(scope, ['--redis-listener', `127.0.0.1:${listenerPort}`, ...catchAll]);
  for (const [name, [prefix, ...servers]] of Object.entries(options.clusters)) {
    await controlPlane.cli('cluster', 'add', name, prefix);
    for (const { address, port } of servers) await controlPlane.cli('endpoint', 'add', name, address, `${port}`);
  }
  if (options.tcp !== undefined) {
    const listener = { kind: 'tcp', address: `127.0.0.1:${clientPort}`, cluster: options.tcp };
    await callApi(controlPlane, 'PUT', 'listeners/tcp', listener);
  }
  for (const [name, value] of Object.entries(options.passwords ?? {})) {
    await callApi(controlPlane, 'PUT', `secrets/${name}`, { kind: 'password', value });
  }
  if (options.passwords !== undefined) {
    const auth = { passwords: [{ secret: 'clients' }] };
    await callApi(controlPlane, 'PUT', 'listeners/redis_listener', { auth });
    for (const name of Object.keys(options.clusters)) {
      await callApi(controlPlane, 'PATCH', `clusters/${name}`, { upstream_auth: { password: { secret: 'servers' } } });
    }
  }
  await controlPlane.cli('commit');
  const ports = { admin: await freePort(), xds: controlPlane.place.xdsPort };
  const bootstrap = moveToLoopback(await readBootstrap('envoy/redis-v3-ads.yaml'), ports);
  const envoy = await startEnvoy(scope, bootstrap, options.version === undefined ? {} : { version: options.version });
  await envoy.untilLive();
  for (const [name, [, ...servers]] of Object.entries(options.clusters)) {
    await envoy.untilHosts(name, servers.map(({ address, port }) => `${address}:${port}`));
  }
  const connect = (): Promise<RespClient> => connectRedis(scope, clientPort);
  await envoy.child.until('the listener is there', connect);
  return { connect, servers: Object.values(options.clusters).flatMap(([, ...servers]) => servers) };
}
