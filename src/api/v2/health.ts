// GET /api/v2/health: what is seen of the servers that are watched.

import type { RequestHandler } from 'express';

import type { Desk, SeenServer } from '../../commit/desk.ts';
import { findLeftOut } from './left-out.ts';
import type { HealthMessage, ServerHealthMessage } from './messages.ts';
import { clusterType } from './object-type.ts';
import { ProblemError } from './problem.ts';
import { readQuery } from './query.ts';
import { buildRedisCluster } from './redis-cluster-health.ts';
import { sendJson } from './send.ts';

/** Answers a {@link HealthMessage}, of one `cluster` or of all. */
export function createHealthHandler(desk: Desk): RequestHandler {
  return (request, response) => {
    const { cluster } = readQuery(request, ['cluster']);
    if (cluster !== undefined && clusterType.get(desk.declarations, 'committed', cluster) === undefined) {
      throw new ProblemError(404, `cluster ${JSON.stringify(cluster)}: not committed`);
    }
    const leftOutBy = findLeftOut(desk);
    const redisClusters = desk.redisClusters();
    const seen = Array.from(desk.health()).filter(([name]) => cluster === undefined || name === cluster);
    const message: HealthMessage = {
      clusters: seen
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, servers]) => {
          const redisCluster = redisClusters.get(name);
          return {
            name,
            servers: Array.from(servers, ([address, server]) => buildServer(address, server, leftOutBy(name, address))),
            ...(redisCluster !== undefined && { redis_cluster: buildRedisCluster(redisCluster) }),
          };
        }),
    };
    sendJson(response, message);
  };
}

function buildServer(
  address: string,
  server: SeenServer,
  leftOutBy: ServerHealthMessage['left_out_by'],
): ServerHealthMessage {
  const { state, role, sinceMs, reason, product, version, lag } = server;
  return {
    address,
    state,
    ...(leftOutBy !== undefined && { left_out_by: leftOutBy }),
    ...(role !== undefined && { role }),
    since: new Date(sinceMs).toISOString(),
    ...(reason !== undefined && { reason }),
    ...(product !== undefined && { product }),
    ...(version !== undefined && { version }),
    ...(lag !== undefined && { lag }),
  };
}
