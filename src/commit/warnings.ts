// What is committed, may be meant so, and hurts: said, not refused.

import type { TroubleCode } from '../failover/following.ts';
import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import { redisListenerName } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { findMissingCatchAlls } from './catch-alls.ts';
import type { Declared } from './declared.ts';
import { describeLoop, findLoops } from './loops.ts';
import { findMirroredServers } from './mirrored-servers.ts';
import { describeExcess } from './name-limits.ts';
import type { NameLoad } from './name-limits.ts';
import { findOwnAddresses } from './own-addresses.ts';
import type { OwnAddress } from './own-addresses.ts';
import type { OldRoutesStatus } from './published.ts';
import { describeReconnect } from './reconnects.ts';

/** `message` is one line for an operator. */
export interface Warning {
  readonly code:
    | TroubleCode
    | 'names-exceed-limits'
    | 'name-in-bootstrap'
    | 'no-catch-all'
    | 'address-of-control-plane'
    | 'endpoint-is-listener'
    | 'mirror-shares-server'
    | 'old-routes'
    | 'reads-unchecked'
    | 'custom-command-as-read'
    | 'few-seeds'
    | 'multi-ends-envoy'
    | 'upstream-reconnects'
    | 'not-in-v2'
    | 'certificate-expires'
    | 'own-certificate-expires'
    | 'secrets-in-clear'
    | 'secrets-withheld'
    | 'old-envoy'
    | 'name-not-found'
    | 'keys-misplaced'
    | 'servers-held'
    | 'left-out-by-order';
  readonly message: string;
}

// Beside the control plane's own, which is refused, the clusters in the Envoy files that are shipped.
export const pollingClusters: readonly string[] = ['xds_rest'];

const fewestSeeds = 2;
const maxNamedRoutes = 5;
const maxNamedListeners = 5;

/**
 * What there is to warn of in what is committed.
 * @param held of all that an Envoy may hold.
 * @param own where the control plane itself listens.
 */
export function findWarnings(
  declared: Pick<Declared, 'clusters' | 'listeners' | 'looping' | 'bound' | 'mirrors'>,
  held: NameLoad,
  options: RenderOptions,
  own: readonly OwnAddress[],
): Warning[] {
  const { clusters, looping, bound } = declared;
  const loops = Array.from(looping.values()).flatMap((cluster) => {
    return findLoops(cluster, bound).map((loop) => describeLoop(cluster, loop));
  });
  const excess = describeExcess(held);
  const as = (code: Warning['code']) => (message: string): Warning => ({ code, message });
  return [
    ...(excess === undefined ? [] : [excess]).map(as('names-exceed-limits')),
    ...pollingClusters.filter((name) => clusters.has(name)).map(describeBootstrapName).map(as('name-in-bootstrap')),
    ...findMissingCatchAlls(declared, options).map(as('no-catch-all')),
    ...findOwnAddresses(bound, own).map(as('address-of-control-plane')),
    ...loops.sort().map(as('endpoint-is-listener')),
    ...findMirroredServers(clusters, declared.mirrors).sort().map(as('mirror-shares-server')),
  ];
}

/** What there is to warn of in a step, whatever comes after it. @param clusters before it. */
export function findWarningsOfEdits(clusters: Clusters, edits: Edits, { redisDeny = [] }: RenderOptions): Warning[] {
  return edits.clusters.flatMap(({ name, after }) => {
    const before = clusters.get(name);
    if (after === undefined) return [];
    const reconnect = before && describeReconnect(before, after);
    const reconnects: Warning[] = reconnect === undefined ? [] : [{ code: 'upstream-reconnects', message: reconnect }];
    if (after.kind !== 'redis_cluster') return reconnects;
    const what = `cluster ${JSON.stringify(name)}`;
    const warnings: Warning[] = [];
    if (after.endpoints.length < fewestSeeds) {
      const message = `${what}: has one seed: while that is away, an Envoy that starts finds none`;
      warnings.push({ code: 'few-seeds', message });
    }
    if (before?.kind !== 'redis_cluster' && !redisDeny.includes('multi')) {
      const message =
        `${what}: a MULTI for its keys ends an Envoy that no seed has answered yet: ` +
        '--redis-deny multi refuses transactions';
      warnings.push({ code: 'multi-ends-envoy', message });
    }
    return [...warnings, ...reconnects];
  });
}

/** One line: what connections that are open go on doing, for those who commit where no answer says it. */
export function describeOldRoutes({ listeners, sinceMs, untilMs, count, routes }: OldRoutesStatus): string {
  const quote = (text: string | undefined, none: string) => (text === undefined ? none : JSON.stringify(text));
  const named = routes.slice(0, maxNamedRoutes).map(({ prefix, from, to }) => {
    const keys = quote(prefix, 'keys without a prefix');
    return `${keys} to ${quote(from, 'no server')} (new ones: ${quote(to, 'no server')})`;
  });
  const rest = count > named.length ? [`and ${count - named.length} more`] : [];
  const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString());
  const what = `${count} old ${count === 1 ? 'route' : 'routes'}${describeListeners(listeners)}`;
  return `${what}: connections opened before ${since} keep until ${until}: ${[...named, ...rest].join('; ')}`;
}

// Most have the one listener that is there without being declared.
function describeListeners(listeners: readonly string[]): string {
  if (listeners.length === 1 && listeners[0] === redisListenerName) return '';
  const named = listeners.slice(0, maxNamedListeners).map((name) => JSON.stringify(name));
  const rest = listeners.length > named.length ? ` and ${listeners.length - named.length} more` : '';
  return ` of ${listeners.length === 1 ? 'listener' : 'listeners'} ${named.join(', ')}${rest}`;
}

function describeBootstrapName(name: string): string {
  return (
    `cluster ${JSON.stringify(name)}: the Envoy files that are shipped for polling have a cluster of this name, ` +
    'and such an Envoy ignores this one'
  );
}
