// Orders that stand, for people.

import type { OrderMessage } from '../api/v2/messages.ts';
import { toPrintable } from './printable.ts';

/** What a server is by an order. */
export const orderDone = { drain: 'drained', undrain: 'undrained', disable: 'disabled', enable: 'enabled' } as const;

/** A line for each that stands. */
export function renderOrders(orders: readonly OrderMessage[]): string[] {
  return orders.map((order) => {
    const { cluster, server, order: verb, author, at } = order;
    const since = `${orderDone[verb]}: ${server} of cluster ${cluster} since ${at} by ${author}`;
    return toPrintable(`${since}${describeTerms(order)}`);
  });
}

/** As `until 2026-01-31T09:30:00.000Z (new memory)`, with what stands before it. */
export function describeTerms({ until, message }: OrderMessage): string {
  return `${until === null ? '' : ` until ${until}`}${message === null ? '' : ` (${message})`}`;
}
