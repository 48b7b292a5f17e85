// Every server is restarted, one after the other, by an operator who drains it before and takes it back after.

import { setTimeout as sleep } from 'node:timers/promises';

import { startRedis } from '../../../test/support/redis-server.ts';
import { Load } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { clusterName, openStage } from '../stage.ts';
import { Timeline } from '../timeline.ts';

const name = 'rolling-restart';
const summary = 'all of three servers are drained, restarted and taken back, one after the other';
const serverCount = 3;

export const rollingRestart: Scenario = {
  name,
  summary,
  async run(scope, settings) {
    const servers = await Promise.all(Array.from({ length: serverCount }, () => startRedis(scope)));
    const endpoints = servers.map(({ address, port }) => ({ address, port }));
    const { envoys, fleet, told, run } = await openStage(scope, settings, { endpoints });
    for (const { address, port } of endpoints) await told.untilState(`${address}:${port}`, 'up');

    const timeline = new Timeline();
    const load = await Load.start(scope, { ports: envoys.map(({ port }) => port), perSecond: settings.perSecond });
    await sleep(settings.calmMs);
    for (const server of servers) {
      const address = `${server.address}:${server.port}`;
      timeline.note(`./controlplane drain ${clusterName} ${address}`);
      await run('drain', clusterName, address, '-m', 'restart', '--wait', '60s');
      timeline.note('drained: every Envoy has taken it, and nothing is unanswered');
      await server.child.end('SIGTERM');
      await startRedis(scope, server.port);
      timeline.note('restarted');
      await run('undrain', clusterName, address);
      timeline.note(`./controlplane undrain ${clusterName} ${address}: every Envoy has taken it`);
      await told.until(`${address} is used again`, (seen) => {
        const { state, left_out_by: by } = seen.get(address) ?? {};
        return state === 'up' && by === undefined;
      });
    }
    await sleep(settings.calmMs);
    await load.stop();
    const failed = load.failedBetween(0);
    return {
      scenario: name,
      summary,
      envoys: [envoys.length, fleet.size],
      timeline: timeline.moments,
      load: load.report(),
      promises: [{ what: 'no command fails', isKept: failed === 0, detail: `${failed} failed` }],
    };
  },
};
