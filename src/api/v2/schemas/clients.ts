// Who is connected, and what runs there.

import { z } from 'zod';

import { count, time } from './common.ts';
import { orderSchema } from './order.ts';
import { publishedFields } from './published.ts';

const syncState = z.enum(['synced', 'stale', 'error', 'not-sent']);

export const goneSchema = z
  .object({ node_id: z.string(), gone_since: time, connected_since: time })
  .meta({ description: 'A node that was connected and is not.' });

export const returningSchema = z.object({ started: time, started_ms_ago: count });

export const expectedSchema = z
  .object({
    at_least: count.nullable(),
    expect: z.array(z.string()),
    in_sync: count.describe('How many nodes are in sync, on each of their connections.'),
    missing: z.array(z.string()).describe('Those of `expect` that are not.'),
    is_met: z.boolean(),
  })
  .meta({
    id: 'Expected',
    description: 'Whether so many nodes as `at_least` says, and those that `expect` names, are in sync.',
  });

const modeFields = {
  api_version: z.enum(['v2', 'v3']).nullable().describe('Null where the streams differ; so for `mode`, `aggregated`.'),
  mode: z.enum(['sotw', 'delta']).nullable(),
  aggregated: z
    .boolean()
    .nullable()
    .describe('True: all types on one stream; false: a stream per type, and of endpoints often one per cluster.'),
};

/** How streams speak xDS. Null where they differ, as when an Envoy takes its listeners by a stream of their own. */
export const modeSchema = z.object(modeFields);

export const nackSchema = z
  .object({
    at: time,
    version: z.string(),
    message: z.string().describe("Envoy's; it mostly says what was bad."),
    names: z.array(z.string()).describe('The first ten of those that the refused push changed.'),
    in_force: z.boolean().describe('True when the client runs this version: what it refused is an earlier push.'),
  })
  .meta({ id: 'Nack' });

const typeName = z.enum(['cluster', 'endpoint', 'listener', 'route', 'secret']);

const typeSyncFields = {
  type: typeName,
  type_url: z.string(),
  state: syncState,
  reason: z
    .string()
    .nullable()
    .describe('Why it is not synced: the text of the refusal, or what is waited for; null when it is.'),
  version_sent: z
    .string()
    .nullable()
    .meta({
      description:
        'Null when nothing was sent, or when there is no one version for all its streams; so is the next. Where it ' +
        'has a stream per cluster, it is the version of all together, as an aggregated stream has it. The same ' +
        'content has another version in v2 than in v3, and of clusters on streams per type. In sync, two may differ ' +
        'too: what drains is held only by who had it, and who takes listeners from here has the stand-in endpoint of ' +
        'a cluster without servers.',
    }),
  version_acked: z.string().nullable(),
  runs_earlier: z
    .boolean()
    .describe(
      'True when it accepted nothing yet and runs what an earlier stream brought; it does not say which ' +
        'version.',
    ),
  unacked_since: time.nullable().describe(
    'When the oldest response was sent that is not answered yet; null when all are.',
  ),
  unwritten_since: time.nullable().meta({
    description:
      'Since when a response waits in our send buffer, of whatever type of the same stream, because the client does ' +
      'not read; null when none does. While one waits, nothing newer is sent.',
  }),
  last_nack: nackSchema
    .nullable()
    .describe(
      'In state error the refusal that `reason` tells; else the last, however long ago and whatever came after ' +
        'it.',
    ),
};

/** How things stand with one type of a client. Where it has a stream per cluster, these are taken together. */
export const typeSyncSchema = z.object(typeSyncFields).meta({ id: 'TypeSync' });

export const notInSyncSchema = z
  .object({
    node_id: z.string(),
    peer: z.string(),
    ...typeSyncFields,
    type: typeName.nullable().describe('Null, as `type_url`, when the client asked for nothing that is published.'),
    type_url: z.string().nullable(),
  });

