// `controlplane cluster`: clusters are listed, shown and staged.

import type { Command } from 'commander';

import type { Cluster } from '../model/objects.ts';
import { parseServerAddress } from '../net/address.ts';
import { parseValue } from '../process/arguments.ts';
import { upstreamAuthFlags, withoutEmptyAuth } from './auth-flags.ts';
import type { Context } from './context.ts';
import { failoverFlags, withWholeFailover } from './failover-flags.ts';
import { buildObjectCommands } from './object-commands.ts';
import { parseJsonObject, parseNumber, withoutNulls } from './object-flags.ts';
import type { FieldFlag, Patch } from './object-flags.ts';
import { showPlain } from './plain-value.ts';
import { refreshFlags } from './refresh-flags.ts';
import { renderServers } from './server-table.ts';
import { upstreamTlsFlags, withWholeUpstreamTls } from './tls-flags.ts';
import { watchFlags } from './watch-flags.ts';

const policies = ['round_robin', 'least_request', 'random', 'maglev', 'ring_hash'];

/** Those of a policy, which go when another is chosen. */
const sizeFlags: readonly FieldFlag[] = [
  {
    flags: '--table-size <N>',
    path: ['load_balancing', 'table_size'],
    parse: parseNumber,
    help: 'Of maglev: a prime number.',
  },
  {
    flags: '--choice-count <N>',
    path: ['load_balancing', 'choice_count'],
    parse: parseNumber,
    help: 'Of least_request.',
  },
  {
    flags: '--min-ring-size <N>',
    path: ['load_balancing', 'min_ring_size'],
    parse: parseNumber,
    help: 'Of ring_hash.',
  },
  {
    flags: '--max-ring-size <N>',
    path: ['load_balancing', 'max_ring_size'],
    parse: parseNumber,
    help: 'Of ring_hash.',
  },
];

const healthFlags: readonly FieldFlag[] = [
  {
    flags: '--health-check [JSON]',
    path: ['health_check'],
    parse: parseJsonObject,
    preset: '{}',
    help: 'Envoys check its servers: fields as {"interval":"1s","key":"maint"}; those left out stay.',
  },
  {
    flags: '--outlier-detection [JSON]',
    path: ['outlier_detection'],
    parse: parseJsonObject,
    preset: '{}',
    help: 'Servers on which commands fail are sent none for a while: as {"consecutive_failures":3}.',
  },
  {
    flags: '--panic-threshold <PERCENT>',
    path: ['panic_threshold'],
    parse: parseNumber,
    help: 'With fewer healthy servers than this all are sent commands.',
  },
  {
    flags: '--placement <PLACEMENT>',
    path: ['placement'],
    choices: ['fixed', 'remap'],
    help: 'Of the keys of a shard that does not answer.',
  },
];

const flags: readonly FieldFlag[] = [
  { flags: '--prefix <TEXT>', path: ['prefix'], help: 'Keys that begin with it go here.' },
  {
    flags: '--kind <KIND>',
    path: ['kind'],
    choices: ['plain', 'replicated', 'sharded', 'redis_cluster'],
    help: 'What its servers are to each other.',
  },
  {
    flags: '--policy <POLICY>',
    path: ['load_balancing', 'policy'],
    choices: policies,
    help: 'How the server of a command is chosen.',
  },
  ...sizeFlags,
  {
    flags: '--primary <ADDRESS:PORT>',
    path: ['primary'],
    help: 'Of a replicated one: the endpoint that takes the writes.',
  },
  {
    flags: '--reads <WHERE>',
    path: ['reads'],
    choices: ['primary', 'replica', 'prefer_replica', 'any'],
    help: 'Of a replicated one: which servers answer reads, where a route does not say. Default: primary',
  },
  ...failoverFlags,
  ...refreshFlags,
  {
    flags: '--resolve <BY>',
    path: ['resolve'],
    choices: ['envoy', 'controlplane'],
    help: 'Who looks up the names of its servers. Default: envoy',
  },
  { flags: '--connect-timeout <DURATION>', path: ['connect_timeout'], help: 'As 500ms or 5s.' },
  ...upstreamAuthFlags,
  ...upstreamTlsFlags,
  ...healthFlags,
  ...watchFlags,
  {
    flags: '--group <GROUP>',
    path: ['groups'],
    isList: true,
    help: 'A node group that is given it; several times for several. Default: every Envoy',
  },
  {
    flags: '--label <KEY=VALUE>',
    path: ['labels'],
    isRecord: true,
    help: 'For those who read it; several times for several.',
  },
];

export function buildCluster(context: Context): Command {
  return buildObjectCommands<Cluster>(context, {
    kind: 'cluster',
    description: 'Clusters: named groups of servers that share keys, or their load.',
    flags,
    completeNew: (body) => withoutNulls(withWholeFailover(withWholeUpstreamTls(withServers(body)))),
    completePatch: (patch) => withWholeFailover(withoutEmptyAuth(withWholeUpstreamTls(withoutOldSizes(patch)))),
    columns: ['NAME', 'KIND', 'PREFIX', 'SERVERS', 'POLICY', 'GROUPS', 'LABELS'],
    cells: (cluster) => [
      cluster.name,
      cluster.kind ?? 'plain',
      showPlain(cluster.prefix),
      `${serversOf(cluster).length}`,
      showPlain('load_balancing' in cluster ? cluster.load_balancing?.policy : undefined),
      showPlain(cluster.groups),
      showPlain(cluster.labels),
    ],
    details: (cluster) => ['', ...renderServers(cluster)],
    examples: {
      list: ['cluster list', 'cluster list --view committed -o json'],
      get: ['cluster get sessions', 'cluster get sessions -o yaml'],
      add: [
        'cluster add sessions --prefix sess: --label team=web',
        'cluster add carts --kind sharded --prefix cart:',
        'cluster add orders --kind replicated --primary 10.0.0.1:6379 --reads prefer_replica',
        'cluster add users --kind replicated --failover sentinel --sentinel-master m1 --sentinels 10.0.0.5:26379',
      ],
      set: [
        'cluster set sessions --policy least_request --connect-timeout 2s',
        'cluster set sessions --auth-secret sessions-password --auth-user envoy',
        'cluster set sessions --watch on',
        'cluster set sessions --prefix ""',
      ],
      remove: ['cluster remove sessions'],
    },
  });
}

// A sharded one needs a list of shards; the primary of a replicated one is the first of its endpoints.
function withServers(body: Patch): Patch {
  const { kind, primary } = body;
  if (kind === 'sharded') return { ...body, shards: [] };
  if (kind !== 'replicated' || typeof primary !== 'string') return body;
  const { host: address, port } = parseValue('--primary', primary, parseServerAddress);
  return { ...body, endpoints: [{ address, port }] };
}

function serversOf(cluster: Cluster): readonly object[] {
  return cluster.kind === 'sharded' ? cluster.shards : cluster.endpoints;
}

// Sizes of the policy before would be refused beside the new one.
function withoutOldSizes(patch: Patch): Patch {
  const balancing = patch['load_balancing'] as Patch | undefined;
  if (balancing?.['policy'] === undefined) return patch;
  if (balancing['policy'] === null) return { ...patch, load_balancing: null };
  const none = Object.fromEntries(sizeFlags.map(({ path }) => [path.at(-1) ?? '', null]));
  return { ...patch, load_balancing: { ...none, ...balancing } };
}
