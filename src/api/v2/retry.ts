// POST /api/v2/retry: what was refused is sent again, to those that refused it.

import type { Request, RequestHandler } from 'express';
import { parseDuration } from '../../duration.ts';
import { publishOrder } from '../../snapshot/resource.ts';
import type { ResourceKind } from '../../snapshot/resource.ts';
import { foldClients } from '../../xds/client.ts';
import type { Client } from '../../xds/client.ts';
import { awaitRetried, retryRefused } from '../../xds/retry.ts';
import type { Retried } from '../../xds/retry.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import { buildNotInSyncMessages } from './client-message.ts';
import { maxWaitMs } from './messages.ts';
import type { RetryMessage } from './messages.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import { signalWhenGone } from './signal-when-gone.ts';

export interface RetryParts {
  readonly hub: StreamHub;
  /** Aborted when the control plane stops: who waits is told how things stand. */
  readonly stopping: AbortSignal;
}

/**
 * Answers a {@link RetryMessage}, with `wait` when those have answered or the time is up. `node` asks for one node id.
 */
export function createRetryHandler({ hub, stopping }: RetryParts): RequestHandler {
  return async (request, response) => {
    const { node, waitMs } = readRetryQuery(request);
    if (node !== undefined && !Array.from(hub.streams).some(({ nodeId }) => nodeId === node)) {
      throw new ProblemError(404, `node ${JSON.stringify(node)}: not connected`);
    }
    const startMs = performance.now();
    const retried = retryRefused(hub, node);
    const asked = foldRetried(retried);
    const signal = AbortSignal.any([stopping, signalWhenGone(response)]);
    const left = foldRetried(await awaitRetried(hub, retried, { timeoutMs: waitMs, signal }));
    response.type('json').end(JSON.stringify(buildRetryMessage(asked, left, performance.now() - startMs)));
  };
}

function readRetryQuery(request: Request): { node: string | undefined; waitMs: number } {
  const { node, wait = '0' } = readQuery(request, ['node', 'wait']);
  return { node, waitMs: parseParameter('wait', wait, (text) => parseDuration(text, maxWaitMs)) };
}

/** What is sent again to a client, in the order in which it is published. */
interface RetriedClient {
  readonly client: Client;
  readonly kinds: readonly ResourceKind[];
}

function foldRetried(retried: readonly Retried[]): RetriedClient[] {
  const kindsByStatus = new Map(retried.map(({ stream, kinds }) => [stream.status(), kinds]));
  return foldClients([...kindsByStatus.keys()], new Map()).map((client) => {
    const kinds = new Set(client.streams.flatMap((status) => kindsByStatus.get(status) ?? []));
    return { client, kinds: publishOrder.filter((kind) => kinds.has(kind)) };
  });
}

function buildRetryMessage(
  retried: readonly RetriedClient[],
  left: readonly RetriedClient[],
  tookMs: number,
): RetryMessage {
  const leftIds = new Set(left.map(({ client }) => client.node.id));
  const nodeIds = new Set(retried.map(({ client }) => client.node.id));
  return {
    retried: retried.map(({ client: { node, peer }, kinds }) => ({ node_id: node.id, peer, types: kinds })),
    took_ms: Math.round(tookMs),
    not_in_sync: left.flatMap(({ client, kinds }) => {
      return buildNotInSyncMessages(client).filter(({ type }) => type !== null && kinds.includes(type));
    }),
    gone: [...nodeIds].filter((nodeId) => !leftIds.has(nodeId)),
  };
}