export const typeSchema = z
  .object({
    ...typeSyncFields,
    ...modeFields,
    names: z.object({ wildcard: z.boolean(), count, names: z.array(z.string()) }).meta({
      description:
        'What it asked for; `names` has the first 100 of the `count` that it asked for by name, sorted. When its ' +
        'streams ask for more than 20,000, names that several of them ask for count several times.',
    }),
    bytes_sent: count,
  })
  .meta({ id: 'ClientType' });

export const unaskedSchema = z
  .object({
    count,
    names: z.array(z.string()).describe('The first ten, sorted.'),
    since: time.describe('When the client took its clusters.'),
  });

export const clientSchema = z
  .object({
    peer: z.string().describe('Address and port that it connects from.'),
    node: z
      .object({
        id: z.string(),
        cluster: z.string(),
        user_agent: z.string().describe('Usually "envoy".'),
        user_agent_version: z.string().meta({ example: '1.40.0' }),
      })
      .describe('As it names itself; empty where it does not.'),
    ...modeFields,
    streams: count.describe('Its open streams.'),
    connected_since: time.describe('When the oldest of them was opened.'),
    state: syncState.describe(
      'The worst of its types: error, stale, not-sent, synced, in this order; not-sent when it has none.',
    ),
    reason: z
      .string()
      .nullable()
      .describe('Why it is not-sent when it has no types; else null, and its types say why.'),
    types: z
      .array(typeSchema)
      .describe('Those that it asked for, or has to: clusters, endpoints, listeners, routes, in this order.'),
    unknown_types: z
      .array(z.string())
      .describe('Types that it asked for and that are not published: the first 16. They are not answered.'),
    unasked: unaskedSchema
      .nullable()
      .describe('Clusters that it took, and whose endpoints it has asked for nowhere since: it can not use them.'),
  })
  .meta({ id: 'Client', description: 'One Envoy on one connection.' });

export const summarySchema = z
  .object({
    state: z.enum(['ok', 'attention', 'trouble']).meta({
      description:
        'trouble: an Envoy refused what was published, a server that is down is sent commands, or a cluster lacks its ' +
        'primary; attention: something else is not as it should be.',
    }),
    message: z.string().describe('One line.'),
  });

export const clientsSchema = z
  .object({
    summary: summarySchema.describe('Of all there is, also when only some clients were asked for.'),
    ...publishedFields,
    orders: z.array(orderSchema).describe('That stand, in order of cluster and server.'),
    in_sync: z.boolean().meta({
      description:
        'True when all that are connected are in sync and nobody is missing, as `gone` and `returning` have it; ' +
        'where it was asked for by `at_least` or `expect`, `expected` has the word instead of these two. Of all ' +
        'clients, also when only some were asked for.',
    }),
    gone: z.array(goneSchema).describe('Sorted by time; for a while, see `--gone-time`.'),
    returning: returningSchema
      .nullable()
      .describe('Null unless the control plane started so lately that Envoys may be yet to come back to it.'),
    expected: expectedSchema.nullable().describe('Null unless it was asked for.'),
    clients: z.array(clientSchema).describe('Sorted by node id, then by peer.'),
  })
  .meta({ id: 'Clients' });

export const retrySchema = z
  .object({
    retried: z
      .array(z.object({ node_id: z.string(), peer: z.string(), types: z.array(typeName) }))
      .describe('Clients to which something is sent again, and of which types; sorted by node id, then by peer.'),
    took_ms: count.describe('From the call to the end of the waiting.'),
    not_in_sync: z
      .array(notInSyncSchema)
      .describe('Types that were sent again, and are not in sync at the end of the waiting.'),
    gone: z
      .array(z.object({ node_id: z.string(), peer: z.string() }))
      .describe(
        'Retried clients of which a stream has closed meanwhile, with what was sent again; sorted in the same ' +
          'way.',
      ),
  })
  .meta({ id: 'Retry' });
