// The steps of a planned switch that loses no write: writes are paused on the old primary until the new one has all of
// them; it is promoted, Envoys are given it, and only then, when the old one is a replica, its clients go on. In this
// order: to promote first lost 1 to 29 writes of each run, to let clients go on before the demotion 8 (docs/adr/0038).

import { isStanding } from './acts.ts';
import type { Acts } from './acts.ts';
import { failoverActs } from './failover-steps.ts';
import type { StepActs } from './failover-steps.ts';
import { describeAcked } from './ground.ts';
import type { Ground } from './ground.ts';
import { areOfOneHistory } from './histories.ts';
import { isPrimary, pointTo, promote, repoint, until } from './promoting.ts';
import { advance, redescribe } from './record.ts';
import type { PromotionRecord } from './record.ts';

export const pauseActs: StepActs = {
  ...failoverActs,
  candidate: async (record, { clock, limits }) => {
    const detail = `writes on ${record.from ?? ''} wait, for ${limits.pauseMs} ms at most`;
    return advance(record, 'fencing', clock.wallMs(), detail);
  },
  fencing: pause,
  fenced: async (record, { clock }) => advance(record, 'promoting', clock.wallMs(), record.to ?? ''),
  promoting,
  verified: async (record, ground) => {
    // For as long again; and what it has more than when it was paused, the new one has not.
    await ground.acts.pauseWrites(record.from ?? '', ground.limits.pauseMs).catch(() => undefined);
    const reason = 'the old primary has taken writes since it was paused';
    if (await hasGoneOn(record, ground)) return undo(record, ground, reason);
    return advance(record, 'routed', ground.clock.wallMs(), `Envoys are given ${record.to ?? ''} as the primary`);
  },
  routed,
  repointing: demote,
};

/** Dragonfly stops its writes itself, and its replica takes over when it has them all. */
export const takeoverActs: StepActs = {
  ...failoverActs,
  candidate: async (record, { clock }) => {
    return advance(record, 'promoting', clock.wallMs(), `${record.to ?? ''} is told to take over (REPLTAKEOVER)`);
  },
  promoting: async (record, ground) => {
    const { to = '' } = record;
    const problem = await promote(ground, to, (acts) => acts.takeOver(to, ground.limits.equalMs));
    const atMs = ground.clock.wallMs();
    if (problem === undefined) return advance(record, 'verified', atMs, `${to} says that it is the primary`);
    return advance(record, 'aborted', atMs, `${to} has not taken over: ${problem}`);
  },
  routed,
};

/** Who is told goes on by itself: what it does is followed as any other of its failovers. */
export const sentinelActs: StepActs = {
  ...failoverActs,
  candidate: async (record, { clock }) => {
    return advance(record, 'promoting', clock.wallMs(), 'a Sentinel is told to fail over');
  },
  promoting: async (record, { acts, clock, limits, primary }) => {
    try {
      const sentinel = await acts.failOver();
      const isOther = await until(clock, limits.sentinelMs, async () => ![undefined, record.from].includes(primary()));
      const [to, atMs] = [primary(), clock.wallMs()];
      if (isOther) return advance(record, 'routed', atMs, `${sentinel} has failed over to ${to ?? ''}`, { to });
      return advance(record, 'aborted', atMs, `${sentinel} was told, and has named no other primary in time`);
    } catch (error) {
      return advance(record, 'aborted', clock.wallMs(), (error as Error).message);
    }
  },
  routed: async (record, { fence, clock, limits }) => {
    const acked = describeAcked(await fence.acked(limits.fenceMs));
    return advance(record, 'done', clock.wallMs(), `${record.to ?? ''}: ${acked}`);
  },
};

// The primary pings its replicas in their stream of writes each 10 s: `*1`, `$4`, `PING`. No write is as short.
const pingBytes = 14;

