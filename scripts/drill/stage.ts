// What every drill is played on: a control plane, two Envoys in processes of their own with a Redis listener each, many
// light ones, and what they are given and told.

import { moveToLoopback, readBootstrap } from '../../test/support/bootstrap.ts';
import { checkoutPath } from '../../test/support/checkout.ts';
import type { Scope } from '../../test/support/child-process.ts';
import { startControlPlane } from '../../test/support/controlplane.ts';
import { startEnvoy } from '../../test/support/envoy.ts';
import type { Envoy } from '../../test/support/envoy.ts';
import { freePort } from '../../test/support/free-port.ts';
import { connectRedis } from '../../test/support/resp-client.ts';
import { runCommand } from '../../test/support/run-command.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { LightFleet } from '../../test/support/xds/light-fleet.ts';
import { ToldByControlPlane } from './told.ts';

/** How much of everything. */
export interface Settings {
  /** Commands a second, through both Envoys together. */
  readonly perSecond: number;
  readonly lightEnvoys: number;
  /** How long all is well before something happens, and after it is over. */
  readonly calmMs: number;
}

export const usualSettings: Settings = { perSecond: 1_000, lightEnvoys: 200, calmMs: 3_000 };

/** The cluster that all commands go to. */
export const clusterName = 'drill';

/** Where a control plane is reached. */
export interface ControlPlaneAddress {
  /** `host:port` of the REST API. */
  readonly api: string;
  readonly xdsPort: number;
}

/** An Envoy in a process of its own. */
export interface DrillEnvoy {
  readonly name: string;
  readonly envoy: Envoy;
  /** Of its Redis listener, on 127.0.0.1. */
  readonly port: number;
}

export interface Stage {
  readonly envoys: readonly DrillEnvoy[];
  readonly fleet: LightFleet;
  readonly told: ToldByControlPlane;
  /** Runs a command of ./controlplane; gives what it printed. @throws Error unless it ends with 0 */
  readonly run: (...words: readonly string[]) => Promise<string>;
}

const listenerCount = 2;
const connectMs = 60_000;

/**
 * Publishes a cluster and waits until all Envoys have it and serve.
 * @param cluster as /api/v2 takes it, without its name.
 * @param at a control plane that runs already. Default: one that is started.
 */
export async function openStage(
  scope: Scope,
  { lightEnvoys }: Settings,
  cluster: object,
  at?: ControlPlaneAddress,
): Promise<Stage> {
  const { api, xdsPort } = at ?? (await startOwn(scope));
  const run = (...words: readonly string[]): Promise<string> => runControlPlane(api, words);
  await put(api, `clusters/${clusterName}`, cluster);
  const names = Array.from({ length: listenerCount }, (_, index) => `envoy-${index + 1}`);
  const envoys = await Promise.all(names.map(async (name): Promise<DrillEnvoy> => {
    const port = await freePort();
    // Each has a group of its own, since both are on this host, where one port is for one of them.
    const listener = { address: `127.0.0.1:${port}`, catch_all: clusterName, routes: [], groups: [name] };
    await put(api, `listeners/${name}`, listener);
    return { name, port, envoy: await startInGroup(scope, name, xdsPort) };
  }));
  await run('commit', '--wait', '30s', '-m', 'the drill begins');
  const fleet = new LightFleet(scope, `127.0.0.1:${xdsPort}`, lightEnvoys, names);
  await Promise.all(envoys.map(async ({ port }) => waitUntil('Envoy serves', async () => {
    return (await (await connectRedis(scope, port)).ask('SET', 'drill', 'ready')) === 'OK';
  }, { withinMs: connectMs })));
  return { envoys, fleet, told: new ToldByControlPlane(api), run };
}

async function startOwn(scope: Scope): Promise<ControlPlaneAddress> {
  const { api, place } = await startControlPlane(scope, ['--redis-listener', `127.0.0.1:${await freePort()}`]);
  return { api, xdsPort: place.xdsPort };
}

async function startInGroup(scope: Scope, name: string, xds: number): Promise<Envoy> {
  const moved = moveToLoopback(await readBootstrap('envoy/redis-v3-delta-ads.yaml'), { admin: await freePort(), xds });
  const envoy = await startEnvoy(scope, { ...moved, node: { id: name, cluster: name } });
  await envoy.untilStreams('open');
  return envoy;
}

async function runControlPlane(api: string, words: readonly string[]): Promise<string> {
  const args = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts'), ...words, '--api', api];
  const { status, stdout, stderr } = await runCommand(process.execPath, args);
  if (status !== 0) throw new Error(`controlplane ${words.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

async function put(api: string, path: string, body: object): Promise<void> {
  const request = { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(`http://${api}/api/v2/${path}`, request);
  if (!response.ok) throw new Error(`PUT ${path}: ${await response.text()}`);
}
