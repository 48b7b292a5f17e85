// What Envoy would refuse, or take and never use, found before it is published.

import type { Cluster } from '../inventory/cluster.ts';
import type { RenderOptions } from './options.ts';

// Envoy rejects the whole Redis listener for one longer prefix (seen with 1.40).
const maxRedisPrefixBytes = 1000;

/** Reasons, one line each, why these clusters can't be published; empty when they can. */
export function findUnpublishable(clusters: Iterable<Cluster>, options: RenderOptions): string[] {
  const problems: string[] = [];
  for (const { name, prefix } of clusters) {
    const nameProblem = findNameProblem(name, options.xdsClusterName);
    if (nameProblem !== undefined) problems.push(`cluster ${quote(name)}: ${nameProblem}`);
    const bytes = Buffer.byteLength(prefix ?? '');
    if (bytes > maxRedisPrefixBytes) {
      problems.push(`cluster ${quote(name)}: prefix has ${bytes} bytes, Envoy takes at most ${maxRedisPrefixBytes}`);
    }
  }
  return problems;
}

// All of them seen with Envoy 1.40.
function findNameProblem(name: string, xdsClusterName: string): string | undefined {
  if (name === xdsClusterName) {
    return 'every Envoy knows the control plane itself by this name and would ignore the cluster';
  }
  if (name === '*') return 'in xDS this name means every cluster; Envoy would wait for its endpoints for ever';
  if (name.startsWith('xdstp:')) return 'Envoy takes this for a resource locator and would refuse all clusters';
  return undefined;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
