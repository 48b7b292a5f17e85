// What is committed, may be meant so, and hurts: said, not refused.

import { formatAddress, isLoopback } from '../net/address.ts';
import { hostsOf } from '../inventory/cluster.ts';
import type { Cluster, Clusters, Endpoint } from '../inventory/cluster.ts';
import type { Routing } from '../inventory/routing.ts';
import type { RenderOptions } from '../render/options.ts';
import { describeExcess } from './name-limits.ts';
import type { OldRoutesStatus } from './control.ts';
import type { NameLoad } from './name-limits.ts';

/** `message` is one line for an operator. */
export interface Warning {
  readonly code: 'no-catch-all' | 'endpoint-is-listener' | 'names-exceed-limits';
  readonly message: string;
}

const maxNamedRoutes = 5;
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
export function findLoops(cluster: Cluster, { redisListener: { host, port } }: RenderOptions): Endpoint[] {
  return hostsOf(cluster).filter((endpoint) => {
    if (endpoint.port !== port) return false;
    const address = destinationOf(endpoint.address);
    return address === host || (isLoopback(address) && isListenedTo(address, host));
  });
}

// Who connects to "any address" reaches the loopback address of the family.
function destinationOf(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

// Our listeners on :: take IPv4 too, those on 0.0.0.0 nothing but IPv4.
function isListenedTo(loopback: string, host: string): boolean {
  return host === '::' || (host === '0.0.0.0' && loopback !== '::1');
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

/** One line: what connections that are open go on doing, for those who commit where no answer says it. */
export function describeOldRoutes({ sinceMs, untilMs, count, routes }: OldRoutesStatus): string {
  const quote = (text: string | undefined, none: string) => (text === undefined ? none : JSON.stringify(text));
  const named = routes.slice(0, maxNamedRoutes).map(({ prefix, from, to }) => {
    const keys = quote(prefix, 'keys without a prefix');
    return `${keys} to ${quote(from, 'no server')} (new ones: ${quote(to, 'no server')})`;
  });
  const rest = count > named.length ? [`and ${count - named.length} more`] : [];
  const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString());
  const what = `${count} old ${count === 1 ? 'route' : 'routes'}`;
  return `${what}: connections opened before ${since} keep until ${until}: ${[...named, ...rest].join('; ')}`;
}

function describeMissing({ size }: Clusters, { redisCatchAll }: RenderOptions): Warning {
  const why =
    redisCatchAll === undefined
      ? `none of ${size} clusters is the catch-all (--redis-catch-all names it)`
      : `the catch-all ${JSON.stringify(redisCatchAll)} (--redis-catch-all) is not committed`;
  return { code: 'no-catch-all', message: `${why}: ${keyless}` };
}
