// `controlplane endpoint`: the servers of a cluster are listed, shown and staged; of a sharded one by shard.

import type { Command } from 'commander';

import type { Cluster, Endpoint, Shard } from '../model/objects.ts';
import { formatAddress, parseServerAddress } from '../net/address.ts';
import { parseValue } from '../process/arguments.ts';
import { Failure } from '../process/failure.ts';
import { pathOf } from './api-client.ts';
import type { ApiClient, Query } from './api-client.ts';
import { upstreamAuthFlags, withoutEmptyAuth } from './auth-flags.ts';
import { apiCaOption, apiOption, authorOption, open, outputOption } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd, option } from './define.ts';
import type { OrdersMessage } from '../api/v2/messages.ts';
import type { ServersMessage } from './messages.ts';
import { addNew, describeStaged, emptyRemoves, isStaged, requireSome, viewOption } from './object-commands.ts';
import type { ViewValues } from './object-commands.ts';
import { fieldOption, parseNumber, readPatch, withoutNulls } from './object-flags.ts';
import type { FieldFlag } from './object-flags.ts';
import { printAnswer } from './output.ts';
import { Refusal } from './refusal.ts';
import { renderOrders } from './standing-orders.ts';
import { renderServers } from './server-table.ts';
import { changeShard, findShard } from './shard-change.ts';

const flags: readonly FieldFlag[] = [
  {
    flags: '--weight <N>',
    path: ['weight'],
    parse: parseNumber,
    help: 'Share of the load, against the others. Default: 1',
  },
  { flags: '--zone <ZONE>', path: ['zone'], help: 'Where it stands.' },
  ...upstreamAuthFlags,
  {
    flags: '--label <KEY=VALUE>',
    path: ['labels'],
    isRecord: true,
    help: 'For those who read it; several times for several.',
  },
];

interface Values extends ViewValues {
  readonly shard?: string;
}

export function buildEndpoint(context: Context): Command {
  return defineCommand(context, 'endpoint')
    .description('Endpoints: the servers of a cluster.')
    .usage('COMMAND [options]')
    .addCommand(buildList(context))
    .addCommand(buildGet(context))
    .addCommand(buildChange(context, 'add', `Stages a new server. ${isStaged}`))
    .addCommand(buildChange(context, 'set', `Stages a change of a server: what no flag names stays. ${isStaged}`))
    .addCommand(buildChange(context, 'remove', `Stages that a server goes. ${isStaged}`));
}

function buildList(context: Context): Command {
  return define(context, 'list', 'Lists the servers of a cluster.', ['endpoint list sessions'])
    .argument('<CLUSTER>')
    .addOption(viewOption())
    .action(async (cluster: string, values: Values) => {
      const { api, format } = await open(context, values);
      const found = await api.get<Cluster>(pathOf('clusters', cluster), { view: values.view });
      const { orders } = await api.get<OrdersMessage>('orders', { cluster });
      const answer = { ...serversIn(found), ...(orders.length > 0 && { orders }) };
      await printAnswer(context, format, answer, () => [...renderServers(answer), ...renderOrders(orders)]);
    });
}

function buildGet(context: Context): Command {
  const description = 'Shows one server of a cluster; of a sharded one by its address or by the name of its shard.';
  const examples = ['endpoint get sessions 10.0.0.1:6379', 'endpoint get carts shard-0'];
  return define(context, 'get', description, examples)
    .argument('<CLUSTER>')
    .argument('<ADDRESS:PORT|SHARD>')
    .addOption(viewOption())
    .action(async (cluster: string, server: string, values: Values) => {
      const { api, format } = await open(context, values);
      const found = await getServer(api, cluster, server, { view: values.view });
      const servers: ServersMessage = 'address' in found ? { endpoints: [found] } : { shards: [found] };
      await printAnswer(context, format, found, () => renderServers(servers));
    });
}

function serversIn(cluster: Cluster): ServersMessage {
  if (cluster.kind === 'sharded') return { shards: cluster.shards };
  const { endpoints } = cluster;
  return cluster.kind === 'replicated' ? { primary: cluster.primary, endpoints } : { endpoints };
}

