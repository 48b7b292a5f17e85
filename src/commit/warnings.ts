// What is committed, may be meant so, and hurts: said, not refused.

import type { Cluster, Clusters } from '../inventory/cluster.ts';
import type { Routing } from '../inventory/routing.ts';
import type { RenderOptions } from '../render/options.ts';
import { describeLoop, findLoops } from './loops.ts';
import type { BoundListener } from './loops.ts';
import { describeExcess } from './name-limits.ts';
import type { OldRoutesStatus } from './published.ts';
import type { NameLoad } from './name-limits.ts';

/** `message` is one line for an operator. */
export interface Warning {
  readonly code: 'no-catch-all' | 'endpoint-is-listener' | 'names-exceed-limits' | 'name-in-bootstrap' | 'old-routes' | 'not-in-v2';
  readonly message: string;
}

// Beside the control plane's own, which is refused, the clusters in the Envoy files that are shipped.
const pollingClusters: readonly string[] = ['xds_rest'];

const maxNamedRoutes = 5;
const keyless = 'keys without a prefix, and commands without a key such as INFO, SCAN and SELECT, find no server';

/**
 * What there is to warn of in what is committed.
 * @param looping clusters with an endpoint that is a listener, see {@link findLoops}.
 * @param listeners where Envoys listen.
 * @param held of all that an Envoy may hold.
 */
export function findWarnings(
  clusters: Clusters,
  { catchAll }: Routing,
  looping: Iterable<Cluster>,
  listeners: readonly BoundListener[],
  held: NameLoad,
  options: RenderOptions,
): Warning[] {
  const loops = Array.from(looping).flatMap((cluster) => {
    return findLoops(cluster, listeners).map((loop) => describeLoop(cluster, loop));
  });
  const excess = describeExcess(held);
  return [
    ...(excess === undefined ? [] : [{ code: 'names-exceed-limits', message: excess } as const]),
    ...pollingClusters.filter((name) => clusters.has(name)).map(describeBootstrapName),
    ...(clusters.size === 0 || catchAll !== undefined ? [] : [describeMissing(clusters, options)]),
    ...loops.sort().map((message): Warning => ({ code: 'endpoint-is-listener', message })),
  ];
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

function describeBootstrapName(name: string): Warning {
  const message =
    `cluster ${JSON.stringify(name)}: the Envoy files that are shipped for polling have a cluster of this name, ` +
    'and such an Envoy ignores this one';
  return { code: 'name-in-bootstrap', message };
}

function describeMissing({ size }: Clusters, { redisCatchAll }: RenderOptions): Warning {
  const why =
    redisCatchAll === undefined
      ? `none of ${size} clusters is the catch-all (--redis-catch-all names it)`
      : `the catch-all ${JSON.stringify(redisCatchAll)} (--redis-catch-all) is not committed`;
  return { code: 'no-catch-all', message: `${why}: ${keyless}` };
}
