// Acts that every promotion has in common: a server made the primary and seen to be it, and the others told to follow.

import { isStanding } from './acts.ts';
import type { Acts } from './acts.ts';
import type { Clock, Ground } from './ground.ts';
import type { PromotionRecord } from './record.ts';

const pauseMs = 20;

/** Undefined: it says that it is the primary; else one line on why that is not known. */
export async function promote(
  { acts, clock, limits }: Pick<Ground, 'acts' | 'clock' | 'limits'>,
  server: string,
  tell: (acts: Acts) => Promise<void> = (each) => each.promote(server),
): Promise<string | undefined> {
  const untilMs = clock.steadyMs() + limits.verifyMs;
  const silent = 'it does not say that it is the primary';
  let problem = silent;
  // To be told twice changes nothing.
  while (!(await isPrimary(acts, server))) {
    if (clock.steadyMs() >= untilMs) return problem;
    problem = await tell(acts).then(() => silent, (error: Error) => error.message);
    if (problem !== silent) await clock.wait(pauseMs);
  }
  return undefined;
}

export async function isPrimary(acts: Acts, server: string): Promise<boolean> {
  const looked = await acts.look(server);
  return isStanding(looked) && looked.role === 'primary';
}

export interface Repointed {
  /** Who can't be told yet. */
  readonly pending: readonly string[];
  /** One line. */
  readonly detail: string;
}

/** Every other server is told to follow the new primary; one that is a primary on its own account is left alone. */
export async function repoint(record: PromotionRecord, { acts, servers }: Ground): Promise<Repointed> {
  const { to = '', from, pending } = record;
  const others = servers().filter((server) => server !== to);
  const told = await Promise.all(others.map(async (server) => {
    const mayDemote = server === from || pending.includes(server);
    return [server, await pointTo(acts, server, to, mayDemote)] as const;
  }));
  const left = told.filter(([, end]) => end.state === 'unreached').map(([server]) => server);
  const details = told.map(([server, end]) => `${server} ${end.detail}`);
  return { pending: left, detail: details.length === 0 ? 'there is nobody else' : details.join('; ') };
}

export interface Pointed {
  /** `alone`: it is a primary, and was not to be demoted. */
  readonly state: 'follows' | 'unreached' | 'alone';
  readonly detail: string;
}

/** @param mayDemote also if it says that it is the primary: what it has alone is lost. */
export async function pointTo(acts: Acts, server: string, primary: string, mayDemote: boolean): Promise<Pointed> {
  const looked = await acts.look(server);
  if (!isStanding(looked)) return { state: 'unreached', detail: `can't be asked (${looked.problem})` };
  if (looked.role === 'replica' && looked.follows === primary) return { state: 'follows', detail: 'follows it' };
  if (looked.role === 'primary' && !mayDemote) return { state: 'alone', detail: 'says that it is a primary too' };
  const wasPrimary = looked.role === 'primary';
  const what = wasPrimary ? 'was the primary, and follows it' : 'follows it';
  return acts.follow(server, primary).then(
    () => ({ state: 'follows', detail: what }),
    (error: Error) => ({ state: 'unreached', detail: `was told to follow it: ${error.message}` }),
  );
}

/** Asks again and again until it is so, or the time is up. */
export async function until(clock: Clock, limitMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const untilMs = clock.steadyMs() + limitMs;
  while (!(await isSo())) {
    if (clock.steadyMs() >= untilMs) return false;
    await clock.wait(pauseMs);
  }
  return true;
}
