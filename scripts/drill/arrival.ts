// When every Envoy has what is published of the cluster: the light ones by their ACK, the two others by what they say.

import { setTimeout as sleep } from 'node:timers/promises';

import type { AssignedServer } from '../../test/support/xds/light-fleet.ts';
import { clusterName } from './stage.ts';
import type { DrillEnvoy, Stage } from './stage.ts';
import { clockMs, toClockMs } from './timeline.ts';
import type { Timeline } from './timeline.ts';

type IsThere = (servers: readonly AssignedServer[]) => boolean;

const pollMs = 5;
const limitMs = 120_000;

/** True of a cluster in which these servers (ADDRESS:PORT), and no others, are published as healthy. */
export function haveHealthy(addresses: readonly string[]): IsThere {
  const wanted = addresses.toSorted().join();
  return (servers) => {
    const healthy = servers.filter(({ isHealthy }) => isHealthy).map(({ address }) => address);
    return healthy.sort().join() === wanted;
  };
}

/**
 * Resolves when every Envoy has it, with the time; notes when the first and the last of each sort had it.
 * Begun before something happens, it misses nothing of it.
 */
export async function noteArrival(
  { envoys, fleet }: Stage,
  timeline: Timeline,
  isThere: IsThere,
): Promise<number> {
  const light = fleet.until(clusterName, isThere).then(({ firstMs, lastMs }) => {
    timeline.note('ACKed by the first light Envoy', toClockMs(firstMs));
    return timeline.note(`ACKed by the last of ${fleet.size} light Envoys`, toClockMs(lastMs));
  });
  const real = envoys.map(async (each) => {
    await untilHosts(each, isThere);
    return timeline.note(`in force in ${each.name}`);
  });
  return Math.max(...(await Promise.all([light, ...real])));
}

async function untilHosts({ name, envoy }: DrillEnvoy, isThere: IsThere): Promise<void> {
  const deadlineMs = clockMs() + limitMs;
  for (;;) {
    const [all, healthy] = [await envoy.hosts(clusterName), await envoy.healthyHosts(clusterName)];
    if (isThere(all.map((address) => ({ address, isHealthy: healthy.includes(address) })))) return;
    if (clockMs() > deadlineMs) throw new Error(`${name} does not have it: ${all.join()}, healthy ${healthy.join()}`);
    await sleep(pollMs);
  }
}
