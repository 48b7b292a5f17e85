// One state of the clusters as resource sets, each rendered when first asked for and
// carried over to the next state at the cost of what changed.

import type { ServedCluster } from '../inventory/served-cluster.ts';
import { encodeMessage } from '../proto/protos.ts';
import type { PlainMessage } from '../proto/protos.ts';
import { dialects, messageNames, typeUrlOf } from '../snapshot/dialect.ts';
import type { ApiVersion, Dialect } from '../snapshot/dialect.ts';
import { ResourceSet } from '../snapshot/resource-set.ts';
import type { ResourceSetOptions } from '../snapshot/resource-set.ts';
import { Resource, publishOrder } from '../snapshot/resource.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { SortedByName } from '../collections/sorted-by-name.ts';
import { buildCluster } from './cluster.ts';
import { buildDeniedCommands } from './denied-commands.ts';
import { buildRedisListener, buildRedisProxy, redisListenerName, redisProxyFilter, redisSettings } from './listener.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import type { RenderOptions } from './options.ts';
import { buildRouteConfiguration, routeConfigurationName } from './route.ts';
import { buildStandInProxy, standInListenerName } from './stand-in.ts';

interface NextOptions {
  /** What will be asked of the next sets; by default everything. */
  readonly kinds?: readonly ResourceKind[];
  /** As for the constructor. */
  readonly standInFor?: string | undefined;
}

/** A cluster after a change; undefined: it is gone. */
export type ClusterChange = readonly [name: string, after: ServedCluster | undefined];

type Changes = ReadonlyMap<string, Resource | undefined>;

export class RenderedSets {
  readonly clusters: SortedByName<ServedCluster>;
  readonly #options: RenderOptions;
  readonly #standInFor: string | undefined;
  readonly #sets: Map<Dialect, Map<ResourceKind, ResourceSet>> = new Map();

  /** @param standInFor a cluster that has the stand-in for its server, when there is one. */
  constructor(clusters: SortedByName<ServedCluster>, options: RenderOptions, standInFor?: string) {
    this.clusters = clusters;
    this.#options = options;
    this.#standInFor = standInFor;
  }

  resources(kind: ResourceKind, dialect: Dialect): ResourceSet {
    const canonical = canonicalDialect(kind, dialect);
    return this.#sets.get(canonical)?.get(kind) ?? this.#keep(kind, canonical, this.#renderAll(kind, canonical));
  }

  /**
   * The sets after a change. What streams have asked of these is rendered at once, changed
   * resources only, so that a failure shows before anything is published.
   * @param changes to the clusters, one for each name at most.
   */
  next(changes: readonly ClusterChange[], { kinds = publishOrder, standInFor }: NextOptions = {}): RenderedSets {
    const clusters = this.clusters.with(changes);
    const names = changes.map(([name]) => name);
    const next = new RenderedSets(clusters, this.#options, standInFor);
    const isRoutingChanged = names.some((name) => this.clusters.get(name)?.prefix !== clusters.get(name)?.prefix);
    const isStandInChanged = standInFor !== this.#standInFor;
    for (const [dialect, sets] of this.#sets) {
      for (const [kind, set] of sets) {
        if (!kinds.includes(kind)) continue;
        const rendered =
          kind === 'cluster' || kind === 'endpoint'
            ? next.#renderNames(kind, dialect, names)
            : isRoutingChanged || (kind === 'listener' && isStandInChanged)
              ? next.#renderFew(kind, dialect)
              : undefined;
        next.#keep(kind, dialect, rendered === undefined ? set : set.with(rendered));
      }
    }
    return next;
  }

  #keep(kind: ResourceKind, dialect: Dialect, set: ResourceSet): ResourceSet {
    let sets = this.#sets.get(dialect);
    if (sets === undefined) this.#sets.set(dialect, (sets = new Map()));
    sets.set(kind, set);
    return set;
  }

