// An order as a row of its table, and in an entry of the log; checked as it is read. All throw an Error that says in a
// few words what is wrong.

import { orderVerbs, standingVerbs } from '../orders/order.ts';
import type { GivenOrder, Order } from '../orders/order.ts';
import { parseNumber, parseOptional, parseText } from './fields.ts';
import type { Fields } from './fields.ts';

type Body = Omit<GivenOrder, 'author' | 'atMs'>;

/** For JSON that {@link parseOrderFields} reads back: `{"order", "cluster", "server", "until_ms"?, "message"?}`. */
export function orderFields({ order, cluster, server, untilMs, message }: Body): object {
  return { order, cluster, server, until_ms: untilMs, message };
}

export function parseOrderFields(fields: Fields): Body {
  return { order: parseWord('order', fields['order'], orderVerbs), ...parseRest(fields) };
}

export function parseOrderRow(row: Fields): Order {
  return {
    order: parseWord('kind', row['kind'], standingVerbs),
    ...parseRest(row),
    author: parseText('author', row['author']),
    atMs: parseNumber('at_ms', row['at_ms']),
  };
}

function parseRest({ cluster, server, until_ms: untilMs, message }: Fields): Omit<Body, 'order'> {
  return {
    cluster: parseText('cluster', cluster),
    server: parseText('server', server),
    untilMs: parseOptional(parseNumber, 'until_ms', untilMs),
    message: parseOptional(parseText, 'message', message),
  };
}

function parseWord<T extends string>(field: string, value: unknown, words: readonly T[]): T {
  const word = words.find((each) => each === value);
  if (word === undefined) throw new Error(`${field} is none of ${words.join(', ')}`);
  return word;
}
