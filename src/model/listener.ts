// A listener as an operator declares it: what is left out has its default (defaults.ts).

import { z } from 'zod';

import { downstreamAuthSchema } from './auth.ts';
import { defaultOpTimeout } from './defaults.ts';
import { areHttpRoutesDistinct, areRoutesOfHostsFew, httpRouteSchema, maxRoutesOfHosts } from './http-route.ts';
import { readPolicy } from './reads.ts';
import { isFlushedInTime, redisFilterFields } from './redis-filter.ts';
import { catchAllRouteSchema, redisRouteSchema } from './redis-route.ts';
import { downstreamTlsSchema } from './tls.ts';
import { duration, groups, isDistinct, labels, listenAddress, name } from './values.ts';

const maxRoutes = 10_000;
const [maxConnectionMs, maxConnectionText] = [7 * 86_400_000, '168h'] as const;
const needsAddress = 'is for a listener with an address: without one the routes alone are published';

const auto = z.literal('auto');

const redisRoutes = z
  .union([
    auto,
    z
      .array(redisRouteSchema)
      .max(maxRoutes)
      .refine((list) => isDistinct(list.map(({ prefix }) => prefix)), 'must have each prefix once'),
  ])
  .meta({ description: '`auto`: a route for each cluster that has a prefix; or a list.' });

const httpRoutes = z
  .union([
    auto,
    z
      .array(httpRouteSchema)
      .max(maxRoutes)
      .refine(areHttpRoutesDistinct, 'must have each prefix once, of one host')
      .refine(
        areRoutesOfHostsFew,
        `must have at most ${maxRoutesOfHosts} routes without hosts, each counted once for every host`,
      ),
  ])
  .meta({ description: '`auto`: a route for each cluster that has a prefix; or a list.' });

const common = { name, groups: groups.optional(), labels: labels.optional(), tls: downstreamTlsSchema.optional() };

/** Without the rules between its fields, as is {@link httpListenerSchema}. */
export const redisListenerSchema = z
  .strictObject({
    ...common,
    kind: z.literal('redis').optional(),
    address: listenAddress.optional(),
    routes: redisRoutes.optional(),
    catch_all: z
      .union([auto, z.literal('none'), name, catchAllRouteSchema])
      .optional()
      .meta({ description: 'The cluster for keys that no prefix matches. `auto`: as --redis-catch-all says.' }),
    op_timeout: duration(3_600_000, '1h').optional(),
    read_policy: readPolicy.optional(),
    enable_hashtagging: z
      .boolean()
      .optional()
      .meta({ description: 'Of a key with {...} only that part says which server.' }),
    case_insensitive: z.boolean().optional().meta({ description: 'Prefixes match whatever the case of the key.' }),
    ...redisFilterFields,
    auth: downstreamAuthSchema.optional(),
  });

export const tcpListenerSchema = z
  .strictObject({
    ...common,
    kind: z.literal('tcp'),
    address: listenAddress,
    cluster: name,
    sticky: z
      .enum(['none', 'source_ip'])
      .optional()
      .meta({ description: 'source_ip: all connections of one client address go to one server while the servers stay.' }),
    idle_timeout: duration(86_400_000, '24h').optional(),
    max_connection_duration: duration(maxConnectionMs, maxConnectionText)
      .optional()
      .meta({ description: 'Envoy closes a connection that is older; left out: none for its age.' }),
    max_connect_attempts: z.int().min(1).max(100).optional(),
  })
  .meta({ id: 'TcpListener', description: 'A connection stays with one server for its life.' });

export const httpListenerSchema = z
  .strictObject({
    ...common,
    kind: z.literal('http'),
    address: listenAddress
      .optional()
      .meta({ description: "Left out: the routes alone are published, for a listener in Envoy's own file." }),
    routes: httpRoutes.optional(),
    idle_timeout: duration(86_400_000, '24h')
      .optional()
      .meta({ description: 'How long a connection may be without a request.' }),
    max_connection_duration: duration(maxConnectionMs, maxConnectionText)
      .optional()
      .meta({ description: 'Envoy ends a connection that is older when no request is open on it.' }),
  });

const wholeRedisListener = redisListenerSchema
  .refine((listener) => isFlushedInTime(listener, defaultOpTimeout), {
    message: `must be below op_timeout (${defaultOpTimeout} unless told)`,
    path: ['buffer', 'flush_timeout'],
  })
  .meta({ id: 'RedisListener', description: "Envoy's Redis proxy: each command goes where its key says." });

const wholeHttpListener = httpListenerSchema
  .refine(({ address, idle_timeout: idle }) => address !== undefined || idle === undefined, {
    message: needsAddress,
    path: ['idle_timeout'],
  })
  .refine(({ address, max_connection_duration: age }) => address !== undefined || age === undefined, {
    message: needsAddress,
    path: ['max_connection_duration'],
  })
  .meta({ id: 'HttpListener', description: 'HTTP by host and path prefix.' });

export const listenerSchema = z
  .discriminatedUnion('kind', [wholeRedisListener, tcpListenerSchema, wholeHttpListener])
  .meta({ id: 'Listener' });
