// One of three servers that take each other's place stops working and comes back: it dies, or it hangs.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Scope } from '../../../test/support/child-process.ts';
import { startRedis } from '../../../test/support/redis-server.ts';
import type { RedisServer } from '../../../test/support/redis-server.ts';
import { haveHealthy, noteArrival } from '../arrival.ts';
import { awaitedLater } from '../awaited-later.ts';
import { Load } from '../load.ts';
import type { Report } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';
import type { Settings } from '../stage.ts';
import { momentsOf } from '../told-events.ts';
import { Timeline } from '../timeline.ts';

/** What befalls the server. */
interface Outage {
  readonly strike: (server: RedisServer) => Promise<void>;
  readonly struck: string;
  readonly bringBack: (scope: Scope, server: RedisServer) => Promise<void>;
  readonly back: string;
}

const serverCount = 3;
// What Envoy's main thread says is in force reaches its workers a moment later.
const workersMs = 100;

export const manyWriters: Scenario = scenarioOf('many-writers', 'one of three servers that all take writes is killed', {
  strike: async ({ child }) => void (await child.end('SIGKILL')),
  struck: 'killed',
  bringBack: async (scope, { port }) => void (await startRedis(scope, port)),
  back: 'started again',
});

export const hang: Scenario = scenarioOf('hang', 'one of three servers that all take writes hangs (SIGSTOP)', {
  strike: async ({ child }) => child.signal('SIGSTOP'),
  struck: 'stopped',
  bringBack: async (_, { child }) => child.signal('SIGCONT'),
  back: 'continued',
});

function scenarioOf(name: string, summary: string, outage: Outage): Scenario {
  return {
    name,
    summary,
    run: async (scope, settings) => ({ scenario: name, summary, ...(await play(scope, settings, outage)) }),
  };
}

async function play(
  scope: Scope,
  settings: Settings,
  { strike, struck, bringBack, back }: Outage,
): Promise<Omit<Report, 'scenario' | 'summary'>> {
  const servers = await Promise.all(Array.from({ length: serverCount }, () => startRedis(scope)));
  const endpoints = servers.map(({ address, port }) => ({ address, port }));
  const stage = await openStage(scope, settings, { endpoints });
  const { envoys, fleet, told } = stage;
  const addresses = endpoints.map(({ address, port }) => `${address}:${port}`);
  for (const address of addresses) await told.untilState(address, 'up');
  const [victim] = servers as [RedisServer];
  const [victimAddress, ...others] = addresses as [string, ...string[]];

  const timeline = new Timeline();
  const load = await Load.start(scope, { ports: envoys.map(({ port }) => port), perSecond: settings.perSecond });
  await sleep(settings.calmMs);
  const leftOut = awaitedLater(noteArrival(stage, timeline, haveHealthy(others)));
  const struckMs = timeline.note(`${struck}: ${victimAddress}`);
  await strike(victim);
  const outMs = await leftOut;
  await sleep(settings.calmMs);

  const letIn = awaitedLater(noteArrival(stage, timeline, haveHealthy(addresses)));
  const backMs = timeline.note(`${back}: ${victimAddress}`);
  await bringBack(scope, victim);
  await letIn;
  await sleep(settings.calmMs);
  await load.stop();
  timeline.add(momentsOf(await told.events(), victimAddress, struckMs));

  for (const [via, { name }] of envoys.entries()) {
    const lastMs = load.lastFailedMs(via);
    if (lastMs !== undefined) timeline.note(`the last command that failed was sent through ${name}`, lastMs);
  }
  const [late, after] = [load.failedBetween(outMs + workersMs, backMs), load.failedBetween(backMs)];
  const whenOut = 'no command fails that is sent when every Envoy has left it out';
  return {
    envoys: [envoys.length, fleet.size],
    timeline: timeline.moments,
    load: load.report(),
    promises: [
      { what: whenOut, isKept: late === 0, detail: `${late} failed` },
      { what: 'no command fails when it comes back', isKept: after === 0, detail: `${after} failed` },
    ],
  };
}
