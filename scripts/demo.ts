// The README's story on this machine: a control plane, two Redis servers and a real Envoy on free loopback ports,
// driven by cli.sh and redis-cli. Prints every command with its real output; exits non-zero when one is not as told.
// Starting, waiting and stopping is the tests' (test/support).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { checkoutDir } from '../test/support/checkout.ts';
import type { Child, Scope } from '../test/support/child-process.ts';
import { Envoy, findEnvoy } from '../test/support/envoy.ts';
import { freePort } from '../test/support/free-port.ts';
import { connectRedis } from '../test/support/resp-client.ts';
import { Shell } from './demo/shell.ts';

const cluster = 'bunny_redis_cluster';
const ok = /^HTTP\/1\.1 200 OK$/m;

interface Ports {
  readonly xds: number;
  readonly api: number;
  readonly envoy: number;
  readonly envoyAdmin: number;
  readonly first: number;
  readonly second: number;
}

async function findPorts(): Promise<Ports> {
  return {
    xds: await freePort(),
    api: await freePort(),
    envoy: await freePort(),
    envoyAdmin: await freePort(),
    first: await freePort(),
    second: await freePort(),
  };
}

async function tellStory(shell: Shell, scope: Scope, ports: Ports): Promise<void> {
  const viaEnvoy = `redis-cli --no-raw -p ${ports.envoy}`;
  const endpoint = (port: number): string => `${cluster} 127.0.0.1 ${port}`;

  shell.say('Two Redis servers; each knows its name. $dir is an empty folder.');
  await startRedis(shell, scope, ports.first, 'first');
  const second = await startRedis(shell, scope, ports.second, 'second');

  shell.say('The control plane, and an Envoy that knows nothing but where the control plane is.');
  let controlPlane = await startControlPlane(shell, ports);
  shell.export('API', `127.0.0.1:${ports.api}`);
  const envoy = await startEnvoy(shell, ports);

  shell.say('A cluster without servers.');
  await shell.run(`./cli.sh cluster add ${cluster} br`, ok);
  await shell.run('./cli.sh commit', ok);
  await envoy.child.until('the Redis listener is there', () => connectRedis(scope, ports.envoy));
  await shell.run(`${viaEnvoy} get missing`, /^\(error\) no upstream host$/);

  const commitHosts = async (...servers: readonly number[]): Promise<void> => {
    await shell.run('./cli.sh commit', ok);
    await envoy.untilHosts(cluster, servers.map((port) => `127.0.0.1:${port}`));
  };

  shell.say('Its first server: staged by `endpoint add`, published by `commit`.');
  await shell.run(`./cli.sh endpoint add ${endpoint(ports.first)}`, ok);
  await commitHosts(ports.first);
  await shell.run(`${viaEnvoy} get missing`, /^\(nil\)$/);
  await shell.run(`${viaEnvoy} set greeting hello`, /^OK$/);
  await shell.run(`${viaEnvoy} get greeting`, /^"hello"$/);

  shell.say('A second server takes its share of the commands, in turn.');
  await shell.run(`./cli.sh endpoint add ${endpoint(ports.second)}`, ok);
  await commitHosts(ports.first, ports.second);
  await shell.run(`${viaEnvoy} -r 4 get server`, /^"first"$/m, /^"second"$/m);

  shell.say('The control plane is killed: traffic goes on.');
  await shell.run(`kill -9 ${controlPlane.pid}`);
  await controlPlane.ended;
  await envoy.untilStreams('broken');
  await shell.run(`${viaEnvoy} -r 4 get server`, /^"first"$/m, /^"second"$/m);

  shell.say('It comes back with its state: what was added is still there.');
  controlPlane = await startControlPlane(shell, ports);
  await envoy.untilStreams('open');
  await shell.run(`./cli.sh endpoint add ${endpoint(ports.second)}`, /500/, /^endpoint already exists$/m);

  shell.say('A Redis server dies: the commands that reach it fail, until it is removed by hand.');
  await shell.run(`kill -9 ${second.pid}`);
  await second.ended;
  await shell.run(`${viaEnvoy} -r 4 get server`, /^"first"$/m, /^\(error\) upstream failure$/m);
  await shell.run(`./cli.sh endpoint remove ${endpoint(ports.second)}`, ok);
  await commitHosts(ports.first);
  await shell.run(`${viaEnvoy} -r 4 get server`, /^("first"\n){3}"first"$/);

  shell.say('Envoy took every update.');
  await shell.run(`curl -s '127.0.0.1:${ports.envoyAdmin}/stats?filter=update_rejected'`, /^(\S+: 0\n?)+$/);

  shell.say('The control plane stops when told to.');
  await stop(shell, controlPlane);
}

async function startRedis(shell: Shell, scope: Scope, port: number, name: string): Promise<Child> {
  const server = shell.start(`redis-server --port ${port} --bind 127.0.0.1 --save '' --dir $dir`);
  const client = await server.until('Redis accepts connections', () => connectRedis(scope, port));
  await server.until('Redis answers', async () => (await client.ask('PING')) === 'PONG');
  await shell.run(`redis-cli -p ${port} set server ${name}`, /^OK$/);
  return server;
}

async function startControlPlane(shell: Shell, ports: Ports): Promise<Child> {
  const addresses = [
    `--xds-address 127.0.0.1:${ports.xds}`,
    `--api-address 127.0.0.1:${ports.api}`,
    `--redis-listener 127.0.0.1:${ports.envoy}`,
  ];
  const child = shell.start(`./controlplane ${addresses.join(' ')} --data-dir $dir/data --log-format pretty`);
  await child.untilOutput(/Starting API server on.*\n/);
  await child.untilOutput(/Starting a server on.*\n/);
  shell.showOutput(child);
  return child;
}

async function startEnvoy(shell: Shell, ports: Ports): Promise<Envoy> {
  const edits = [
    `s/control-plane, port_value: 5678/127.0.0.1, port_value: ${ports.xds}/`,
    `s/port_value: 8001/port_value: ${ports.envoyAdmin}/`,
  ];
  await shell.run(`sed '${edits.join('; ')}' envoy/redis-v3-ads.yaml > $dir/envoy.yaml`);
  const binary = relative(checkoutDir, await findEnvoy());
  const child = shell.start(`${binary} -c $dir/envoy.yaml --concurrency 1 --disable-hot-restart`);
  const envoy = new Envoy(child, ports.envoyAdmin);
  await envoy.untilStreams('open');
  return envoy;
}

async function stop(shell: Shell, child: Child): Promise<void> {
  const shown = child.output.length;
  await shell.run(`kill ${child.pid}`);
  const status = await child.ended;
  shell.showOutput(child, shown);
  if (status !== 0) throw new Error(`the control plane should have ended with exit code 0, not ${status}`);
}

/** Runs the story in a folder of its own. However it ends, Ctrl-C too, nothing of it is left. */
async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'controlplane-demo-'));
  // The tests' own handler for the exit event, which kills what is still running, came first.
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  // Ctrl-C and SIGTERM end in an exit event by that handler; a terminal that is closed has to be made to.
  process.once('SIGHUP', () => process.exit(129));
  const cleanups: (() => Promise<void>)[] = [];
  const scope: Scope = { after: (cleanup) => void cleanups.unshift(cleanup) };
  const print = (lines: string): void => void process.stdout.write(`${lines}\n`);
  try {
    await tellStory(new Shell({ scope, cwd: checkoutDir, env: { dir }, print }), scope, await findPorts());
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

await main();
