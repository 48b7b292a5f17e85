// Commits that take so much at once that it may be a mistake: refused unless they are forced. Pure.

import { formatAddress } from '../net/address.ts';
import { hostsOf } from '../inventory/cluster.ts';
import type { ClusterEdit, Clusters, Host } from '../inventory/cluster.ts';
import type { Finding } from './desk.ts';

const maxNamed = 5;

/**
 * Why these edits want to be forced; empty when they do not.
 * @param before what is committed.
 * @param share of all clusters, and of all endpoints, that may go at once, from 0 to 1.
 */
export function findGuarded(before: Clusters, edits: readonly ClusterEdit[], share: number): Finding[] {
  const losses = edits.flatMap(({ name, after }) => {
    const cluster = before.get(name);
    if (cluster === undefined) return [];
    const left = new Set(after === undefined ? [] : hostsOf(after).map(addressOf));
    const gone = hostsOf(cluster).filter((host) => !left.has(addressOf(host)));
    return [{ name, isRemoved: after === undefined, isEmptied: after !== undefined && left.size === 0 && gone.length > 0, gone: gone.length }];
  });
  const emptied = losses.filter(({ isEmptied }) => isEmptied).map(({ name }) => name);
  const removed = losses.filter(({ isRemoved }) => isRemoved).map(({ name }) => name);
  const gone = losses.reduce((sum, loss) => sum + loss.gone, 0);
  const findings: Finding[] = [];
  if (emptied.length > 0) {
    findings.push({ code: 'last-endpoint', message: `takes the last endpoint of ${describeClusters(emptied)}` });
  }
  if (removed.length > before.size * share) {
    findings.push({ code: 'many-clusters', message: `takes ${removed.length} of ${before.size} clusters: ${nameSome(removed)}` });
  }
  const all = countHosts(before, (hosts) => hosts * share >= gone);
  if (gone > all * share) {
    const where = losses.filter((loss) => loss.gone > 0).map(({ name }) => name);
    findings.push({ code: 'many-endpoints', message: `takes ${gone} of ${all} endpoints, from ${describeClusters(where)}` });
  }
  return findings;
}

/** Counts all, or until there are enough: when a few of very many go, not all are looked at. */
function countHosts(clusters: Clusters, areEnough: (hosts: number) => boolean): number {
  let hosts = 0;
  for (const cluster of clusters.values()) {
    if (areEnough(hosts)) break;
    hosts += hostsOf(cluster).length;
  }
  return hosts;
}

function addressOf({ address, port }: Host): string {
  return formatAddress({ host: address, port });
}

function describeClusters(names: readonly string[]): string {
  return `${names.length === 1 ? 'cluster' : `${names.length} clusters:`} ${nameSome(names)}`;
}

function nameSome(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).map((name) => JSON.stringify(name)).join(', ');
  return names.length > maxNamed ? `${named} and ${names.length - maxNamed} more` : named;
}
