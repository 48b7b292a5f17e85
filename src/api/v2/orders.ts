// POST /api/v2/clusters/NAME/endpoints/ENDPOINT/orders, which tells what is to happen with a server now, and
// GET /api/v2/orders: what stands.

import type { Request, RequestHandler, Response } from 'express';
import type { Desk, OrderOutcome, OrderRequest } from '../../commit/desk.ts';
import { parseDuration } from '../../text/duration.ts';
import { CallLimit } from '../call-limit.ts';
import { readAuthor } from './author.ts';
import { DrainWatch } from './drain-watch.ts';
import type { DrainWatchParts } from './drain-watch.ts';
import { parseKey, textOf } from './endpoints.ts';
import { readOptions } from './json-body.ts';
import { beginLines, renderLine, writeProgress } from './lines.ts';
import type { AwaitedOrderMessage, OrderedMessage, OrdersMessage, ProgressMessage } from './messages.ts';
import { buildOrderMessage } from './order-message.ts';
import { ProblemError } from './problem.ts';
import { awaitEnvoys, buildConverged, readWaitQuery } from './publish.ts';
import type { PublishParts, Waiting } from './publish.ts';
import { readQuery } from './query.ts';
import { maxOrderMs, orderRequestSchema } from './schemas/orders.ts';
import { sendJson } from './send.ts';
import { signalWhenGone } from './signal-when-gone.ts';

export interface OrderParts extends PublishParts, DrainWatchParts {
  readonly desk: Desk;
}

interface OfServer {
  name: string;
  endpoint: string;
}

// For each of them it is remembered who has answered what, and a connection is kept.
const maxWaiting = 64;

/** Answers an {@link OrdersMessage}: all that stand, or those of one `cluster`. */
export function createOrdersHandler(desk: Desk): RequestHandler {
  return (request, response) => {
    const { cluster } = readQuery(request, ['cluster']);
    const orders = desk.orders().filter((order) => cluster === undefined || order.cluster === cluster);
    const message: OrdersMessage = { orders: orders.map(buildOrderMessage) };
    sendJson(response, message);
  };
}

/**
 * Answers an {@link OrderedMessage}; with `wait` an {@link AwaitedOrderMessage}, when every Envoy has taken it, and, of
 * a drain, what they had asked the server before is answered, or when the time is up; to who accepts
 * application/x-ndjson a {@link ProgressMessage} line each time that more is done.
 */
export function createOrderHandler(parts: OrderParts): RequestHandler<OfServer> {
  const limit = new CallLimit(maxWaiting);
  return async (request, response) => {
    const { waitMs, expectation } = readWaitQuery(request, []);
    const order = await readOrder(request);
    if (waitMs === undefined) {
      sendJson(response, buildOrdered(await parts.desk.order(order)));
      return;
    }
    if (limit.isReached) {
      throw new ProblemError(503, `wait: ${maxWaiting} others wait already, nothing was ordered: ask again later`);
    }
    const waiting = { waitMs, expectation, abandoned: signalWhenGone(response) };
    await limit.count(answer(parts, order, waiting, request, response));
  };
}

async function answer(
  parts: OrderParts,
  order: OrderRequest,
  waiting: Waiting,
  request: Pick<Request, 'accepts'>,
  response: Response,
): Promise<void> {
  const startMs = performance.now();
  const watch = order.order === 'drain' ? await DrainWatch.open(parts, order) : undefined;
  try {
    const outcome = await parts.desk.order(order);
    const isLines = beginLines(request, response);
    const tell = (progress: ProgressMessage): void => {
      if (isLines) writeProgress(response, progress);
    };
    const convergence = await awaitEnvoys(parts, waiting, tell);
    const envoysMs = performance.now() - startMs;
    const converged = buildConverged(envoysMs, convergence, parts.start, waiting.expectation);
    const { total } = converged.clients;
    const seen = await watch?.wait({
      deadlineMs: startMs + waiting.waitMs,
      signal: AbortSignal.any([parts.stopping, waiting.abandoned]),
      onLook: (inUse) => tell({ settled: total, total, in_use: inUse }),
    });
    const message: AwaitedOrderMessage = {
      ...buildOrdered(outcome),
      ...converged,
      took_ms: Math.round(performance.now() - startMs),
      // Who did not take it may ask the server still.
      drained: seen === undefined || seen.state === 'unknown' ? null : seen.state === 'yes' && converged.converged,
      detail: seen === undefined || seen.state === 'yes' ? null : seen.detail,
    };
    response.end(renderLine(message));
  } finally {
    watch?.close();
  }
}

async function readOrder(request: Request<OfServer>): Promise<OrderRequest> {
  const { name: cluster, endpoint } = request.params;
  const author = readAuthor(request);
  const server = textOf(parseKey(endpoint));
  const body = await readOptions(request, orderRequestSchema);
  const ref = { cluster, server, author };
  if (!('for' in body || 'force' in body)) return { ...body, ...ref };
  const { for: text, ...rest } = body;
  return { ...rest, ...ref, forMs: text === undefined ? undefined : parseDuration(text, maxOrderMs) };
}

function buildOrdered({ changed, order }: OrderOutcome): OrderedMessage {
  return { changed, order: order === undefined ? null : buildOrderMessage(order) };
}
