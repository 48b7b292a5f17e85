// What `controlplane retry` prints.

import type { RetryMessage } from '../api/v2/messages.ts';
import { toPrintable } from './printable.ts';
import { renderTrouble } from './status-report.ts';

const whatClosed = 'its connection, or the stream on which it was sent, closed before all had answered';

/** A line per client that is sent something again, one per client and type that is not in sync then, and how many are. */
export function renderRetry({ retried, took_ms: tookMs, not_in_sync: others, gone }: RetryMessage): string {
  if (retried.length === 0) return 'nothing to retry: no connected Envoy goes without something that it rejected\n';
  const sent = retried.map(({ node_id: nodeId, peer, types }) => `retried: ${nodeId} ${peer}: ${types.join(', ')}`);
  const troubled = new Set([...others, ...gone].map(keyOf));
  const inSync = retried.filter((client) => !troubled.has(keyOf(client)));
  return [
    ...sent.map(toPrintable),
    ...others.map((other) => renderTrouble(other.node_id, other.peer, other)),
    ...gone.map((client) => toPrintable(`${client.node_id} ${client.peer}: gone, ${whatClosed}`)),
    `${inSync.length} of ${retried.length} in sync after ${(tookMs / 1_000).toFixed(1)} s`,
    '',
  ].join('\n');
}

// Several Envoys may have one node id.
function keyOf({ node_id: nodeId, peer }: RetryMessage['gone'][number]): string {
  return JSON.stringify([nodeId, peer]);
}
