// Commits that take so much at once that it may be a mistake: refused unless they are forced. Pure.

import { serverNameOf } from '../net/address.ts';
import { serversOf } from '../inventory/cluster.ts';
import type { Cluster, ClusterEdit, Clusters } from '../inventory/cluster.ts';
import { quoteSome } from '../text/name-some.ts';
import type { Finding } from './desk.ts';

/** What an edit takes, and gives in its place. */
interface Step {
  readonly name: string;
  readonly isRemoved: boolean;
  readonly isAdded: boolean;
  /** A cluster that stays has lost its last endpoint. */
  readonly isEmptied: boolean;
  readonly gone: number;
  readonly came: number;
}

/**
 * Why these edits want to be forced; empty when they do not. What is replaced, in whatever cluster, does not count as
 * taken: servers that move are no loss. Each loss is named once: endpoints of clusters that are named already count for
 * no more of it.
 * @param before what is committed.
 * @param share of all clusters, and of all endpoints, that may go at once, from 0 to 1.
 */
export function findGuarded(before: Clusters, edits: readonly ClusterEdit[], share: number): Finding[] {
  const steps = edits.map(({ name, after }) => compare(name, before.get(name), after));
  const emptied = namesOf(steps.filter(({ isEmptied }) => isEmptied));
  const removed = namesOf(steps.filter(({ isRemoved }) => isRemoved));
  const clustersTaken = removed.length - steps.filter(({ isAdded }) => isAdded).length;
  const areManyClusters = clustersTaken > before.size * share;
  const findings: Finding[] = [];
  if (emptied.length > 0) {
    findings.push({ code: 'last-endpoint', message: `takes the last endpoint of ${describeClusters(emptied)}` });
  }
  if (areManyClusters) {
    const message = `takes ${clustersTaken} of ${before.size} clusters: ${quoteSome(removed)}`;
    findings.push({ code: 'many-clusters', message });
  }
  const named = new Set([...emptied, ...(areManyClusters ? removed : [])]);
  const others = steps.filter(({ name }) => !named.has(name));
  const hostsTaken = others.reduce((sum, { gone, came }) => sum + gone - came, 0);
  const all = countHosts(before, (hosts) => hosts * share >= hostsTaken);
  if (hostsTaken > all * share) {
    const where = describeClusters(namesOf(others.filter(({ gone }) => gone > 0)));
    findings.push({ code: 'many-endpoints', message: `takes ${hostsTaken} of ${all} endpoints, from ${where}` });
  }
  return findings;
}

function compare(name: string, before: Cluster | undefined, after: Cluster | undefined): Step {
  const [from, to] = [before, after].map((cluster) => new Set(cluster && serversOf(cluster).map(serverNameOf)));
  const [old, now] = [from ?? new Set(), to ?? new Set()];
  return {
    name,
    isRemoved: before !== undefined && after === undefined,
    isAdded: before === undefined && after !== undefined,
    isEmptied: after !== undefined && old.size > 0 && now.size === 0,
    gone: old.difference(now).size,
    came: now.difference(old).size,
  };
}

/** Counts all, or until there are enough: when a few of very many go, not all are looked at. */
function countHosts(clusters: Clusters, areEnough: (hosts: number) => boolean): number {
  let hosts = 0;
  for (const cluster of clusters.values()) {
    if (areEnough(hosts)) break;
    hosts += serversOf(cluster).length;
  }
  return hosts;
}

function namesOf(steps: readonly Step[]): string[] {
  return steps.map(({ name }) => name);
}

function describeClusters(names: readonly string[]): string {
  return `${names.length === 1 ? 'cluster' : `${names.length} clusters:`} ${quoteSome(names)}`;
}
