// Where HTTP requests go: a route of an HTTP listener as an operator declares it.

import { z } from 'zod';

import { duration, isDistinct, isLongerThan, name, removePrefix, routePrefix } from './values.ts';

const maxHosts = 100;
const maxHostBytes = 255;
const maxAttempts = 10;

// Envoy's own.
const defaultTimeout = '15s';

/** What is tried again, in Envoy's words (`retry_on`). */
export const retryReasons = [
  '5xx',
  'gateway-error',
  'reset',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
] as const;

// A name, or all names that end so. In Envoy no part of a name is a wildcard but the first.
const hostPattern = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/iu;

const host = z
  .string()
  .max(maxHostBytes)
  .regex(hostPattern, 'must be a host name without a port, or *. and one, such as shop.example or *.shop.example')
  .meta({ example: 'shop.example' });

const retries = z
  .strictObject({
    attempts: z.int().min(1).max(maxAttempts).meta({ description: 'After the first.' }),
    on: z
      .array(z.enum(retryReasons))
      .min(1)
      .refine(isDistinct, 'must have each once')
      .optional()
      .meta({ description: 'connect-failure and refused-stream unless told: no server has seen the request.' }),
    per_try_timeout: duration(3_600_000, '1h').optional(),
  })
  .meta({ id: 'Retries' });

export const httpRouteSchema = z
  .strictObject({
    prefix: routePrefix,
    cluster: name,
    remove_prefix: removePrefix.optional(),
    hosts: z
      .array(host)
      .min(1)
      .max(maxHosts)
      .refine((list) => isDistinct(list.map((each) => each.toLowerCase())), 'must have each once')
      .optional()
      .meta({
        description:
          'Requests with such a Host, whatever its port; left out: all. The most specific one that a request matches ' +
          'decides, and of its routes, and those without hosts, the longest prefix.',
      }),
    timeout: duration(86_400_000, '24h')
      .optional()
      .meta({ description: `Until the whole reply is there; ${defaultTimeout} unless told.` }),
    retries: retries.optional(),
  })
  .refine(
    ({ timeout = defaultTimeout, retries: tries }) => {
      return tries?.per_try_timeout === undefined || isLongerThan(timeout, tries.per_try_timeout);
    },
    { message: `must be below timeout (${defaultTimeout} unless told)`, path: ['retries', 'per_try_timeout'] },
  )
  .meta({ id: 'HttpRoute' });

type HostRoutes = readonly { readonly prefix: string; readonly hosts?: readonly string[] | undefined }[];

/** Each host is given the routes without hosts too. */
export const maxRoutesOfHosts = 20_000;

export function areRoutesOfHostsFew(routes: HostRoutes): boolean {
  const hosts = new Set(routes.flatMap((route) => route.hosts ?? []));
  return hosts.size * routes.filter((route) => route.hosts === undefined).length <= maxRoutesOfHosts;
}

/** True when no request can match two of the routes alike: for one host each prefix is there once. */
export function areHttpRoutesDistinct(routes: HostRoutes): boolean {
  return isDistinct(
    routes.flatMap(({ prefix, hosts = ['*'] }) => hosts.map((each) => `${each.toLowerCase()} ${prefix}`)),
  );
}
