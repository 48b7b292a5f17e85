// The verdicts on all clusters: each by itself, but for what tells that it may be us who hear nothing. Pure.

import type { Cluster } from '../model/objects.ts';
import { replaceableServers } from './health.ts';
import type { Seen, SeenServer } from './seen.ts';
import { decide, isNetworkInDoubt, noVerdict } from './verdicts.ts';
import type { Outage, Rules, Verdict } from './verdicts.ts';

/** How far the health of servers decides of a cluster, by how it is watched; undefined: it is not. */
export type RulesOf = (cluster: Cluster) => Rules | undefined;

/** By name of the cluster; those on which there is nothing to say are not there. */
export type Verdicts = ReadonlyMap<string, Verdict>;

/** Of one cluster, by server. */
export type ClusterOutages = ReadonlyMap<string, Outage>;

/** By name of the cluster; none is empty. */
export type Outages = ReadonlyMap<string, ClusterOutages>;

/**
 * The verdicts on these clusters anew; those on others stay.
 * @param clusters as they would be published if all servers were well, by name; undefined: it has gone.
 * @param seen of all.
 */
export function decideFor(
  before: Verdicts,
  clusters: ReadonlyMap<string, Cluster | undefined>,
  seen: Seen,
  rulesOf: RulesOf,
  nowMs: number,
): Verdicts {
  const after = new Map(before);
  const doubt = new Doubt(seen);
  for (const [name, cluster] of clusters) {
    const rules = cluster && rulesOf(cluster);
    const servers = cluster === undefined ? [] : replaceableServers(cluster);
    // Of one that is not watched nobody would see that a server is back.
    const found = seen.get(name) ?? new Map();
    // Asked only where it matters: it is a look at all servers.
    const isInDoubt = rules !== undefined && servers.some((each) => found.get(each)?.state === 'down') && doubt.isBy(rules);
    const verdict = rules === undefined || servers.length === 0
      ? noVerdict
      : decide(before.get(name) ?? noVerdict, servers, found, isInDoubt, rules, nowMs);
    if (isNothing(verdict)) after.delete(name);
    else after.set(name, verdict);
  }
  return after;
}

/** Who is out, of all clusters. */
export function outagesOf(verdicts: Verdicts): Outages {
  return new Map(Array.from(verdicts, ([name, { out }]) => [name, out] as const).filter(([, out]) => out.size > 0));
}

/** What was decided before a start: who was out stays out until it is seen to be up. */
export function verdictsFrom(outages: Outages): Verdicts {
  return new Map(Array.from(outages, ([name, out]) => [name, { ...noVerdict, out }]));
}

/** When to decide again though nothing else is seen; undefined: never. */
export function againAtMsOf(verdicts: Verdicts): number | undefined {
  const times = Array.from(verdicts.values()).flatMap(({ againAtMs }) => againAtMs ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether it may be us who hear nothing: asked for many clusters, looked at once for those with the same rules. */
class Doubt {
  readonly #seen: Seen;
  readonly #answers = new Map<string, boolean>();
  #servers: ReadonlyMap<string, SeenServer> | undefined;

  constructor(seen: Seen) {
    this.#seen = seen;
  }

  isBy(rules: Rules): boolean {
    const key = `${rules.detectionMs} ${rules.maxShare}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      this.#servers ??= this.#findServers();
      this.#answers.set(key, (answer = isNetworkInDoubt(this.#servers.values(), rules)));
    }
    return answer;
  }

  // A server in many clusters is one.
  #findServers(): ReadonlyMap<string, SeenServer> {
    const found = new Map<string, SeenServer>();
    for (const servers of this.#seen.values()) for (const [server, seen] of servers) found.set(server, seen);
    return found;
  }
}

function isNothing({ out, held, returnedAtMs }: Verdict): boolean {
  return out.size === 0 && held.length === 0 && returnedAtMs.length === 0;
}
