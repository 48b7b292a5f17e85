// Answers about what happened with servers, Envoys and what is published.

import { z } from 'zod';

import { eventTypes } from '../../../events/event.ts';
import { objectName, time } from './common.ts';

const eventId = z.int().min(1);

export const eventSchema = z
  .object({
    id: eventId.describe('Rising by one; those that are kept no more are not there.'),
    at: time,
    type: z.enum(eventTypes),
    cluster: objectName.optional().describe('Not there: it concerns none, or several.'),
    server: z.string().optional().meta({ example: '10.0.0.1:6379' }),
    message: z.string().describe('One line for people.'),
    data: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
      .optional()
      .meta({
        description:
          'For programs, by type. Of acked: `ms` from its cause, `envoys` that have it, and how many are `missing`. Of ' +
          'several that are told as one: their `count`, and the first of their `servers` and `clusters`.',
      }),
  })
  .meta({ id: 'Event' });

export const eventsSchema = z
  .object({
    events: z.array(eventSchema),
    next: eventId.optional().describe('To be given as `after` for those that follow; left out: these are all by now.'),
  })
  .meta({ id: 'Events', description: 'Oldest first.' });
