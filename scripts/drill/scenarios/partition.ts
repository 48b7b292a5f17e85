// The control plane is cut off from all servers, and from the Sentinels, while all are well: nothing may change.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Scope } from '../../../test/support/child-process.ts';
import { startRedis } from '../../../test/support/redis-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { addressOf, startWithSentinels, startWithoutSentinels } from '../groups.ts';
import type { Group } from '../groups.ts';
import { startIsland } from '../island.ts';
import { Load } from '../load.ts';
import type { Report } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';
import type { Settings } from '../stage.ts';
import { Timeline } from '../timeline.ts';

interface Parted {
  readonly servers: readonly string[];
  /** All that it is cut off from, on 127.0.0.1. */
  readonly ports: readonly number[];
  readonly cluster: object;
}

const serverCount = 3;

export const partition = scenarioOf(
  'partition',
  'the control plane sees none of three servers any more, which serve as before',
  { start: startPlain, warning: 'servers-held' },
);

export const sentinelPartition = scenarioOf(
  'sentinel-partition',
  'the control plane sees no server and no Sentinel any more, which serve as before',
  { start: async (scope) => partedOf(await startWithSentinels(scope)), warning: 'sentinel-quorum' },
);

export const ownPartition = scenarioOf(
  'own-partition',
  'the control plane, which promotes by itself, sees no server any more, and they serve as before',
  {
    start: async (scope) => partedOf(await startWithoutSentinels(scope, { by: 'controlplane', down_after: '2s' })),
    warning: 'no-primary',
  },
);

interface Variant {
  readonly start: (scope: Scope) => Promise<Parted>;
  /** That it tells of meanwhile. */
  readonly warning: string;
}

function scenarioOf(name: string, summary: string, variant: Variant): Scenario {
  return {
    name,
    summary,
    run: async (scope, settings) => ({ scenario: name, summary, ...(await play(scope, settings, variant)) }),
  };
}

async function play(
  scope: Scope,
  settings: Settings,
  { start, warning }: Variant,
): Promise<Omit<Report, 'scenario' | 'summary'>> {
  const { servers, ports, cluster } = await start(scope);
  const island = await startIsland(scope, ports);
  const { envoys, fleet, told } = await openStage(scope, settings, cluster, island);
  const untilAll = (state: string) => told.until(`all are ${state}`, (seen) => {
    return servers.every((address) => seen.get(address)?.state === state);
  });
  await untilAll('up');

  const timeline = new Timeline();
  const load = await Load.start(scope, { ports: envoys.map(({ port }) => port), perSecond: settings.perSecond });
  await sleep(settings.calmMs);
  const pushedBefore = fleet.responses;
  timeline.note('cut off');
  island.cutOff();
  await untilAll('down');
  timeline.note('all are found down');
  await waitUntil(`it warns of ${warning}`, async () => (await told.warnings()).includes(warning));
  timeline.note(`told: ${warning}`);
  await sleep(settings.calmMs);
  timeline.note('the network is there again');
  island.mend();
  await untilAll('up');
  timeline.note('all are found up');
  await sleep(settings.calmMs);
  await load.stop();

  const [pushed, failed] = [fleet.responses - pushedBefore, load.failedBetween(0)];
  const toFleet = `${pushed} messages to ${fleet.size} light Envoys`;
  return {
    envoys: [envoys.length, fleet.size],
    timeline: timeline.moments,
    load: load.report(),
    promises: [
      { what: 'nothing changes for Envoys', isKept: pushed === 0, detail: toFleet },
      { what: 'no command fails', isKept: failed === 0, detail: `${failed} failed` },
    ],
  };
}

async function startPlain(scope: Scope): Promise<Parted> {
  const servers = await Promise.all(Array.from({ length: serverCount }, () => startRedis(scope)));
  const ports = servers.map(({ port }) => port);
  const endpoints = servers.map(({ address, port }) => ({ address, port }));
  return { servers: servers.map(addressOf), ports, cluster: { endpoints } };
}

function partedOf({ primary, replicas, sentinelPorts, cluster }: Group): Parted {
  const servers = [primary, ...replicas];
  return { servers: servers.map(addressOf), ports: [...servers.map(({ port }) => port), ...sentinelPorts], cluster };
}
