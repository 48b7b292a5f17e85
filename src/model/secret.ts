// A secret as an operator gives it, and as all but the edge knows it: sealed. A file may also name one that is there by
// its fingerprint, or say where `controlplane apply` finds the value.

import { z } from 'zod';

import { findCaProblem, findChainProblem, findKeyProblem, isKeyOfAnother } from './pem.ts';
import { labels, name, printable } from './values.ts';

const maxPasswordBytes = 4_096;
const maxChainBytes = 65_536;
const maxCaBytes = 262_144;

export const secretKinds = ['password', 'certificate', 'ca'] as const;

const common = { name, labels: labels.optional() };

/** Text of PEM, which `findProblem` looks at. */
function pem(maxBytes: number, findProblem: (text: string) => string | undefined) {
  return z
    .string()
    .refine((text) => Buffer.byteLength(text) <= maxBytes, `must have at most ${maxBytes} bytes`)
    .superRefine((text, context) => {
      const message = Buffer.byteLength(text) > maxBytes ? undefined : findProblem(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ writeOnly: true, maxLength: maxBytes });
}

const password = z
  .string()
  .min(1, 'must not be empty')
  .refine((text) => Buffer.byteLength(text) <= maxPasswordBytes, `must have at most ${maxPasswordBytes} bytes`)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be Unicode text without NUL')
  .meta({ writeOnly: true, maxLength: maxPasswordBytes });

export const passwordFields = { ...common, kind: z.literal('password'), value: password };

export const certificateFields = {
  ...common,
  kind: z.literal('certificate'),
  chain: pem(maxChainBytes, findChainProblem).describe('In PEM: the own certificate, then the one that issued it.'),
  key: pem(maxChainBytes, findKeyProblem).describe('In PEM, without a passphrase.'),
};

export const caFields = { ...common, kind: z.literal('ca'), value: pem(maxCaBytes, findCaProblem).describe('In PEM.') };

/** With its value. */
export const declaredSecretSchema = z
  .discriminatedUnion('kind', [
    z.strictObject(passwordFields),
    z
      .strictObject(certificateFields)
      .refine(({ chain, key }) => !isKeyOfAnother(chain, key), { path: ['key'], message: 'must be the key of the certificate' }),
    z.strictObject(caFields),
  ])
  .meta({ id: 'DeclaredSecret', description: 'A secret with its value, which no answer has.' });

export const fingerprint = z
  .string()
  .regex(/^[0-9a-f]{16}$/u, 'must be 16 hexadecimal digits')
  .meta({ description: 'The same for equal values, and for those alone.', example: '9f86d081884c7d65' });

/** In a file: stays as it is. */
export const keptSecretSchema = z
  .strictObject({ ...common, kind: z.enum(secretKinds), fingerprint })
  .meta({ id: 'KeptSecret', description: 'A secret that is there, as an export has it.' });

const source = z
  .strictObject({ env: printable(255).optional(), file: printable(4_096).optional() })
  .refine(({ env, file }) => (env === undefined) !== (file === undefined), 'must have either env or file')
  .meta({ description: 'A variable of the environment, or a file, that controlplane apply reads.' });

/** In a file for `controlplane apply`. */
export const secretFromSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('password'), value_from: source }),
  z.strictObject({ ...common, kind: z.literal('certificate'), chain_from: source, key_from: source }),
  z.strictObject({ ...common, kind: z.literal('ca'), value_from: source }),
]);

/** As it is answered. */
export const shownSecretSchema = z
  .strictObject({
    ...common,
    kind: z.enum(secretKinds),
    fingerprint,
    subject: z.string().optional().describe('Of the certificate; of CAs that of the one that lasts longest.'),
    sans: z.array(z.string()).optional().meta({ description: 'Its other names.', example: ['DNS:redis.internal'] }),
    not_after: z
      .string()
      .optional()
      .meta({ description: 'When the first of a chain expires, and the last of CAs.', format: 'date-time' }),
  })
  .meta({ id: 'Secret', description: 'All of a secret but its value.' });

/** As it is kept: with its value, that only the data key opens. */
export const secretSchema = shownSecretSchema.extend({ sealed: z.base64() });
