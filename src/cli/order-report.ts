// What came of an order, for people.

import type { AwaitedOrderMessage, OrderedMessage } from '../api/v2/messages.ts';
import { toPrintable } from './printable.ts';
import { describeNobody } from './missing-report.ts';
import { describeTerms, orderDone } from './standing-orders.ts';
import { renderTrouble } from './status-report.ts';

/** What is in force and who runs it, then a line for each client and type that does not. */
export function renderOrdered(
  verb: keyof typeof orderDone,
  cluster: string,
  server: string,
  answer: OrderedMessage | AwaitedOrderMessage,
): string[] {
  const standing = answer.order === null ? '' : describeTerms(answer.order);
  const isOpen = verb === 'drain' && 'drained' in answer && answer.drained !== true;
  const what = isOpen || !('converged' in answer) ? `${verb} is in force` : orderDone[verb];
  const head = `${server} of cluster ${cluster}: ${answer.changed ? '' : 'it was so already, '}${what}${standing}`;
  if (!('converged' in answer)) return [toPrintable(head)];
  return [toPrintable(`${head}: ${describeCounts(answer)}`), ...renderMissing(answer)];
}

function describeCounts({ clients, gone, took_ms: tookMs, returning, drained, order }: AwaitedOrderMessage): string {
  const total = clients.total + gone.length;
  const counts = [total === 0 ? describeNobody(returning) : `${clients.in_sync} of ${total} Envoys have taken it`];
  if (order?.order === 'drain' && drained === true) counts.push('nothing is unanswered');
  return `${counts.join(', ')} after ${(tookMs / 1_000).toFixed(1)} s`;
}

function renderMissing({ gone, not_in_sync: others, detail, drained }: AwaitedOrderMessage): string[] {
  const lines = [
    ...others.map((other) => renderTrouble(other.node_id, other.peer, other)),
    ...gone.map((nodeId) => `${nodeId}: gone, it has no connection now`),
  ];
  if (detail === null) return lines.map(toPrintable);
  const matter = drained === null ? "whether it still answers commands can't be seen" : 'still in use';
  return [...lines, `${matter}: ${detail}`].map(toPrintable);
}
