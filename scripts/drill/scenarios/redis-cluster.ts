// A primary of a Redis Cluster is killed: its servers elect another, and Envoys find it without the control plane.

import { setTimeout as sleep } from 'node:timers/promises';

import { startRedisCluster } from '../../../test/support/redis-cluster.ts';
import type { RedisServer } from '../../../test/support/redis-server.ts';
import { countMissing, untilElected } from '../../../test/support/replication.ts';
import { awaitedLater } from '../awaited-later.ts';
import { Load } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';
import { momentsOf } from '../told-events.ts';
import { Timeline, toClockMs } from '../timeline.ts';

const name = 'redis-cluster';
const summary = 'a primary of a Redis Cluster of three, each with a replica, is killed';
const lastSlotOfFirst = 5_460;

export const redisCluster: Scenario = {
  name,
  summary,
  async run(scope, settings) {
    const servers = await startRedisCluster(scope, { replicas: 1 });
    const [victim] = servers as [RedisServer];
    const endpoints = servers.map(({ address, port }) => ({ address, port }));
    const { envoys, fleet, told } = await openStage(scope, settings, { kind: 'redis_cluster', endpoints });
    const victimAddress = `${victim.address}:${victim.port}`;
    await told.untilState(victimAddress, 'up');

    const timeline = new Timeline();
    // All of them go to the primary that is killed.
    const keyPrefix = `{${await findTagOf(victim)}}:`;
    const load = await Load.start(scope, {
      ports: envoys.map(({ port }) => port),
      perSecond: settings.perSecond,
      keyPrefix,
    });
    await sleep(settings.calmMs);
    const pushedBefore = fleet.responses;
    const election = awaitedLater(untilElected(scope, servers.slice(3)));
    const killedMs = timeline.note(`killed: ${victimAddress}`);
    await victim.child.end('SIGKILL');
    const { elected, atMs } = await election;
    const electedMs = timeline.note(`elected: ${elected.address}:${elected.port}`, toClockMs(atMs));
    await load.untilServed(settings.perSecond);
    await sleep(settings.calmMs);
    await load.stop();
    timeline.add(momentsOf(await told.events(), victimAddress, killedMs));

    for (const [via, each] of envoys.entries()) {
      const servedMs = load.firstServedMs(via, killedMs);
      if (servedMs !== undefined) timeline.note(`first write through ${each.name}`, servedMs);
    }
    const pushed = fleet.responses - pushedBefore;
    const late = await countMissing(scope, elected, load.acknowledged(electedMs));
    return {
      scenario: name,
      summary,
      envoys: [envoys.length, fleet.size],
      timeline: timeline.moments,
      load: load.report(await countMissing(scope, elected, load.acknowledged())),
      promises: [
        {
          what: 'Envoys find the new primary without a change from here',
          isKept: pushed === 0,
          detail: `${pushed} messages to ${fleet.size} light Envoys`,
        },
        {
          what: 'no write is lost that was acknowledged after the election',
          isKept: late === 0,
          detail: `${late} lost`,
        },
      ],
    };
  },
};

/** A hash tag whose keys belong to the first of three primaries, which has the lowest third of all slots. */
async function findTagOf({ direct }: RedisServer): Promise<string> {
  for (let number = 0; ; number++) {
    const reply = await direct.ask('CLUSTER', 'KEYSLOT', `drill-${number}`);
    if (Number(reply.replace('(integer) ', '')) <= lastSlotOfFirst) return `drill-${number}`;
  }
}
