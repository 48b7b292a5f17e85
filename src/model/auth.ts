// Who somebody is to Redis: Envoy to its servers, and clients to Envoy. Passwords are named, never written here.

import { z } from 'zod';

import { isDistinct, name, printable } from './values.ts';

const maxUserBytes = 255;
const maxPasswords = 16;

/** A secret by its name. */
export const secretRefSchema = z
  .strictObject({ secret: name.meta({ example: 'sessions-password' }) })
  .meta({ id: 'SecretRef', description: 'A secret, by its name.' });

const username = printable(maxUserBytes).meta({ description: 'Of an ACL. Left out: `default`.', example: 'envoy' });

export const upstreamAuthSchema = z
  .strictObject({ username: username.optional(), password: secretRefSchema })
  .meta({ id: 'UpstreamAuth', description: 'As whom Envoy speaks to the servers.' });

interface Authenticated {
  readonly upstream_auth?: unknown;
}

/** Why a cluster can't be checked as it says, with the passwords that it has; undefined: it can. */
export function findCheckFault(
  check: { readonly protocol?: string | undefined } | undefined,
  servers: readonly Authenticated[],
): string | undefined {
  const isRedis = check !== undefined && (check.protocol ?? 'redis') === 'redis';
  if (!isRedis || servers.every(({ upstream_auth: auth }) => auth === undefined)) return undefined;
  return 'must not be of redis where an endpoint has its own upstream_auth: a check knows that of the cluster alone';
}

export const downstreamAuthSchema = z
  .strictObject({
    username: username.optional(),
    passwords: z
      .array(secretRefSchema)
      .min(1)
      .max(maxPasswords)
      .refine((list) => isDistinct(list.map(({ secret }) => secret)), 'must name each secret once')
      .meta({ description: 'Any of them is taken, so that they can be changed one after the other.' }),
  })
  .meta({ id: 'DownstreamAuth', description: 'What clients must say by AUTH before any other command.' });
