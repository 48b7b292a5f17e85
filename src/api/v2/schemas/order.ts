// An order that stands.

import { z } from 'zod';

import { standingVerbs } from '../../../commit/desk.ts';
import { objectName, time } from './common.ts';

export const orderSchema = z
  .object({
    cluster: objectName,
    server: z.string().meta({ description: 'ADDRESS:PORT, as it is declared.', example: '10.0.0.1:6379' }),
    order: z.enum(standingVerbs),
    author: z.string(),
    at: time,
    until: time.nullable().describe('Null: until it is taken back.'),
    message: z.string().nullable(),
  })
  .meta({ id: 'Order', description: 'A server that is left out of what Envoys are given.' });
