// Of a primary and two replicas another becomes the primary: Sentinels elect it, the control plane promotes it, or an
// operator asks for it.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Scope } from '../../../test/support/child-process.ts';
import type { RedisServer } from '../../../test/support/redis-server.ts';
import { countMissing, untilElected } from '../../../test/support/replication.ts';
import { noteArrival } from '../arrival.ts';
import { awaitedLater } from '../awaited-later.ts';
import { addressOf, startWithSentinels, startWithoutSentinels } from '../groups.ts';
import type { Group } from '../groups.ts';
import { Load } from '../load.ts';
import type { Promised, Report } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { clusterName, openStage } from '../stage.ts';
import type { Settings, Stage } from '../stage.ts';
import { momentsOf } from '../told-events.ts';
import { Timeline, toClockMs } from '../timeline.ts';

interface Change {
  readonly start: (scope: Scope) => Promise<Group>;
  readonly what: string;
  readonly strike: (group: Group, stage: Stage) => Promise<unknown>;
  /** The old primary works again. */
  readonly after?: ((primary: RedisServer) => void) | undefined;
  /** The servers work together: nothing that was acknowledged may be lost. */
  readonly isPlanned: boolean;
}

const kill = async ({ primary: { child } }: Group): Promise<unknown> => child.end('SIGKILL');
// What Envoy's main thread says is in force reaches its workers a moment later.
const workersMs = 100;

export const sentinel = scenarioOf('sentinel', 'the primary is killed, and Sentinels elect another', {
  start: startWithSentinels,
  what: 'killed',
  strike: kill,
  isPlanned: false,
});

const hangs = 'the primary hangs (SIGSTOP), and goes on after Sentinels elected another';

export const sentinelHang = scenarioOf('sentinel-hang', hangs, {
  start: startWithSentinels,
  what: 'stopped',
  strike: async ({ primary: { child } }) => child.signal('SIGSTOP'),
  after: ({ child }) => child.signal('SIGCONT'),
  isPlanned: false,
});

export const roles = scenarioOf('roles', 'the primary is killed, and somebody else makes a replica the primary', {
  start: (scope) => startWithoutSentinels(scope, { by: 'none' }),
  what: 'killed',
  strike: async (group) => {
    await kill(group);
    await promote(group.replicas);
  },
  isPlanned: false,
});

export const ownPromotion = scenarioOf('own-promotion', 'the primary is killed; the control plane promotes another', {
  start: (scope) => startWithoutSentinels(scope, { by: 'controlplane', down_after: '2s' }),
  what: 'killed',
  strike: kill,
  isPlanned: false,
});

export const switchover = scenarioOf('switchover', 'an operator makes a replica the primary', {
  start: (scope) => startWithoutSentinels(scope, { by: 'controlplane', down_after: '2s' }),
  what: `./controlplane switchover ${clusterName}`,
  strike: (_, { run }) => run('switchover', clusterName),
  isPlanned: true,
});

function scenarioOf(name: string, summary: string, change: Change): Scenario {
  return {
    name,
    summary,
    run: async (scope, settings) => ({ scenario: name, summary, ...(await play(scope, settings, change)) }),
  };
}

async function play(
  scope: Scope,
  settings: Settings,
  { start, what, strike, after, isPlanned }: Change,
): Promise<Omit<Report, 'scenario' | 'summary'>> {
  const group = await start(scope);
  const { primary, replicas } = group;
  const stage = await openStage(scope, settings, group.cluster);
  const { envoys, fleet, told } = stage;
  for (const server of [primary, ...replicas]) await told.untilState(addressOf(server), 'up');

  const timeline = new Timeline();
  const load = await Load.start(scope, { ports: envoys.map(({ port }) => port), perSecond: settings.perSecond });
  await sleep(settings.calmMs);
  const candidates = replicas.map(addressOf);
  const arrival = awaitedLater(noteArrival(stage, timeline, (servers) => {
    const healthy = servers.filter(({ isHealthy }) => isHealthy);
    return healthy.length === 1 && healthy.every(({ address }) => candidates.includes(address));
  }));
  const election = awaitedLater(untilElected(scope, replicas));
  const struckMs = timeline.note(`${what}: ${addressOf(primary)}`);
  const struck = awaitedLater(strike(group, stage));
  const { elected, atMs } = await election;
  const electedMs = timeline.note(`elected: ${addressOf(elected)} answers that it is the primary`, toClockMs(atMs));
  const changedMs = await arrival;
  await struck;
  await sleep(settings.calmMs);
  if (after !== undefined) {
    timeline.note(`continued: ${addressOf(primary)}`);
    after(primary);
    await sleep(settings.calmMs);
  }
  await load.stop();
  timeline.add(momentsOf(await told.events(), addressOf(primary), struckMs));

  for (const [via, { name }] of envoys.entries()) {
    const servedMs = load.firstServedMs(via, electedMs);
    if (servedMs !== undefined) timeline.note(`first write through ${name}`, servedMs);
  }
  const lost = await countMissing(scope, elected, load.acknowledged());
  const lostLater = await countMissing(scope, elected, load.acknowledged(changedMs + workersMs));
  const late = load.failedBetween(changedMs + workersMs);
  const mayNotBeLost = isPlanned ? lost : lostLater;
  const promises: Promised[] = [
    {
      what: 'no command fails that is sent when every Envoy has the new primary',
      isKept: late === 0,
      detail: `${late} failed`,
    },
    {
      what: `no write is lost that was acknowledged${isPlanned ? '' : ' after that'}`,
      isKept: mayNotBeLost === 0,
      detail: `${mayNotBeLost} lost`,
    },
  ];
  return { envoys: [envoys.length, fleet.size], timeline: timeline.moments, load: load.report(lost), promises };
}

// What a person or another program does.
async function promote([first, ...others]: readonly RedisServer[]): Promise<void> {
  await first?.direct.ask('REPLICAOF', 'NO', 'ONE');
  for (const { direct } of others) await direct.ask('REPLICAOF', '127.0.0.1', `${first?.port}`);
}
