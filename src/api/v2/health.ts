// GET /api/v2/health: what is seen of the servers that are watched.

import type { RequestHandler } from 'express';

import type { Desk, SeenServer } from '../../commit/desk.ts';
import type { HealthMessage, ServerHealthMessage } from './messages.ts';
import { buildFollowed, publishedNow } from './followed-message.ts';
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
    const published = publishedNow(desk);
    const followings = desk.followings();
    const redisClusters = desk.redisClusters();
    const seen = Array.from(desk.health()).filter(([name]) => cluster === undefined || name === cluster);
    const message: HealthMessage = {
      clusters: seen
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, servers]) => {
          const following = followings.get(name);
          const redisCluster = redisClusters.get(name);
          return {
            name,
            ...(following !== undefined && { followed: buildFollowed(following) }),
            servers: Array.from(servers, ([address, server]) => buildServer(address, server, published(name, address))),
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
  published: Pick<ServerHealthMessage, 'published' | 'left_out_by'>,
): ServerHealthMessage {
  const { state, role, sinceMs, reason, product, version, lag } = server;
  return {
    address,
    state,
    ...published,
    ...(role !== undefined && { role }),
    since: new Date(sinceMs).toISOString(),
    ...(reason !== undefined && { reason }),
    ...(product !== undefined && { product }),
    ...(version !== undefined && { version }),
    ...(lag !== undefined && { lag }),
  };
}
