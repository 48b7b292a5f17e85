// What `controlplane commit`, `controlplane rollback` and `controlplane restore` print.

import type { CommitMessage, ConvergedCommitMessage } from '../api/v2/messages.ts';
import { describeNobody, renderReturning, renderUnmet } from './missing-report.ts';
import type { RevisedMessage } from './messages.ts';
import { toPrintable } from './printable.ts';
import { renderOldRoutes, renderWarnings } from './published-report.ts';
import { renderTrouble } from './status-report.ts';

/** Whether it was done, then a line for each matter that the operator should know of. */
export function renderCommit(answer: CommitMessage & RevisedMessage): string {
  return [describeCommit(answer), ...renderMatters(answer), ''].join('\n');
}

/** What was done and how many run it, then a line per client and type that does not. */
export function renderConvergence(answer: ConvergedCommitMessage & RevisedMessage): string {
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

function describeCommit({ changed, revision, rollback_to: target, restored_revision: restored }: RevisedMessage): string {
  if (restored !== undefined) {
    if (!changed) return `nothing to publish: what is committed is as revision ${restored} of the backup`;
    return `restored revision ${restored} of the backup, as revision ${revision}`;
  }
  if (target !== undefined) {
    if (!changed) return `nothing to roll back: revision ${revision} is as ${target} was`;
    return `rolled back to revision ${target}, as revision ${revision}`;
  }
  if (!changed) return 'nothing to commit';
  return revision === undefined ? 'committed' : `committed revision ${revision}`;
}

function renderMatters(answer: CommitMessage & RevisedMessage): string[] {
  const { still_staged: stillStaged = [], staged = [] } = answer;
  return [
    ...stillStaged.map(({ kind, name }) => toPrintable(`still staged: ${kind} ${name}`)),
    ...staged.map(({ kind, name }) => toPrintable(`staged: ${kind} ${name}`)),
    ...renderOldRoutes(answer),
    ...renderWarnings(answer),
  ];
}
