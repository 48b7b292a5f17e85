// Where a server is not what it is declared to be. Pure.

import type { ServerFacts } from './facts.ts';

/** What a server is declared to be: one that takes any command, a primary, a replica, a node of a Redis Cluster. */
export type Part = 'any' | 'primary' | 'replica' | 'cluster-node';

/** One line for each contradiction; each says what the server is, and what that means. */
export function findContradictions(part: Part, { role, isClusterMode }: ServerFacts): string[] {
  if (role.name === 'sentinel') return ['it is a Sentinel, which holds no keys'];
  const found: string[] = [];
  if (part === 'cluster-node') {
    if (!isClusterMode) found.push('it does not run in cluster mode, and does not know of other nodes');
    return found;
  }
  if (isClusterMode) {
    found.push('it runs in cluster mode, and answers MOVED to keys of other nodes: declare it in a cluster of kind redis_cluster');
  }
  if (part === 'replica') {
    if (role.name === 'primary') found.push('it is declared a replica and is a primary: what it has is not what the primary has');
  } else if (role.name === 'replica') {
    const whose = role.follows === undefined ? '' : ` of ${role.follows}`;
    found.push(`it is a replica${whose}, and refuses writes`);
  }
  return found;
}
