// Who somebody is to Redis: Envoy to its servers, and clients to Envoy. Passwords are named, never written here.

import { z } from 'zod';

import { isServerName } from '../net/address.ts';
import { isDistinct, name, printable } from './values.ts';

const maxUserBytes = 255;
const maxPasswords = 16;

/** A secret by its name. */
export const secretRefSchema = z
  .strictObject({ secret: name.meta({ example: 'sessions-password' }) })
  .meta({ id: 'SecretRef', description: 'A secret, by its name.' });

export const username = printable(maxUserBytes).meta({ description: 'Of an ACL. Left out: `default`.', example: 'envoy' });

export const upstreamAuthSchema = z
  .strictObject({ username: username.optional(), password: secretRefSchema })
  .meta({ id: 'UpstreamAuth', description: 'As whom Envoy speaks to the servers.' });

interface Server {
  readonly address: string;
  readonly upstream_auth?: unknown;
}

interface Authenticated {
  readonly resolve?: string | undefined;
  readonly health_check?: { readonly protocol?: string | undefined } | undefined;
  readonly endpoints?: readonly Server[] | undefined;
  readonly shards?: readonly { readonly endpoint?: Server | undefined; readonly endpoints?: readonly Server[] | undefined }[];
}

interface AuthFault {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Where passwords that servers have of their own would not be used, or cost connections whenever a name moves. */
export function findOwnAuthFaults(cluster: Authenticated): AuthFault[] {
  const { resolve, health_check: check, endpoints = [], shards = [] } = cluster;
  const own = [
    ...placesOf(['endpoints'], endpoints),
    ...shards.flatMap(({ endpoint, endpoints: several = [] }, index) => [
      ...(endpoint === undefined ? [] : [[['shards', index, 'endpoint'], endpoint] as const]),
      ...placesOf(['shards', index, 'endpoints'], several),
    ]),
  ].filter(([, { upstream_auth: auth }]) => auth !== undefined);
  const isCheckedByRedis = check !== undefined && (check.protocol ?? 'redis') === 'redis';
  const unchecked = 'must not be of redis where an endpoint has its own upstream_auth: a check knows that of the cluster alone';
  const unnamed =
    resolve === 'controlplane'
      ? 'each time that it leads elsewhere the cluster would change, and Envoys connect to all its servers anew'
      : 'Envoy finds the password of a server by IP address';
  return [
    ...(isCheckedByRedis && own.length > 0 ? [{ path: ['health_check'], message: unchecked }] : []),
    ...own
      .filter(([, { address }]) => isServerName(address))
      .map(([path]) => {
        return { path: [...path, 'upstream_auth'], message: `must be left out where the address is a host name: ${unnamed}` };
      }),
  ];
}

function placesOf(path: readonly (string | number)[], servers: readonly Server[]) {
  return servers.map((server, index) => [[...path, index], server] as const);
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
