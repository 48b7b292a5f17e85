// What is committed, may be meant so, and hurts: said, not refused.

import { formatAddress, isLoopback } from '../address.ts';
import type { Cluster, Clusters, Endpoint } from '../inventory/cluster.ts';
import type { Routing } from '../inventory/routing.ts';
import type { RenderOptions } from '../render/options.ts';
import { describeExcess } from './name-limits.ts';
import type { NameLoad } from './name-limits.ts';

/** `message` is one line for an operator. */
export interface Warning {
  readonly code: 'no-catch-all' | 'endpoint-is-listener' | 'names-exceed-limits';
  readonly message: string;
}

const keyless = 'keys without a prefix, and commands without a key such as INFO, SCAN and SELECT, find no server';

/**
 * What there is to warn of in what is committed.
 * @param looping clusters with an endpoint that is the listener, see {@link findLoops}.
 * @param held of all that an Envoy may hold.
 */
export function findWarnings(
  clusters: Clusters,
  { catchAll }: Routing,
  looping: Iterable<Cluster>,
  held: NameLoad,
  options: RenderOptions,
): Warning[] {
  const loops = Array.from(looping).flatMap((cluster) => {
    return findLoops(cluster, options).map((endpoint) => describeLoop(cluster, endpoint, options));
  });
  const excess = describeExcess(held);
  return [
    ...(excess === undefined ? [] : [{ code: 'names-exceed-limits', message: excess } as const]),
    ...(clusters.size === 0 || catchAll !== undefined ? [] : [describeMissing(clusters, options)]),
    ...loops.sort().map((message): Warning => ({ code: 'endpoint-is-listener', message })),
  ];
}

/** The endpoints of a cluster that are the Redis listener itself: what Envoy sends there comes back to it. */
export function findLoops({ endpoints }: Cluster, { redisListener: { host, port } }: RenderOptions): Endpoint[] {
  return endpoints.filter((endpoint) => {
    if (endpoint.port !== port) return false;
    const isOwnHost = isLoopback(endpoint.address) || isUnspecified(endpoint.address);
    return endpoint.address === host || (isOwnHost && (isUnspecified(host) || isUnspecified(endpoint.address)));
  });
}

/** One line. */
export function describeLoop({ name }: Cluster, { address, port }: Endpoint, { redisListener }: RenderOptions): string {
  const endpoint = formatAddress({ host: address, port });
  const listener = formatAddress(redisListener);
  return (
    `cluster ${JSON.stringify(name)}: endpoint ${endpoint} is the Redis listener of each Envoy itself ` +
    `(--redis-listener ${listener}): a command would go round in a circle until it times out`
  );
}

function describeMissing({ size }: Clusters, { redisCatchAll }: RenderOptions): Warning {
  const why =
    redisCatchAll === undefined
      ? `none of ${size} clusters is the catch-all (--redis-catch-all names it)`
      : `the catch-all ${JSON.stringify(redisCatchAll)} (--redis-catch-all) is not committed`;
  return { code: 'no-catch-all', message: `${why}: ${keyless}` };
}

function isUnspecified(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}
