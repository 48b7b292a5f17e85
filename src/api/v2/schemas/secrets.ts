// What calls about secrets take.

import { z } from 'zod';

export const rotateKeyRequestSchema = z.strictObject({}).meta({ id: 'RotateKeyRequest' });
