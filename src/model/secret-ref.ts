// A secret where another object names it.

import { z } from 'zod';

import { name } from './values.ts';

export const secretRefSchema = z
  .strictObject({ secret: name.meta({ example: 'redis-ca' }) })
  .meta({ id: 'SecretRef', description: 'A secret, by its name.' });
