// Secrets whose values stand in them unsealed, whatever they are: for what is about rendering alone.

import type { Secret, SecretValue } from '../../src/model/objects.ts';

/** One with a value that the API may refuse. */
export function plainSecret(name: string, value: SecretValue): Secret {
  const sealed = Buffer.from(JSON.stringify(value)).toString('base64');
  return { name, kind: value.kind, fingerprint: '0'.repeat(16), sealed };
}

/** The other way round. */
export function openPlain({ sealed }: Secret): SecretValue {
  return JSON.parse(Buffer.from(sealed, 'base64').toString()) as SecretValue;
}
