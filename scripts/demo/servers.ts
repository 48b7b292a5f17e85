// The README's story: a cluster and its servers, driven by cli.sh and redis-cli.

import type { Scope } from '../../test/support/child-process.ts';
import { connectRedis } from '../../test/support/resp-client.ts';
import { startControlPlane, startEnvoy, startRedis, stop } from './parts.ts';
import type { Ports } from './parts.ts';
import type { Shell } from './shell.ts';

const cluster = 'bunny_redis_cluster';
const ok = /^HTTP\/1\.1 200 OK$/m;
// Of an answer that is as it should be, the first line is enough.
const inShort = '| grep HTTP';

/** Servers come, die and go while clients go on, and so does the control plane. */
export async function tellServers(shell: Shell, scope: Scope, ports: Ports): Promise<void> {
  const viaEnvoy = `redis-cli --no-raw -p ${ports.envoy}`;
  const endpoint = (port: number): string => `${cluster} 127.0.0.1 ${port}`;

  shell.say('Two Redis servers; each knows its name. $dir is an empty folder.');
  await startRedis(shell, scope, ports.first, 'first');
  const second = await startRedis(shell, scope, ports.second, 'second');

  shell.say('The control plane, and an Envoy that knows nothing but where the control plane is.');
  let controlPlane = await startControlPlane(shell, ports);
  shell.export({ API: `127.0.0.1:${ports.api}` });
  const envoy = await startEnvoy(shell, ports);

  shell.say('A cluster without servers.');
  await shell.run(`./cli.sh cluster add ${cluster} br ${inShort}`, ok);
  await shell.run(`./cli.sh commit ${inShort}`, ok);
  await envoy.child.until('the Redis listener is there', () => connectRedis(scope, ports.envoy));
  await shell.run(`${viaEnvoy} get missing`, /^\(error\) no upstream host$/);

  const commitHosts = async (...servers: readonly number[]): Promise<void> => {
    await shell.run(`./cli.sh commit ${inShort}`, ok);
    await envoy.untilHosts(cluster, servers.map((port) => `127.0.0.1:${port}`));
  };

  shell.say('Its first server: staged by `endpoint add`, published by `commit`.');
  await shell.run(`./cli.sh endpoint add ${endpoint(ports.first)} ${inShort}`, ok);
  await commitHosts(ports.first);
  await shell.run(`${viaEnvoy} set greeting hello`, /^OK$/);
  await shell.run(`${viaEnvoy} get greeting`, /^"hello"$/);

  shell.say('A second server takes its share of the commands, in turn.');
  await shell.run(`./cli.sh endpoint add ${endpoint(ports.second)} ${inShort}`, ok);
  await commitHosts(ports.first, ports.second);
  await shell.run(`${viaEnvoy} -r 2 get server`, /^"first"$/m, /^"second"$/m);

  shell.say('The control plane is killed: traffic goes on.');
  await shell.run(`kill -9 ${controlPlane.pid}`);
  await controlPlane.ended;
  await envoy.untilStreams('broken');
  await shell.run(`${viaEnvoy} -r 2 get server`, /^"first"$/m, /^"second"$/m);

  shell.say('It comes back with its state: what was added is still there.');
  controlPlane = await startControlPlane(shell, ports);
  await envoy.untilStreams('open');
  await shell.run(`./cli.sh endpoint add ${endpoint(ports.second)}`, /500/, /^endpoint already exists$/m);

  shell.say('A Redis server dies: the commands that reach it fail, until it is removed by hand; or let it be watched.');
  await shell.run(`kill -9 ${second.pid}`);
  await second.ended;
  await shell.run(`${viaEnvoy} -r 2 get server`, /^"first"$/m, /^\(error\) upstream failure$/m);
  await shell.run(`./cli.sh endpoint remove ${endpoint(ports.second)} ${inShort}`, ok);
  await commitHosts(ports.first);
  await shell.run(`${viaEnvoy} -r 2 get server`, /^"first"\n"first"$/);

  shell.say('Envoy took every update.');
  await shell.run(`curl -s '127.0.0.1:${ports.envoyAdmin}/stats?filter=update_rejected'`, /^(\S+: 0\n?)+$/);

  shell.say('The control plane stops when told to.');
  await stop(shell, controlPlane);
}
