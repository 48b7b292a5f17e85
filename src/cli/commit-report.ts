// What `controlplane commit` prints.

import type { CommitMessage, ConvergedCommitMessage } from '../api/v2/messages.ts';
import { describeNobody, renderReturning, renderUnmet } from './missing-report.ts';
import { toPrintable } from './printable.ts';
import { renderOldRoutes, renderWarnings } from './published-report.ts';
import { renderTrouble } from './status-report.ts';

type Revised<Answer> = Answer & { readonly revision?: number };

/** Whether it was done, then a line for each matter that the operator should know of. */
export function renderCommit(answer: Revised<CommitMessage>): string {
  return [describeCommit(answer), ...renderMatters(answer), ''].join('\n');
}

/** What was done and how many run it, then a line per client and type that does not. */
export function renderConvergence(answer: Revised<ConvergedCommitMessage>): string {
  const { clients, took_ms: tookMs, gone, not_in_sync: others, returning, expected } = answer;
  const after = `after ${(tookMs / 1_000).toFixed(1)} s`;
  const total = clients.total + gone.length;
  const counts = [total === 0 ? describeNobody(returning) : `${clients.in_sync} of ${total} in sync ${after}`];
  if (clients.refused > 0) counts.push(`${clients.refused} rejected`);
  if (clients.waiting > 0) counts.push(`${clients.waiting} not answered`);
  if (gone.length > 0) counts.push(`${gone.length} gone`);
  const lines = [
    ...others.map((other) => renderTrouble(other.node_id, other.peer, other)),
    ...gone.map((nodeId) => toPrintable(`${nodeId}: gone, it has no connection now`)),
    ...renderReturning(returning, total),
    ...renderUnmet(expected),
  ];
  return [`${describeCommit(answer)}: ${counts.join(', ')}`, ...lines, ...renderMatters(answer), ''].join('\n');
}

function describeCommit({ changed, revision }: Revised<CommitMessage>): string {
  if (!changed) return 'nothing to commit';
  return revision === undefined ? 'committed' : `committed revision ${revision}`;
}

function renderMatters(answer: CommitMessage): string[] {
  return [...renderOldRoutes(answer), ...renderWarnings(answer)];
}
