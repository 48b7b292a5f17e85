// `controlplane cluster`: clusters are listed, shown and staged.

import type { Command } from 'commander';

import type { Cluster } from '../model/objects.ts';
import { upstreamAuthFlags, withoutEmptyAuth } from './auth-flags.ts';
import type { Context } from './context.ts';
import { buildObjectCommands } from './object-commands.ts';
import { parseNumber, withoutNulls } from './object-flags.ts';
import type { FieldFlag, Patch } from './object-flags.ts';
import { showPlain } from './plain-value.ts';
import { renderServers } from './server-table.ts';
import { upstreamTlsFlags, withWholeUpstreamTls } from './tls-flags.ts';

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

const flags: readonly FieldFlag[] = [
  { flags: '--prefix <TEXT>', path: ['prefix'], help: 'Keys that begin with it go here.' },
  {
    flags: '--kind <KIND>',
    path: ['kind'],
    choices: ['plain', 'sharded'],
    help: 'What its servers are to each other.',
  },
  {
    flags: '--policy <POLICY>',
    path: ['load_balancing', 'policy'],
    choices: policies,
    help: 'How the server of a command is chosen.',
  },
  ...sizeFlags,
  { flags: '--connect-timeout <DURATION>', path: ['connect_timeout'], help: 'As 500ms or 5s.' },
  ...upstreamAuthFlags,
  ...upstreamTlsFlags,
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
    completeNew: (body) => withoutNulls(withWholeUpstreamTls(body['kind'] === 'sharded' ? { ...body, shards: [] } : body)),
    completePatch: (patch) => withoutEmptyAuth(withWholeUpstreamTls(withoutOldSizes(patch))),
    columns: ['NAME', 'KIND', 'PREFIX', 'SERVERS', 'POLICY', 'GROUPS', 'LABELS'],
    cells: (cluster) => [
      cluster.name,
      cluster.kind ?? 'plain',
      showPlain(cluster.prefix),
      `${serversOf(cluster).length}`,
      showPlain(cluster.load_balancing?.policy),
      showPlain(cluster.groups),
      showPlain(cluster.labels),
    ],
    details: (cluster) => ['', ...renderServers(cluster)],
    examples: {
      list: ['cluster list', 'cluster list --view committed -o json'],
      get: ['cluster get sessions', 'cluster get sessions -o yaml'],
      add: ['cluster add sessions --prefix sess: --label team=web', 'cluster add carts --kind sharded --prefix cart:'],
      set: [
        'cluster set sessions --policy least_request --connect-timeout 2s',
        'cluster set sessions --auth-secret sessions-password --auth-user envoy',
        'cluster set sessions --prefix ""',
      ],
      remove: ['cluster remove sessions'],
    },
  });
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
