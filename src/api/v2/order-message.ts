// An order as /api/v2 shows it.

import type { Order } from '../../commit/desk.ts';
import type { OrderMessage } from './messages.ts';

export function buildOrderMessage({ cluster, server, order, author, atMs, untilMs, message }: Order): OrderMessage {
  return {
    cluster,
    server,
    order,
    author,
    at: new Date(atMs).toISOString(),
    until: untilMs === undefined ? null : new Date(untilMs).toISOString(),
    message: message ?? null,
  };
}