async function pause(record: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  const { acts, clock, limits } = ground;
  const { from = '', to = '' } = record;
  try {
    await acts.pauseWrites(from, limits.pauseMs);
  } catch (error) {
    return undo(record, ground, `writes on ${from} can't be paused: ${(error as Error).message}`);
  }
  // From here on it takes no write, so that this is all there is.
  const paused = await acts.look(from);
  const reference = isStanding(paused) ? paused.history : undefined;
  if (reference?.offset === undefined) return undo(record, ground, `${from} does not tell how far it has come`);
  const end = reference.offset;
  const hasAll = await until(clock, limits.equalMs, async () => {
    const looked = await acts.look(to);
    if (!isStanding(looked) || looked.history?.offset === undefined) return false;
    return areOfOneHistory(reference, looked.history) && looked.history.offset >= end;
  });
  if (!hasAll) return undo(record, ground, `${to} has not come as far as ${from} (${end}) in ${limits.equalMs} ms`);
  return advance(record, 'fenced', clock.wallMs(), `${to} has all of ${from}: ${end}`, { reference, gapBytes: 0 });
}

async function promoting(record: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  const { to = '' } = record;
  const problem = await promote(ground, to);
  if (problem !== undefined) return undo(record, ground, `${to} was not promoted: ${problem}`);
  return advance(record, 'verified', ground.clock.wallMs(), `${to} says that it is the primary`);
}

async function routed(record: PromotionRecord, { fence, acts, clock, limits }: Ground): Promise<PromotionRecord> {
  // For as long again: it must not go on before it is demoted.
  if (record.way === 'pause') await acts.pauseWrites(record.from ?? '', limits.pauseMs).catch(() => undefined);
  const acked = describeAcked(await fence.acked(limits.switchMs));
  const told = redescribe(record, `${record.to ?? ''}: ${acked}`);
  return advance(told, 'repointing', clock.wallMs(), `${record.from ?? ''} and the others are told to follow it`);
}

async function demote(record: PromotionRecord, ground: Ground): Promise<PromotionRecord> {
  const { acts, clock, limits } = ground;
  const { from = '', to = '' } = record;
  const isDemoted = await until(clock, limits.verifyMs, async () => {
    return (await pointTo(acts, from, to, true)).state === 'follows' && !(await isPrimary(acts, from));
  });
  // What waited is refused now (READONLY): not executed, and its clients know. Those who stay, as through TCP
  // listeners, would be refused for ever.
  if (isDemoted) await letGo(acts, from, () => clock.wait(limits.quietMs));
  const { pending, detail } = await repoint(record, ground);
  return advance(record, 'done', clock.wallMs(), detail, { pending });
}

async function letGo(acts: Acts, server: string, untilQuiet: () => Promise<void>): Promise<void> {
  await acts.unpause(server).catch(() => undefined);
  await untilQuiet();
  await acts.killClients(server).catch(() => undefined);
}

async function hasGoneOn({ from = '', reference }: PromotionRecord, { acts }: Ground): Promise<boolean> {
  const looked = await acts.look(from);
  if (!isStanding(looked) || looked.history?.offset === undefined || reference?.offset === undefined) return false;
  const gone = looked.history.offset - reference.offset;
  return gone > 0 && gone !== pingBytes;
}

/** As it was before: nothing has been routed to the new one yet, so that it has nothing of its own. */
export async function undo(record: PromotionRecord, ground: Ground, reason: string): Promise<PromotionRecord> {
  const { acts, clock } = ground;
  const { from = '', to = '' } = record;
  const { state } = await pointTo(acts, to, from, true);
  await acts.unpause(from).catch(() => undefined);
  const pending = state === 'follows' ? record.pending : [...new Set([...record.pending, to])];
  const lost = `${to} may take itself for the primary, and is not routed to`;
  const left = state === 'follows' ? 'nothing has changed' : lost;
  return advance(record, 'aborted', clock.wallMs(), `${reason}; ${left}`, { pending });
}
