// Answers about the host names that the control plane looks up.

import { z } from 'zod';

import { time } from './common.ts';

export const hostNameSchema = z
  .object({
    name: z.string().meta({ example: 'redis-a.internal' }),
    addresses: z.array(z.string()).describe('That are published for it: as it was found last; none: it never was.'),
    clusters: z.array(z.string()).describe('That have it, those that drain too.'),
    found_at: time.optional().describe('When it was last found since the start.'),
    failure: z.string().optional().describe('Why it is not found now.'),
    failing_since: time.optional(),
  })
  .meta({ id: 'HostName' });

export const hostNamesSchema = z
  .object({ host_names: z.array(hostNameSchema) })
  .meta({ id: 'HostNames', description: 'In order of name.' });
