// What a server says of itself at one moment, as far as it matters for a promotion.

import type { History } from '../effective/seen.ts';
import { readFacts } from '../watch/facts.ts';
import { fieldsNamed, numberOf, parseInfo } from '../watch/info.ts';
import type { RoleName } from '../watch/role.ts';

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
  /** Of a replica: how long ago it heard of its primary. */
  readonly silentMs: number | undefined;
  /** Of a replica whose link is down: how long; Infinity: it never was up. */
  readonly linkDownMs: number | undefined;
  readonly isLoading: boolean;
  readonly isSyncing: boolean;
  /** 0: it is never to be promoted. */
  readonly priority: number | undefined;
  readonly keys: number;
}

// Beside what is a fact of every server.
const wanted = fieldsNamed('master_link_down_since_seconds');

/** @param info the answer to INFO. @param role that to ROLE; undefined: it was refused. */
export function readStanding(address: string, info: string, role: unknown): Standing {
  const facts = readFacts({ info, role });
  const fields = parseInfo(info, wanted);
  const link = facts.primaryLink;
  return {
    address,
    role: facts.role.name,
    product: facts.product,
    follows: facts.role.follows,
    history: facts.history,
    link: link === 'up' || link === 'down' ? link : undefined,
    silentMs: facts.primarySilentS === undefined ? undefined : facts.primarySilentS * 1_000,
    linkDownMs: link === 'down' ? linkDownMsOf(fields) : undefined,
    isLoading: facts.isLoading,
    isSyncing: facts.isSyncing ?? false,
    priority: facts.priority,
    keys: facts.keys ?? 0,
  };
}

// -1: it never was up.
function linkDownMsOf(fields: ReadonlyMap<string, string>): number | undefined {
  if (fields.get('master_link_down_since_seconds') === '-1') return Infinity;
  const seconds = numberOf(fields, 'master_link_down_since_seconds');
  return seconds === undefined ? undefined : seconds * 1_000;
}