  #renderAll(kind: ResourceKind, dialect: Dialect): ResourceSet {
    const changes =
      kind === 'cluster' || kind === 'endpoint'
        ? this.#renderNames(kind, dialect, [...this.clusters.keys()])
        : this.#renderFew(kind, dialect);
    const resources = [...changes.values()].filter((resource) => resource !== undefined);
    return ResourceSet.of(resourceSetOptions(kind, dialect), resources);
  }

  #renderNames(kind: 'cluster' | 'endpoint', dialect: Dialect, names: readonly string[]): Changes {
    const render = kind === 'cluster' ? renderCluster : renderLoadAssignment;
    return new Map(
      names.map((name) => {
        const cluster = this.clusters.get(name);
        return [name, cluster && render(cluster, dialect, this.#options.xdsClusterName)];
      }),
    );
  }

  #renderFew(kind: 'listener' | 'route', { apiVersion }: Dialect): Changes {
    if (kind === 'route') {
      const value = encodeMessage(messageNames[apiVersion].route, buildRouteConfiguration(this.clusters));
      return new Map([[routeConfigurationName, new Resource(routeConfigurationName, value)]]);
    }
    return new Map([
      [standInListenerName, this.#renderStandInListener(apiVersion)],
      [redisListenerName, this.#renderRedisListener(apiVersion)],
    ]);
  }

  // Envoy refuses a redis_proxy without any route: no cluster, no listener.
  #renderRedisListener(apiVersion: ApiVersion): Resource | undefined {
    if (this.clusters.size === 0) return undefined;
    const redisProxy = {
      ...buildRedisProxy(this.clusters, this.#options.redisCatchAll),
      ...buildDeniedCommands(apiVersion, this.#options.redisDeny ?? []),
    };
    return renderListener(redisListenerName, apiVersion, this.#options.redisListener, redisProxy);
  }

  #renderStandInListener(apiVersion: ApiVersion): Resource | undefined {
    if (this.#standInFor === undefined) return undefined;
    const redisProxy = buildStandInProxy(this.#standInFor, redisSettings);
    return renderListener(standInListenerName, apiVersion, this.#options.redisEmptyListener, redisProxy);
  }
}

// Only clusters hold config sources; all else is the same on every kind of stream.
function canonicalDialect(kind: ResourceKind, dialect: Dialect): Dialect {
  return kind === 'cluster' ? dialect : dialects[dialect.apiVersion].ads;
}

function renderCluster({ declared: cluster }: ServedCluster, dialect: Dialect, xdsClusterName: string): Resource {
  const message = buildCluster(cluster, dialect, xdsClusterName);
  return new Resource(cluster.name, encodeMessage(messageNames[dialect.apiVersion].cluster, message));
}

function renderListener(
  name: string,
  apiVersion: ApiVersion,
  address: RenderOptions['redisListener'],
  redisProxy: PlainMessage,
): Resource {
  const encodedProxy = encodeMessage(redisProxyFilter[apiVersion].message, redisProxy);
  const listener = buildRedisListener(name, apiVersion, address, encodedProxy);
  return new Resource(name, encodeMessage(messageNames[apiVersion].listener, listener));
}

function renderLoadAssignment({ name, hosts }: ServedCluster, dialect: Dialect): Resource {
  const message = buildLoadAssignment(name, hosts);
  return new Resource(name, encodeMessage(messageNames[dialect.apiVersion].endpoint, message));
}

function resourceSetOptions(kind: ResourceKind, dialect: Dialect): ResourceSetOptions {
  const { apiVersion } = dialect;
  const typeUrl = typeUrlOf(messageNames[apiVersion][kind]);
  if (kind !== 'endpoint') return { typeUrl, apiVersion };
  const messageName = messageNames[apiVersion].endpoint;
  return { typeUrl, apiVersion, placeholder: (name) => encodeMessage(messageName, buildLoadAssignment(name, [])) };
}
