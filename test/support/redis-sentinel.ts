// Real Redis Sentinels on loopback, and a group of servers that they watch.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startChild, type Child, type Scope } from './child-process.ts';
import { freePort } from './free-port.ts';
import { startRedis, type RedisServer } from './redis-server.ts';
import { connectRedis, type RespClient } from './resp-client.ts';
import { tempDir } from './temp-dir.ts';

export interface Sentinel {
  /** ADDRESS:PORT. */
  readonly address: string;
  readonly port: number;
  readonly child: Child;
  readonly direct: RespClient;
}

export interface SentinelOptions {
  /** The name of the group. Default: mymaster */
  readonly master?: string;
  /** More lines of their configuration. */
  readonly more?: readonly string[];
  /** Told to each connection of the test's own. */
  readonly password?: string;
}

/** A primary, its replicas and their Sentinels. */
export interface WatchedGroup {
  readonly primary: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly sentinels: readonly Sentinel[];
}

// Long enough for a busy machine not to look like one that has died.
const downAfterMs = 2_500;

/**
 * Starts a primary, two replicas in sync and three Sentinels that know of each other and of all servers; all are killed
 * when `scope` ends.
 */
export async function startWatchedGroup(scope: Scope, options: SentinelOptions = {}): Promise<WatchedGroup> {
  const primary = await startPrimary(scope);
  const replicas = await Promise.all([startReplica(scope, primary.port), startReplica(scope, primary.port)]);
  const sentinels = await startSentinels(scope, primary.port, 3, options);
  return { primary, replicas, sentinels };
}

/** One that does not wait for more replicas before it gives the first its data. */
export async function startPrimary(scope: Scope): Promise<RedisServer> {
  return startRedis(scope, undefined, '127.0.0.1', ['--repl-diskless-sync-delay', '0']);
}

/** A replica that is in sync. */
export async function startReplica(scope: Scope, primaryPort: number): Promise<RedisServer> {
  const replica = await startRedis(scope, undefined, '127.0.0.1', ['--replicaof', '127.0.0.1', `${primaryPort}`]);
  await replica.child.until('it is in sync', async () => {
    return (await replica.direct.ask('INFO', 'replication')).includes('master_link_status:up');
  });
  return replica;
}

/** Resolves when each knows of the others, and as many replicas as the primary has. */
export async function startSentinels(
  scope: Scope,
  primaryPort: number,
  count: number,
  options: SentinelOptions = {},
): Promise<Sentinel[]> {
  const { master = 'mymaster' } = options;
  const primary = await connectRedis(scope, primaryPort);
  const connected = /connected_slaves:(\d+)/u.exec(await primary.ask('INFO', 'replication'))?.[1] ?? '0';
  const sentinels = await Promise.all(Array.from({ length: count }, () => startSentinel(scope, primaryPort, options)));
  for (const { child, direct } of sentinels) {
    await child.until('it knows the others, and all replicas', async () => {
      const told = await direct.ask('SENTINEL', 'MASTER', master);
      const isTold = (field: string, value: string): boolean => {
        return new RegExp(`"${field}"\\n\\s*\\d+\\) "${value}"`, 'u').test(told);
      };
      return isTold('num-other-sentinels', `${count - 1}`) && isTold('num-slaves', connected);
    });
  }
  return sentinels;
}

/** One more, at a port of its own; resolves when it answers. */
export async function startSentinel(
  scope: Scope,
  primaryPort: number,
  options: SentinelOptions = {},
): Promise<Sentinel> {
  const { master = 'mymaster', more = [], password } = options;
  const port = await freePort();
  const dir = await tempDir(scope);
  const config = join(dir, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor ${master} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${master} ${downAfterMs}`,
    `sentinel failover-timeout ${master} 6000`,
    ...more,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const child = startChild(scope, `sentinel on ${port}`, 'redis-server', [config, '--sentinel']);
  if (child.pid === undefined) throw new Error('redis-server is missing: run scripts/setup.sh');
  const direct = await child.until('the Sentinel accepts connections', () => connectRedis(scope, port));
  if (password !== undefined) await direct.ask('AUTH', password);
  await child.until('the Sentinel answers', async () => (await direct.ask('PING')) === 'PONG');
  return { address: `127.0.0.1:${port}`, port, child, direct };
}
