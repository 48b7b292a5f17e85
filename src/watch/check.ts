// Every declared server looked at once, and held against what it is declared to be.

import { formatAddress } from '../net/address.ts';
import { findContradictions } from './contradictions.ts';
import type { DeclaredServer } from './declared-servers.ts';
import type { ServerFacts } from './facts.ts';
import { look } from './look.ts';
import type { Look } from './look.ts';

export interface CheckedServer extends DeclaredServer {
  readonly look: Look;
  /** It answers, and is what it is declared to be. */
  readonly isFine: boolean;
  /** One line each. */
  readonly contradictions: readonly string[];
}

export interface CheckOptions {
  readonly deadlineMs: number;
  /** How many connections are open at the same time. */
  readonly atOnce: number;
  /** Once it is aborted, no other server is looked at, and what there is is given. */
  readonly signal: AbortSignal;
  readonly onChecked: (checked: number) => void;
}

/**
 * In the order of the servers. One that does not answer keeps one connection of `atOnce` from the others until its
 * deadline.
 */
export async function checkServers(servers: readonly DeclaredServer[], options: CheckOptions): Promise<CheckedServer[]> {
  const { deadlineMs, atOnce, signal, onChecked } = options;
  const looks: Look[] = [];
  let next = 0;
  let checked = 0;
  const work = async (): Promise<void> => {
    while (next < servers.length && !signal.aborted) {
      const index = next++;
      const server = servers[index];
      if (server === undefined) return;
      looks[index] = await lookAt(server, deadlineMs);
      checked += 1;
      onChecked(checked);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, servers.length) }, work));
  return judge(servers, looks);
}

async function lookAt(declared: DeclaredServer, deadlineMs: number): Promise<Look> {
  const { tls, nameProblem, secretProblem, ...server } = declared;
  if (nameProblem !== undefined) {
    return { trouble: 'failed', detail: `its name leads to no address: ${nameProblem}`, tookMs: 0 };
  }
  if (secretProblem !== undefined) return { trouble: 'secret', detail: secretProblem, tookMs: 0 };
  if (tls === undefined) return look(server, deadlineMs);
  if ('problem' in tls) return { trouble: 'tls', detail: tls.problem, tookMs: 0 };
  return look({ ...server, tls: tls.options }, deadlineMs);
}

function judge(servers: readonly DeclaredServer[], looks: readonly Look[]): CheckedServer[] {
  const firstByRun = new Map<string, DeclaredServer>();
  const primaries = findPrimaries(servers, looks);
  return servers.flatMap((server, index): CheckedServer[] => {
    const seen = looks[index];
    if (seen === undefined) return [];
    if (!('facts' in seen)) {
      const isFine = seen.trouble === 'not-redis' && server.mayBeOther;
      return [{ ...server, look: seen, isFine, contradictions: [] }];
    }
    const contradictions = findContradictions(server.part, seen.facts, primaries.get(groupOf(server)));
    const twin = findTwin(firstByRun, server, seen.facts.runId);
    if (twin !== undefined) contradictions.push(`it is the same server as ${formatAddress(twin)}`);
    return [{ ...server, look: seen, isFine: contradictions.length === 0, contradictions }];
  });
}

function findPrimaries(servers: readonly DeclaredServer[], looks: readonly Look[]): ReadonlyMap<string, ServerFacts> {
  return new Map(
    servers.flatMap((server, index) => {
      const seen = looks[index];
      const isSeen = server.part === 'primary' && seen !== undefined && 'facts' in seen;
      return isSeen ? [[groupOf(server), seen.facts] as const] : [];
    }),
  );
}

function groupOf({ cluster, shard = '' }: DeclaredServer): string {
  return `${cluster}\n${shard}`;
}

// Two addresses of one server count as two, for weights and for what is left when one fails.
function findTwin(
  firstByRun: Map<string, DeclaredServer>,
  server: DeclaredServer,
  runId: string | undefined,
): DeclaredServer | undefined {
  if (runId === undefined) return undefined;
  const key = `${server.cluster}\n${runId}`;
  const twin = firstByRun.get(key);
  if (twin === undefined) firstByRun.set(key, server);
  return twin;
}
