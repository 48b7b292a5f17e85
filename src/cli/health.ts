// `controlplane health`: what is seen of the servers that are watched.

import type { Command } from 'commander';

import type { FollowedMessage, HealthMessage, ServerHealthMessage } from '../api/v2/messages.ts';
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

const description = `Shows what the control plane sees of the servers of what is committed, or of those of one cluster: a line for each server that is watched (cluster set NAME --watch on), and for each node of a Redis Cluster; and for each replicated cluster who takes its writes, since when, and who says so.`;

const exitCode = `Exit code: 0 all that are watched are up, who takes the writes is certain, and Redis Clusters are whole; 3 not so;
1 no such cluster, or the control plane can't be reached; 2 usage.`;

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
      const isUp = answer.clusters.every(({ servers, followed, redis_cluster: redisCluster }) => {
        const isCertain = followed === undefined || (!followed.held && followed.troubles.length === 0);
        return isCertain && servers.every(({ state }) => state === 'up') && (redisCluster === undefined || isWhole(redisCluster));
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
  const header = ['STATE', 'CLUSTER', 'ADDRESS', 'ROLE', 'PUBLISHED', 'LAG', 'SERVER', 'SINCE', 'WHY'];
  const followed = clusters.flatMap((each) => (each.followed === undefined ? [] : linesOf(each.name, each.followed)));
  const redisClusters = renderRedisClusters(context, answer);
  const servers = [...renderTable([header, ...rows]), ...followed.map(toPrintable)];
  return redisClusters.length === 0 ? servers : [...servers, '', ...redisClusters];
}

function linesOf(cluster: string, { primary, held, by, since, why, troubles }: FollowedMessage): string[] {
  const who = primary === undefined ? 'nobody is known to be the primary' : `primary ${primary}`;
  const whose = by === why ? by : `by ${by}: ${why}`;
  return [
    `cluster ${cluster}: ${who}${held ? ', and nothing is sent to it' : ''}; since ${since}, ${whose}`,
    ...troubles.map(({ message }) => `warning: ${message}`),
  ];
}

function cellsOf(message: ServerHealthMessage): string[] {
  const { left_out_by: by, published = '?', role = '?', lag, product, version = '', since, reason = '' } = message;
  const server = product === undefined ? '?' : `${product} ${version}`.trim();
  const why = [by === undefined ? [] : [`left out by ${by}`], reason === '' ? [] : [reason]].flat().join('; ');
  return [role, published, lag === undefined ? '' : `${lag} bytes`, server, since, why];
}
