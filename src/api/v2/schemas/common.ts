// What several answers have. Times are ISO 8601, in UTC; what is not known is null.

import { z } from 'zod';

import { objectKinds } from '../../../model/kinds.ts';

export const time = z.string().meta({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' });

export const count = z.int().min(0);

export const objectKind = z.enum(objectKinds);

export const objectName = z.string().meta({ example: 'sessions' });

export const revisionNumber = z
  .int()
  .min(0)
  .meta({ description: 'Of a revision; 0: nothing was ever committed.', example: 7 });

export const objectRefSchema = z.object({ kind: objectKind, name: objectName });

export const findingSchema = z
  .object({ code: z.string(), message: z.string().describe('One line.') })
  .meta({ id: 'Finding' });
