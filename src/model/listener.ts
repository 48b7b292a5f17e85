// A listener as an operator declares it: what is left out has its default (defaults.ts).

import { z } from 'zod';

import { downstreamAuthSchema } from './auth.ts';
import { readPolicy, reads } from './reads.ts';
import { downstreamTlsSchema } from './tls.ts';
import { duration, groups, isDistinct, labels, listenAddress, name, printable } from './values.ts';

const maxRoutes = 10_000;
const maxPrefixBytes = 1_000;

export const routeSchema = z
  .strictObject({
    prefix: printable(maxPrefixBytes).meta({ example: 'sess:' }),
    cluster: name,
    remove_prefix: z
      .boolean()
      .optional()
      .meta({ description: 'The server is sent the key, or path, without the prefix.' }),
  })
  .meta({ id: 'Route' });

export const redisRouteSchema = routeSchema
  .extend({ reads: reads.optional().meta({ description: 'In place of what its cluster, a replicated one, says.' }) })
  .meta({ id: 'RedisRoute' });

const routesOf = <Schema extends z.ZodType<{ prefix: string }>>(schema: Schema) =>
  z
    .union([
      z.literal('auto'),
      z
        .array(schema)
        .max(maxRoutes)
        .refine((list) => isDistinct(list.map(({ prefix }) => prefix)), 'must have each prefix once'),
    ])
    .meta({ description: '`auto`: a route for each cluster that has a prefix; or a list.' });

const common = { name, groups: groups.optional(), labels: labels.optional(), tls: downstreamTlsSchema.optional() };

export const redisListenerSchema = z
  .strictObject({
    ...common,
    kind: z.literal('redis').optional(),
    address: listenAddress.optional(),
    routes: routesOf(redisRouteSchema).optional(),
    catch_all: z
      .union([z.literal('auto'), z.literal('none'), name])
      .optional()
      .meta({ description: 'The cluster for keys that no prefix matches. `auto`: as --redis-catch-all says.' }),
    op_timeout: duration(3_600_000, '1h').optional(),
    read_policy: readPolicy.optional(),
    enable_hashtagging: z
      .boolean()
      .optional()
      .meta({ description: 'Of a key with {...} only that part says which server.' }),
    case_insensitive: z.boolean().optional().meta({ description: 'Prefixes match whatever the case of the key.' }),
    auth: downstreamAuthSchema.optional(),
  })
  .meta({ id: 'RedisListener', description: "Envoy's Redis proxy: each command goes where its key says." });

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
    routes: routesOf(routeSchema).optional(),
  })
  .meta({ id: 'HttpListener', description: 'HTTP by path prefix, the prefix taken off.' });

export const listenerSchema = z
  .discriminatedUnion('kind', [redisListenerSchema, tcpListenerSchema, httpListenerSchema])
  .meta({ id: 'Listener' });
