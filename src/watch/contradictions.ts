// Where a server is not what it is declared to be. Pure.

import type { History } from '../effective/seen.ts';
import type { ServerFacts } from './facts.ts';

/** What a server is declared to be: one that takes any command, a primary, a replica, a node of a Redis Cluster. */
export type Part = 'any' | 'primary' | 'replica' | 'cluster-node';

/**
 * One line for each contradiction; each says what the server is, and what that means.
 * @param primary of a replica: what its declared primary says; undefined: nothing.
 */
export function findContradictions(part: Part, facts: ServerFacts, primary?: ServerFacts): string[] {
  const { role, isClusterMode } = facts;
  if (role.name === 'sentinel') return ['it is a Sentinel, which holds no keys'];
  const found: string[] = [];
  if (part === 'cluster-node') {
    if (!isClusterMode) found.push('it does not run in cluster mode, and does not know of other nodes');
    return found;
  }
  if (isClusterMode) {
    found.push('it runs in cluster mode, and answers MOVED to keys of other nodes: declare it in a cluster of kind redis_cluster');
  }
  const whose = role.follows === undefined ? '' : ` of ${role.follows}`;
  if (part !== 'replica') {
    if (role.name === 'replica') found.push(`it is a replica${whose}, and refuses writes`);
  } else if (role.name === 'primary') {
    found.push('it is declared a replica and is a primary: what it has is not what the primary has');
  } else if (facts.primaryLink === 'down') {
    // Until it was up once, the server has a history of its own.
    found.push(`primary_link down: it is a replica${whose}, gets nothing from there, and what it has grows old`);
  } else if (areApart(facts, primary)) {
    found.push(`it is a replica${whose}, which has other writes than the declared primary`);
  }
  return found;
}

/** Whether both have histories, and the server's is not the primary's, nor the beginning of it. */
function areApart({ history }: ServerFacts, primary: ServerFacts | undefined): boolean {
  if (history === undefined || primary?.history === undefined || primary.role.name !== 'primary') return false;
  return history.id !== primary.history.id && !isBeginning(history, primary.history);
}

// As a primary that was promoted itself lets those go on that followed its own one.
function isBeginning({ id, offset }: History, { former }: History): boolean {
  return former !== undefined && former.id === id && offset !== undefined && offset < former.end;
}
