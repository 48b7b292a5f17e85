// What is told to happen with servers now, and what came of it.

import { z } from 'zod';

import { standingVerbs } from '../../../commit/desk.ts';
import { duration } from '../../../model/values.ts';
import { convergedFields, messageText } from './commit.ts';
import { orderSchema } from './order.ts';

/** The longest time that an order may be given for. */
export const maxOrderMs = 30 * 24 * 3_600_000;

const messageField = messageText.optional().meta({ description: 'Why, for who reads of it.', example: 'new memory' });

export const orderRequestSchema = z
  .discriminatedUnion('order', [
    z.strictObject({
      order: z.enum(standingVerbs).meta({
        description:
          'Leaves the server out of what Envoys are given, at once. `drain` is for a while, and a call that waits ends ' +
          'when what it was asked before is answered; `disable` is for one that is broken.',
        example: 'drain',
      }),
      for: duration(maxOrderMs, '720h').optional().meta({
        description: 'How long it stands, at most 720h; left out: until it is taken back.',
        example: '10m',
      }),
      message: messageField,
      force: z.boolean().optional().describe('Also where the server is missed: it is the last one, or the primary.'),
    }),
    z.strictObject({
      order: z.enum(['undrain', 'enable']).meta({
        description: '`undrain` takes back a drain, `enable` a disable.',
        example: 'undrain',
      }),
      message: messageField,
    }),
  ])
  .meta({ id: 'OrderRequest' });

export const ordersSchema = z
  .object({ orders: z.array(orderSchema) })
  .meta({ id: 'Orders', description: 'Those that stand, in order of cluster and server.' });

const orderedFields = {
  changed: z.boolean().describe('False when it was so already.'),
  order: orderSchema.nullable().describe('What stands for the server now; null: nothing.'),
};

export const orderedSchema = z
  .object(orderedFields)
  .meta({ id: 'Ordered', description: 'Of an order that does not wait.' });

export const awaitedOrderSchema = z
  .object({
    ...orderedFields,
    ...convergedFields,
    drained: z
      .boolean()
      .nullable()
      .describe(
        'Of a drain: whether all that Envoys had asked the server before is answered. Null: it can not be seen, or it ' +
          'is no drain.',
      ),
    detail: z.string().nullable().describe('One line: what still uses the server, or why it can not be seen.'),
  })
  .meta({ id: 'AwaitedOrder', description: 'Of an order that waits.' });
