// What keeps Sentinels from being followed, or is strange of them, each in one line that names who says what. Pure.

import type { SeenSentinel, SeenServer, SentinelOpinion } from '../effective/seen.ts';
import type { SentinelFailover } from '../model/objects.ts';
import type { Following, Trouble } from './following.ts';
import { isAnswering } from './sentinel-count.ts';
import type { Count, Named, SeenByAddress } from './sentinel-count.ts';

interface Asked extends SeenSentinel {
  readonly address: string;
}

/**
 * Of the Sentinels themselves.
 * @param leader who is taken for the primary.
 * @param isElecting a failover is under way, of which they do not all learn at the same moment.
 */
export function findTroublesOfSentinels(
  cluster: string,
  { master, sentinels: declared }: SentinelFailover,
  seen: SeenByAddress,
  { seats, voters, named }: Count,
  leader: string | undefined,
  isElecting: boolean,
): Trouble[] {
  const stays = leader === undefined ? 'nobody is known to be the primary' : `${leader} stays the primary`;
  const all = declared.flatMap((address): Asked[] => {
    const each = seen.get(address);
    return each === undefined ? [] : [{ address, ...each }];
  });
  const gone = all.filter(({ failure }) => failure !== undefined);
  const there = all.filter(isAnswering);
  const strangers = there.filter(({ isNameUnknown }) => isNameUnknown === true);
  const tilted = there.filter((each) => each.isTilted === true);
  const deaf = there.filter(({ deafness }) => deafness !== undefined);
  const troubles: Trouble[] = [];
  const add = (code: Trouble['code'], what: string): void => {
    troubles.push({ code, message: `${cluster}: ${what}` });
  };
  if (gone.length > 0) {
    const each = gone.map(({ address, failure }) => `${address} (${failure?.reason ?? ''})`).join(', ');
    const who = gone.length === 1 ? 'Sentinel' : `${gone.length} of ${seats} Sentinels:`;
    const others = describeOthers(declared, named);
    add('sentinel-unreachable', `${who} ${each} ${verb(gone, 'does', 'do')} not answer${others}`);
  }
  // Who was not asked yet is not missed yet.
  const left = seats - gone.length;
  if (named === undefined && left * 2 <= seats) {
    add('sentinel-quorum', `${left} of ${seats} Sentinels ${left === 1 ? 'answers' : 'answer'}, no majority: ${stays}`);
  }
  if (strangers.length > 0) {
    const names = `${listOf(strangers)} ${verb(strangers, 'does', 'do')} not know ${JSON.stringify(master)}`;
    add('sentinel-master-unknown', named === undefined ? `${names}: ${stays}` : names);
  }
  if (new Set(voters.map(({ opinion }) => opinion.primary)).size > 1 && !isElecting) {
    const words = voters.map(({ sentinel, opinion }) => `${sentinel} names ${describeOpinion(opinion)}`).join(', ');
    const end = named === undefined ? `no majority names one: ${stays}` : 'the majority is followed';
    add('sentinels-disagree', `Sentinels disagree, and ${end}: ${words}`);
  }
  if (tilted.length > 0) {
    const rest = `in TILT, and ${verb(tilted, 'acts', 'act')} on nothing until the clock is steady`;
    add('sentinel-tilt', `${listOf(tilted)} ${verb(tilted, 'is', 'are')} ${rest}`);
  }
  if (deaf.length > 0) {
    const each = deaf.map(({ address, deafness }) => `${address} (${deafness})`).join(', ');
    add('sentinel-silent', `events of ${each} are not heard: a failover is noticed a second later`);
  }
  return troubles;
}

/** Of an epoch that goes back. */
export function describeStale(cluster: string, named: Named, { leader, epoch }: Following): Trouble {
  const now = `Sentinels name ${named.primary} in epoch ${named.epoch}`;
  const then = `${leader ?? 'nobody'} was named in epoch ${epoch ?? 0}`;
  const message =
    `${cluster}: ${now}, and ${then}: they have forgotten what they decided, and are not followed; declare the primary ` +
    'to take them as they are';
  return { code: 'sentinel-stale', message };
}

/** Of a server that Sentinels name and that is not the primary, by its own word. */
export function describeContradiction(
  cluster: string,
  { primary, by }: Named,
  server: SeenServer | undefined,
  leader: string | undefined,
): Trouble {
  const stays = leader === undefined || leader === primary ? '' : `: ${leader} stays the primary`;
  const name = `${by.length} ${verb(by, 'Sentinel names', 'Sentinels name')} ${primary}`;
  const message = `${cluster}: ${name}, which ${describeServer(server)}${stays}`;
  return { code: server?.role === 'replica' ? 'primary-is-replica' : 'no-primary', message };
}

function describeServer(server: SeenServer | undefined): string {
  const { state = 'unknown', reason, role, follows } = server ?? {};
  const why = reason === undefined ? '' : ` (${reason})`;
  if (state === 'unknown') return `was not heard of${why}`;
  if (state === 'down' || state === 'suspect') return `does not answer${why}`;
  if (role === 'replica') return `says to be a replica${follows === undefined ? '' : ` of ${follows}`}`;
  return `says to be ${role ?? 'nothing'}`;
}

/** As `10.0.0.1:6379 (epoch 3, s_down)`. */
function describeOpinion({ primary, epoch, flags }: SentinelOpinion): string {
  return `${primary} (${[`epoch ${epoch}`, ...flags.filter((flag) => flag !== 'master')].join(', ')})`;
}

function describeOthers(declared: readonly string[], named: Named | undefined): string {
  const others = named?.by.map(({ sentinel }) => sentinel).filter((each) => !declared.includes(each)) ?? [];
  if (others.length === 0) return '';
  return `; ${others.join(', ')} ${verb(others, 'stands', 'stand')} in: declare who there is`;
}

function listOf(all: readonly Asked[]): string {
  return all.map(({ address }) => address).join(', ');
}

function verb(of: readonly unknown[], one: string, several: string): string {
  return of.length === 1 ? one : several;
}
