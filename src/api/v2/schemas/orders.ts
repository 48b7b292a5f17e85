// What is told to happen with servers now, and what came of it.

import { z } from 'zod';

import { orderVerbs } from '../../../commit/desk.ts';
import { convergedFields, messageText } from './commit.ts';
import { orderSchema } from './order.ts';

/** The longest time that an order may be given for. */
export const maxOrderMs = 30 * 24 * 3_600_000;

export const orderRequestSchema = z
  .strictObject({
    order: z.enum(orderVerbs).meta({
      description:
        '`drain` and `disable` leave the server out of what Envoys are given, at once; `drain` is for a while, and a ' +
        'call that waits ends when what it was asked before is answered. `undrain` takes back a drain, `enable` a ' +
        'disable.',
      example: 'drain',
    }),
    for: z
      .string()
      .regex(/^[0-9]{1,10}(ms|s|m|h)$/, 'must be a whole number and ms, s, m or h, such as 30s, 10m or 2h')
      .optional()
      .meta({
        description: 'Of drain and disable: how long it stands, at most 720h; left out: until it is taken back.',
        example: '10m',
      }),
    message: messageText.optional().meta({ description: 'Why, for who reads of it.', example: 'new memory' }),
    force: z.boolean().optional().describe('Also where the server is missed: it is the last one, or the primary.'),
  })
  .refine(({ order, for: text }) => text === undefined || order === 'drain' || order === 'disable', {
    path: ['for'],
    message: 'must be left out unless the order is drain or disable: what was told is taken back for good',
  })
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
