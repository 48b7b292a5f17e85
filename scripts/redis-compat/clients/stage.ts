// What client libraries are tried at: listeners of one Envoy, declared at a control plane, and the servers behind them.

import { setTimeout as sleep } from 'node:timers/promises';

import { moveToLoopback, readBootstrap } from '../../../test/support/bootstrap.ts';
import type { Scope } from '../../../test/support/child-process.ts';
import { startControlPlane } from '../../../test/support/controlplane.ts';
import type { ControlPlane } from '../../../test/support/controlplane.ts';
import { startEnvoy } from '../../../test/support/envoy.ts';
import type { Envoy } from '../../../test/support/envoy.ts';
import { freePort } from '../../../test/support/free-port.ts';
import { startRedisCluster } from '../../../test/support/redis-cluster.ts';
import { startRedis } from '../../../test/support/redis-server.ts';
import type { RedisServer } from '../../../test/support/redis-server.ts';
import { connectRedis } from '../../../test/support/resp-client.ts';
import { callApi, commit } from '../declare.ts';
import type { ListenerKind } from './probes.ts';

/** Whom a client says it is; the listeners and servers that ask know both. */
export const credentials = {
  password: { password: 'pw-default' },
  user: { username: 'app', password: 'pw-app' },
} as const;

export type Credentials = keyof typeof credentials;

/** The fields of the listeners of each kind, by what is special about them. */
const listeners = {
  redis: {
    simple: { catch_all: 'one' },
    // Keys that begin with a: and b:, and no others.
    several: { routes: routesTo('one', 'other'), catch_all: 'none' },
    'catch-all': { routes: routesTo('one', 'other'), catch_all: 'one' },
    'two-servers': { catch_all: 'two-servers' },
    resp3: { catch_all: 'one', protocol: 'RESP3' },
    password: { catch_all: 'one', auth: { passwords: [{ secret: 'password' }] } },
    user: { catch_all: 'one', auth: { username: credentials.user.username, passwords: [{ secret: 'user' }] } },
    guarded: { catch_all: 'guarded' },
    databases: { catch_all: 'databases' },
    cluster: { catch_all: 'cluster' },
    moving: { catch_all: 'moving' },
  },
  tcp: {
    simple: { cluster: 'one' },
    guarded: { cluster: 'guarded' },
    cluster: { cluster: 'cluster-nodes' },
    moving: { cluster: 'moving' },
  },
} as const;

export type ListenerName = keyof (typeof listeners)['redis'];

// A thousand times what it takes on loopback.
const hearsayMs = 500;

export class Stage {
  readonly #scope: Scope;
  readonly #controlPlane: ControlPlane;
  readonly #envoy: Envoy;
  readonly #ports: ReadonlyMap<string, number>;
  /** All but the one that is replaced. */
  readonly #servers: readonly RedisServer[];
  #moving: RedisServer;

  constructor(
    scope: Scope,
    controlPlane: ControlPlane,
    envoy: Envoy,
    ports: ReadonlyMap<string, number>,
    servers: readonly RedisServer[],
    moving: RedisServer,
  ) {
    this.#scope = scope;
    this.#controlPlane = controlPlane;
    this.#envoy = envoy;
    this.#ports = ports;
    this.#servers = servers;
    this.#moving = moving;
  }

  /** On 127.0.0.1. Throws when there is no such listener. */
  portOf(kind: ListenerKind, name: ListenerName): number {
    const port = this.#ports.get(listenerName(kind, name));
    if (port === undefined) throw new Error(`there is no listener ${name} of the kind ${kind}`);
    return port;
  }

