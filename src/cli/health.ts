// `controlplane health`: what is seen of the servers that are watched.

import type { Command } from 'commander';

import type { HealthMessage, ServerHealthMessage } from '../api/v2/messages.ts';
import { exitCodes } from '../process/failure.ts';
import { apiCaOption, apiOption, open, outputOption } from './common-options.ts';
import type { CommonValues } from './common-options.ts';
import type { Context } from './context.ts';
import { defineCommand, helpEnd } from './define.ts';
import { paint, printAnswer } from './output.ts';
import type { Color } from './output.ts';
import { toPrintable } from './printable.ts';
import { isWhole, renderRedisClusters } from './redis-cluster-health.ts';
import { renderTable } from './table.ts';

const description = `Shows what the control plane sees of the servers of what is committed, or of those of one cluster: a line for each server that is watched (cluster set NAME --watch on), and for each node of a Redis Cluster.`;

const exitCode = `Exit code: 0 all that are watched are up, and Redis Clusters whole; 3 some are not; 1 no such cluster, or the control
plane can't be reached; 2 usage.`;

const colors: Readonly<Record<ServerHealthMessage['state'], Color>> = {
  up: 'green',
  unknown: 'yellow',
  suspect: 'yellow',
  recovering: 'yellow',
  down: 'red',
};

export function buildHealth(context: Context): Command {
  return defineCommand(context, 'health')
    .usage('[CLUSTER] [options]')
    .description(description)
    .argument('[CLUSTER]')
    .addOption(apiOption())
    .addOption(apiCaOption())
    .addOption(outputOption())
    .addHelpText('after', helpEnd(['health', 'health sessions -o json'], exitCode))
    .action(async (cluster: string | undefined, values: CommonValues) => {
      const { api, format } = await open(context, values);
      const answer = await api.get<HealthMessage>('health', { cluster });
      await printAnswer(context, format, answer, () => renderHealth(context, answer));
      const isUp = answer.clusters.every(({ servers, redis_cluster: redisCluster }) => {
        return servers.every(({ state }) => state === 'up') && (redisCluster === undefined || isWhole(redisCluster));
      });
      context.exitCode = isUp ? exitCodes.ok : exitCodes.notInSync;
    });
}

function renderHealth(context: Context, answer: HealthMessage): string[] {
  const { clusters } = answer;
  const rows = clusters.flatMap(({ name, servers }) => {
    return servers.map((server) => [
      paint(context, colors[server.state], server.state),
      ...[name, server.address, ...cellsOf(server)].map(toPrintable),
    ]);
  });
  if (rows.length === 0) return ['no server is watched'];
  const servers = renderTable([['STATE', 'CLUSTER', 'ADDRESS', 'ROLE', 'LAG', 'SERVER', 'SINCE', 'WHY'], ...rows]);
  const redisClusters = renderRedisClusters(context, answer);
  return redisClusters.length === 0 ? servers : [...servers, '', ...redisClusters];
}

function cellsOf({ state, left_out_by: by, role = '?', lag, product, version = '', since, reason = '' }: ServerHealthMessage): string[] {
  const server = product === undefined ? '?' : `${product} ${version}`.trim();
  const layer = by !== undefined ? [`left out by ${by}`] : state === 'down' ? ['published all the same'] : [];
  const why = [...layer, ...(reason === '' ? [] : [reason])].join('; ');
  return [role, lag === undefined ? '' : `${lag} bytes`, server, since, why];
}
