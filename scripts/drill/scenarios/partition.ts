// The control plane is cut off from all servers, which are well and serve: nothing may change.

import { setTimeout as sleep } from 'node:timers/promises';

import { startRedis } from '../../../test/support/redis-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { startIsland } from '../island.ts';
import { Load } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';
import { Timeline } from '../timeline.ts';

const name = 'partition';
const summary = 'the control plane sees none of three servers any more, which serve as before';
const serverCount = 3;

export const partition: Scenario = {
  name,
  summary,
  async run(scope, settings) {
    const servers = await Promise.all(Array.from({ length: serverCount }, () => startRedis(scope)));
    const endpoints = servers.map(({ address, port }) => ({ address, port }));
    const island = await startIsland(scope, servers.map(({ port }) => port));
    const { envoys, fleet, told } = await openStage(scope, settings, { endpoints }, island);
    const addresses = endpoints.map(({ address, port }) => `${address}:${port}`);
    const untilAll = (state: string) => told.until(`all are ${state}`, (seen) => {
      return addresses.every((address) => seen.get(address)?.state === state);
    });
    await untilAll('up');

    const timeline = new Timeline();
    const load = await Load.start(scope, { ports: envoys.map(({ port }) => port), perSecond: settings.perSecond });
    await sleep(settings.calmMs);
    const pushedBefore = fleet.responses;
    timeline.note('cut off from all servers');
    island.cutOff();
    await untilAll('down');
    timeline.note('all are found down');
    await waitUntil('it says that it holds them', async () => (await told.warnings()).includes('servers-held'));
    timeline.note('told: they stay published, since it may be the control plane that is cut off');
    await sleep(settings.calmMs);
    timeline.note('the network is there again');
    island.mend();
    await untilAll('up');
    timeline.note('all are found up');
    await sleep(settings.calmMs);
    await load.stop();

    const [pushed, failed] = [fleet.responses - pushedBefore, load.failedBetween(0)];
    return {
      scenario: name,
      summary,
      envoys: [envoys.length, fleet.size],
      timeline: timeline.moments,
      load: load.report(),
      promises: [
        { what: 'nothing changes for Envoys', isKept: pushed === 0, detail: `${pushed} messages to ${fleet.size} light Envoys` },
        { what: 'no command fails', isKept: failed === 0, detail: `${failed} failed` },
      ],
    };
  },
};
