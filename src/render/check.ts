// What Envoy would refuse, or take and never use, found before it is published.

import type { Cluster } from '../inventory/cluster.ts';
import type { Listener } from '../model/objects.ts';
import { tlsRefsOf } from '../model/tls-refs.ts';
import type { RenderOptions } from './options.ts';

// Envoy rejects the whole Redis listener for one longer prefix (seen with 1.40).
const maxRedisPrefixBytes = 1000;

const nameOfControlPlane = 'every Envoy knows the control plane itself by this name and would ignore the cluster';

const noSeeds = 'endpoints must have at least one entry: Envoy would ask nobody for the servers, and never have any';

/** Reasons, one line each, why these clusters can't be published; empty when they can. */
export function findUnpublishable(clusters: Iterable<Cluster>, options: RenderOptions): string[] {
  const problems: string[] = [];
  for (const cluster of clusters) {
    const { name, prefix } = cluster;
    const nameProblem = name === options.xdsClusterName ? nameOfControlPlane : findNameProblem(name);
    if (nameProblem !== undefined) problems.push(`cluster ${quote(name)}: ${nameProblem}`);
    for (const problem of findReferenceProblems(cluster)) problems.push(`cluster ${quote(name)}: ${problem}`);
    if (cluster.kind === 'redis_cluster' && cluster.endpoints.length === 0) {
      problems.push(`cluster ${quote(name)}: ${noSeeds}`);
    }
    const bytes = Buffer.byteLength(prefix ?? '');
    if (bytes > maxRedisPrefixBytes) {
      problems.push(`cluster ${quote(name)}: prefix has ${bytes} bytes, Envoy takes at most ${maxRedisPrefixBytes}`);
    }
  }
  return problems;
}

/** Why no resource can have this name. Seen of clusters with Envoy 1.40; a secret is asked for by name as they are. */
export function findNameProblem(name: string): string | undefined {
  if (name === '*') return 'in xDS this name means every resource; Envoy would wait for what it refers to for ever';
  if (name.startsWith('xdstp:')) return 'Envoy takes this for a resource locator and would refuse all resources';
  return undefined;
}

/** Why a certificate or a CA that it names can't be asked for under its name. */
export function findReferenceProblems(object: Cluster | Listener): string[] {
  return tlsRefsOf(object).flatMap(({ field, secret }) => {
    const problem = findNameProblem(secret);
    return problem === undefined ? [] : [`${field}: secret ${quote(secret)}: ${problem}`];
  });
}

function quote(name: string): string {
  return JSON.stringify(name);
}