/** @param server its address, or the name of its shard. @throws Failure */
async function getServer(api: ApiClient, cluster: string, server: string, query: Query): Promise<Endpoint | Shard> {
  const found = await api.get<Cluster>(pathOf('clusters', cluster), query);
  if (found.kind === 'sharded') return findShard(found.shards, server);
  return api.get<Endpoint>(pathOfEndpoint(cluster, readAddress(server)), query);
}

type Verb = 'add' | 'set' | 'remove';

const examples: Readonly<Record<Verb, readonly string[]>> = {
  add: ['endpoint add sessions 10.0.0.1:6379 --weight 2 --zone a', 'endpoint add carts 10.0.0.1:6379 --shard shard-0'],
  set: ['endpoint set sessions 10.0.0.1:6379 --weight 3 --zone ""', 'endpoint set carts 10.0.0.9:6379 --shard shard-0'],
  remove: ['endpoint remove sessions 10.0.0.1:6379', 'endpoint remove carts 10.0.0.1:6379 --shard shard-0'],
};

const shardHelp: Readonly<Record<Verb, string>> = {
  add: 'Of a sharded cluster: the new shard that the server has.',
  set: 'Of a sharded cluster: the shard that moves to this server, with the same keys.',
  remove: 'Of a sharded cluster: the shard that goes with the server.',
};

function buildChange(context: Context, verb: Verb, description: string): Command {
  const notes = verb === 'set' ? [emptyRemoves] : [];
  const command = define(context, verb, description, examples[verb], ...notes)
    .argument('<CLUSTER>')
    .argument('<ADDRESS:PORT>')
    .addOption(option('--shard <NAME>', shardHelp[verb]))
    .addOption(authorOption());
  if (verb !== 'remove') for (const flag of flags) command.addOption(fieldOption(flag));
  return command.action((cluster: string, address: string, values: Values) =>
    change(context, verb, cluster, address, values),
  );
}

async function change(context: Context, verb: Verb, cluster: string, text: string, values: Values): Promise<void> {
  const address = readAddress(text);
  const patch = withoutEmptyAuth(readPatch(flags, { ...values }));
  if (verb === 'set' && values.shard === undefined) requireSome(patch);
  const { api, format } = await open(context, values);
  const shown = formatAddress({ host: address.address, port: address.port });
  const answer =
    values.shard === undefined
      ? await changeEndpoint().catch(tellOfShards)
      : await changeShard(api, cluster, { verb, name: values.shard, address, patch });
  const sign = ({ add: '+', set: '~', remove: '-' } as const)[verb];
  await printAnswer(context, format, answer, () => [
    describeStaged(sign, 'endpoint', `${shown} of cluster ${cluster}`),
  ]);

  function changeEndpoint(): Promise<object> {
    const path = pathOfEndpoint(cluster, address);
    switch (verb) {
      case 'add':
        return addNew(
          api,
          path,
          { ...address, ...withoutNulls(patch) },
          `endpoint ${shown} of cluster ${JSON.stringify(cluster)}`,
        );
      case 'set':
        return api.send({ method: 'PATCH', path, body: patch });
      case 'remove':
        return api.send({ method: 'DELETE', path });
    }
  }
}

function tellOfShards(error: unknown): never {
  if (!(error instanceof Refusal) || error.problem.code !== 'cluster-is-sharded') throw error;
  throw new Failure('the cluster is sharded: --shard says which shard it is, see --help');
}

interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

function readAddress(text: string): ServerAddress {
  const { host, port } = parseValue('ADDRESS:PORT', text, parseServerAddress);
  return { address: host, port };
}

function pathOfEndpoint(cluster: string, { address, port }: ServerAddress): string {
  return pathOf('clusters', cluster, 'endpoints', formatAddress({ host: address, port }));
}

function define(
  context: Context,
  verb: string,
  description: string,
  examples: readonly string[],
  ...notes: string[]
): Command {
  return defineCommand(context, verb)
    .description(description)
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(examples, ...notes));
}
