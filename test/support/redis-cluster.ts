// A real Redis Cluster on loopback that keeps nothing.

import { startChild, type Scope } from './child-process.ts';
import { freePort } from './free-port.ts';
import type { RedisServer } from './redis-server.ts';
import { connectRedis } from './resp-client.ts';
import { runCommand } from './run-command.ts';
import { tempDir } from './temp-dir.ts';
import { waitUntil } from './wait-until.ts';

export interface RedisClusterOptions {
  /** Of each of the three primaries. Default 0. */
  readonly replicas?: number;
  /** Of Redis' settings, for each of them. */
  readonly more?: readonly string[];
}

/** Three primaries with all slots between them, first, then their replicas; resolves when each of them knows all. */
export async function startRedisCluster(scope: Scope, options: RedisClusterOptions = {}): Promise<RedisServer[]> {
  const { replicas = 0, more = [] } = options;
  const servers = await Promise.all(Array.from({ length: 3 * (1 + replicas) }, () => startClusterNode(scope, more)));
  const addresses = servers.map(({ address, port }) => `${address}:${port}`);
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', `${replicas}`, '--cluster-yes'];
  const { status, stdout, stderr } = await runCommand('redis-cli', create);
  if (status !== 0) throw new Error(`redis-cli --cluster create: ${stdout}${stderr}`);
  for (const { direct } of servers) {
    await waitUntil('a node knows all', async () => {
      const info = await direct.ask('CLUSTER', 'INFO');
      const slots = await direct.ask('CLUSTER', 'SLOTS');
      const known = addresses.filter((address) => slots.includes(`(integer) ${address.split(':')[1]}`));
      if (info.includes('cluster_state:ok') && known.length === servers.length) return true;
      throw new Error(`${info} ${slots}`);
    });
  }
  return servers;
}

/** A server that is ready to become one of a Redis Cluster; killed when `scope` ends. */
export async function startClusterNode(scope: Scope, more: readonly string[] = []): Promise<RedisServer> {
  const [port, busPort] = [await freePort(), await freePort()];
  const dir = await tempDir(scope);
  const quiet = ['--save', '', '--appendonly', 'no'];
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', '2000'];
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', ...quiet, ...cluster, '--dir', dir, ...more];
  const child = startChild(scope, `redis-server on ${port}`, 'redis-server', args);
  if (child.pid === undefined) throw new Error('redis-server is missing: run scripts/setup.sh');
  const direct = await child.until('Redis accepts connections', () => connectRedis(scope, port));
  await child.until('Redis answers', async () => (await direct.ask('PING')) === 'PONG');
  return { address: '127.0.0.1', port, child, direct };
}
