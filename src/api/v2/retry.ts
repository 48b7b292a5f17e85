// POST /api/v2/retry: what was refused is sent again, to those that refused it.

import type { Request, RequestHandler } from 'express';
import { parseDuration } from '../../text/duration.ts';
import { publishOrder } from '../../snapshot/resource.ts';
import type { ResourceKind } from '../../snapshot/resource.ts';
import { foldClients } from '../../xds/client.ts';
import type { Client } from '../../xds/client.ts';
import type { DiscoveryStream } from '../../xds/discovery-stream.ts';
import { awaitRetried, retryRefused } from '../../xds/retry.ts';
import type { Retried } from '../../xds/retry.ts';
import type { StreamHub } from '../../xds/stream-hub.ts';
import { CallLimit } from '../call-limit.ts';
import { buildNotInSyncMessages } from './client-message.ts';
import { maxWaitMs } from './messages.ts';
import type { NotInSyncMessage, RetryMessage } from './messages.ts';
import { ProblemError } from './problem.ts';
import { parseParameter, readQuery } from './query.ts';
import { signalWhenGone } from './signal-when-gone.ts';

export interface RetryParts {
  readonly hub: StreamHub;
  /** Aborted when the control plane stops: who waits is told how things stand. */
  readonly stopping: AbortSignal;
}

// Apart from commits, which retries must not keep from waiting.
const maxWaiting = 64;

/**
 * Answers a {@link RetryMessage}, with `wait` when those have answered or the time is up. `node` asks for one node id.
 */
export function createRetryHandler({ hub, stopping }: RetryParts): RequestHandler {
  const limit = new CallLimit(maxWaiting);
  return async (request, response) => {
    const { node, waitMs } = readRetryQuery(request);
    if (node !== undefined && !Array.from(hub.streams).some(({ nodeId }) => nodeId === node)) {
      throw new ProblemError(404, `node ${JSON.stringify(node)}: not connected`);
    }
    if (waitMs > 0 && limit.isReached) {
      throw new ProblemError(503, `wait: ${maxWaiting} other retries wait already, nothing was sent again: ask again later`);
    }
    const startMs = performance.now();
    const retried = retryRefused(hub, node);
    const asked = foldRetried(retried);
    const signal = AbortSignal.any([stopping, signalWhenGone(response)]);
    const left = await limit.count(awaitRetried(hub, retried, { timeoutMs: waitMs, signal }));
    const streamsLeft = new Set(left.map(({ stream }) => stream));
    response.type('json').end(JSON.stringify(buildRetryMessage(asked, streamsLeft, performance.now() - startMs)));
  };
}

function readRetryQuery(request: Request): { node: string | undefined; waitMs: number } {
  const { node, wait = '0' } = readQuery(request, ['node', 'wait']);
  return { node, waitMs: parseParameter('wait', wait, (text) => parseDuration(text, maxWaitMs)) };
}

/** What is sent again to a client. */
interface RetriedClient {
  readonly client: Client;
  /** In the order in which they are published. */
  readonly kinds: readonly ResourceKind[];
  /** On which it is sent. */
  readonly streams: readonly DiscoveryStream[];
}

function foldRetried(retried: readonly Retried[]): RetriedClient[] {
  const byStatus = new Map(retried.map((one) => [one.stream.status(), one]));
  return foldClients([...byStatus.keys()], new Map()).map((client) => {
    const ofClient = client.streams.flatMap((status) => byStatus.get(status) ?? []);
    const kinds = new Set(ofClient.flatMap((one) => one.kinds));
    const streams = ofClient.map(({ stream }) => stream);
    return { client, kinds: publishOrder.filter((kind) => kinds.has(kind)), streams };
  });
}

function buildRetryMessage(
  retried: readonly RetriedClient[],
  left: ReadonlySet<DiscoveryStream>,
  tookMs: number,
): RetryMessage {
  // By the stream: another Envoy may have the same node id, and a client a stream of each type.
  const gone = retried.filter(({ streams }) => streams.some((stream) => !left.has(stream)));
  return {
    retried: retried.map(({ client, kinds }) => ({ ...headOf(client), types: kinds })),
    took_ms: Math.round(tookMs),
    not_in_sync: retried.flatMap((one) => buildNotTaken(one, left)),
    gone: gone.map(({ client }) => headOf(client)),
  };
}

function buildNotTaken({ streams, kinds }: RetriedClient, left: ReadonlySet<DiscoveryStream>): NotInSyncMessage[] {
  const statuses = streams.filter((stream) => left.has(stream)).map((stream) => stream.status());
  const messages = foldClients(statuses, new Map()).flatMap(buildNotInSyncMessages);
  return messages.filter(({ type }) => type !== null && kinds.includes(type));
}

function headOf({ node, peer }: Client): RetryMessage['gone'][number] {
  return { node_id: node.id, peer };
}
