// What the stories are played with: Redis servers, a control plane and an Envoy, started as a person would.

import { relative } from 'node:path';

import { checkoutDir } from '../../test/support/checkout.ts';
import type { Child, Scope } from '../../test/support/child-process.ts';
import { Envoy, findEnvoy } from '../../test/support/envoy.ts';
import { freePort } from '../../test/support/free-port.ts';
import { connectRedis } from '../../test/support/resp-client.ts';
import type { Shell } from './shell.ts';

export interface Ports {
  readonly xds: number;
  readonly api: number;
  readonly envoy: number;
  readonly envoyAdmin: number;
  readonly first: number;
  readonly second: number;
}

export async function findPorts(): Promise<Ports> {
  return {
    xds: await freePort(),
    api: await freePort(),
    envoy: await freePort(),
    envoyAdmin: await freePort(),
    first: await freePort(),
    second: await freePort(),
  };
}

/** @param key in which the server has its name. */
export async function startRedis(
  shell: Shell,
  scope: Scope,
  port: number,
  name: string,
  key = 'server',
): Promise<Child> {
  const server = shell.start(`redis-server --port ${port} --bind 127.0.0.1 --save '' --dir $dir`);
  const client = await server.until('Redis accepts connections', () => connectRedis(scope, port));
  await server.until('Redis answers', async () => (await client.ask('PING')) === 'PONG');
  await shell.run(`redis-cli -p ${port} set ${key} ${name}`, /^OK$/);
  return server;
}

export async function startControlPlane(shell: Shell, ports: Ports): Promise<Child> {
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

export async function startEnvoy(shell: Shell, ports: Ports): Promise<Envoy> {
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

export async function stop(shell: Shell, child: Child): Promise<void> {
  const shown = child.output.length;
  await shell.run(`kill ${child.pid}`);
  const status = await child.ended;
  shell.showOutput(child, shown);
  if (status !== 0) throw new Error(`the control plane should have ended with exit code 0, not ${status}`);
}
