// What a server says of itself at one moment, as far as it matters for a promotion.

import { readFacts } from '../watch/facts.ts';
import { numberOf, parseInfo } from '../watch/info.ts';
import type { RoleName } from '../watch/role.ts';
import type { History } from './histories.ts';

/** Undefined is what it does not tell. */
export interface Standing {
  /** ADDRESS:PORT as Envoys dial it. */
  readonly address: string;
  readonly role: RoleName;
  readonly product: string;
  /** Of a replica: whom it follows, as HOST:PORT in its own words. */
  readonly follows: string | undefined;
  readonly history: History | undefined;
  /** Of a replica. */
  readonly link: 'up' | 'down' | undefined;
  /** Of a replica whose link is down: how long; Infinity: it never was up. */
  readonly linkDownMs: number | undefined;
  readonly isLoading: boolean;
  readonly isSyncing: boolean;
  /** 0: it is never to be promoted. */
  readonly priority: number | undefined;
  readonly keys: number;
}

/** @param info the answer to INFO. @param role that to ROLE; undefined: it was refused. */
export function readStanding(address: string, info: string, role: unknown): Standing {
  const facts = readFacts({ info, role });
  const fields = parseInfo(info);
  const link = facts.primaryLink;
  return {
    address,
    role: facts.role.name,
    product: facts.product,
    follows: facts.role.follows,
    history: facts.history,
    link: link === 'up' || link === 'down' ? link : undefined,
    linkDownMs: link === 'down' ? linkDownMsOf(fields) : undefined,
    isLoading: facts.isLoading,
    isSyncing: fields.get('master_sync_in_progress') === '1',
    priority: numberOf(fields, 'slave_priority'),
    keys: countKeys(fields),
  };
}

// -1: it never was up.
function linkDownMsOf(fields: ReadonlyMap<string, string>): number | undefined {
  if (fields.get('master_link_down_since_seconds') === '-1') return Infinity;
  const seconds = numberOf(fields, 'master_link_down_since_seconds');
  return seconds === undefined ? undefined : seconds * 1_000;
}

// `db0:keys=3,expires=0,avg_ttl=0`, a line for each database that has any.
function countKeys(fields: ReadonlyMap<string, string>): number {
  const counts = Array.from(fields, ([name, value]) => (/^db\d+$/u.test(name) ? /keys=(\d+)/u.exec(value)?.[1] : undefined));
  return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
}