  /** Takes away all keys and scripts. */
  async empty(): Promise<void> {
    for (const { direct } of [...this.#servers, this.#moving]) {
      await direct.ask('FLUSHALL');
      await direct.ask('SCRIPT', 'FLUSH');
    }
  }

  /** Another server, an empty one, takes the place of the one behind the listeners `moving`, which ends. */
  async replaceServer(): Promise<void> {
    const next = await startRedis(this.#scope);
    const body = { endpoints: [endpointOf(next)] };
    await callApi(this.#controlPlane, 'PATCH', 'clusters/moving', body);
    await commit(this.#controlPlane);
    await this.#envoy.untilHosts('moving', [hostOf(next)]);
    await this.#moving.child.end('SIGKILL');
    // Its connections end with it. Envoy and the client have heard of that before anything is asked.
    await sleep(hearsayMs);
    this.#moving = next;
  }
}

/** All that is started here ends with `scope`. */
export async function startStage(scope: Scope): Promise<Stage> {
  const [one, other, first, second, databases, moving] = await startSeveral(scope, 6);
  const guarded = await startGuarded(scope);
  const nodes = await startRedisCluster(scope);
  const ports = new Map<string, number>();
  const declared: object[] = [];
  for (const kind of ['redis', 'tcp'] as const) {
    for (const [name, fields] of Object.entries(listeners[kind])) {
      const [whole, port] = [listenerName(kind, name), await freePort()];
      ports.set(whole, port);
      declared.push({ name: whole, kind, address: `127.0.0.1:${port}`, ...fields });
    }
  }
  const clusterOf = (name: string, ...servers: RedisServer[]) => ({ name, endpoints: servers.map(endpointOf) });
  const config = {
    clusters: [
      clusterOf('one', one!),
      clusterOf('other', other!),
      clusterOf('two-servers', first!, second!),
      clusterOf('databases', databases!),
      clusterOf('moving', moving!),
      { ...clusterOf('guarded', guarded), upstream_auth: { password: { secret: 'password' } } },
      { name: 'cluster', kind: 'redis_cluster', endpoints: nodes.map(endpointOf) },
      clusterOf('cluster-nodes', ...nodes),
    ],
    listeners: declared,
    secrets: Object.entries(credentials).map(([name, { password }]) => ({ name, kind: 'password', value: password })),
  };

  const controlPlane = await startControlPlane(scope, ['--redis-listener', `127.0.0.1:${await freePort()}`]);
  const bootstrap = await readBootstrap('envoy/redis-v3-ads.yaml');
  const envoy = await startEnvoy(
    scope,
    moveToLoopback(bootstrap, { admin: await freePort(), xds: controlPlane.place.xdsPort }),
  );
  await callApi(controlPlane, 'PUT', 'config', config);
  await commit(controlPlane);
  await envoy.untilLive();
  const throughCluster = await connectRedis(scope, ports.get(listenerName('redis', 'cluster'))!);
  await envoy.child.until('Envoy knows the Redis Cluster', async () => {
    return (await throughCluster.ask('GET', 'k')) === '(nil)';
  });

  const servers = [one!, other!, first!, second!, databases!, guarded, ...nodes];
  return new Stage(scope, controlPlane, envoy, ports, servers, moving!);
}

function startSeveral(scope: Scope, count: number): Promise<RedisServer[]> {
  return Promise.all(Array.from({ length: count }, () => startRedis(scope)));
}

/** Asks for the password of `default`, and knows a user beside it. */
async function startGuarded(scope: Scope): Promise<RedisServer> {
  const server = await startRedis(scope);
  const { username, password } = credentials.user;
  await server.direct.ask('ACL', 'SETUSER', username, 'on', `>${password}`, '~*', '&*', '+@all');
  await server.direct.ask('CONFIG', 'SET', 'requirepass', credentials.password.password);
  return server;
}

function listenerName(kind: ListenerKind, name: string): string {
  return `${kind}-${name}`;
}

function routesTo(...clusters: readonly [string, string]): { prefix: string; cluster: string }[] {
  return clusters.map((cluster, index) => ({ prefix: `${'ab'[index]}:`, cluster }));
}

function endpointOf({ address, port }: RedisServer): { address: string; port: number } {
  return { address, port };
}

function hostOf({ address, port }: RedisServer): string {
  return `${address}:${port}`;
}
