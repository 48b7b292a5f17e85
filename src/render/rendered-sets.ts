// One state of the clusters as resource sets, each rendered when first asked for and
// carried over to the next state at the cost of what changed.

import type { Cluster, Clusters } from '../inventory/cluster.ts';
import { encodeMessage } from '../proto/protos.ts';
import { dialects, messageNames, typeUrlOf } from '../snapshot/dialect.ts';
import type { Dialect } from '../snapshot/dialect.ts';
import { ResourceSet } from '../snapshot/resource-set.ts';
import type { ResourceSetOptions } from '../snapshot/resource-set.ts';
import { Resource, publishOrder } from '../snapshot/resource.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import { buildCluster } from './cluster.ts';
import { buildDeniedCommands } from './denied-commands.ts';
import { buildRedisListener, buildRedisProxy, redisListenerName, redisProxyFilter } from './listener.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import type { RenderOptions } from './options.ts';
import { buildRouteConfiguration, routeConfigurationName } from './route.ts';

type Changes = ReadonlyMap<string, Resource | undefined>;

export class RenderedSets {
  readonly #clusters: Clusters;
  readonly #options: RenderOptions;
  readonly #sets: Map<Dialect, Map<ResourceKind, ResourceSet>> = new Map();

  /** @param clusters owned by these sets from now on: must not change. */
  constructor(clusters: Clusters, options: RenderOptions) {
    this.#clusters = clusters;
    this.#options = options;
  }

  resources(kind: ResourceKind, dialect: Dialect): ResourceSet {
    const canonical = canonicalDialect(kind, dialect);
    return this.#sets.get(canonical)?.get(kind) ?? this.#keep(kind, canonical, this.#renderAll(kind, canonical));
  }

  /**
   * The sets after a change. What streams have asked of these is rendered at once, changed
   * resources only, so that a failure shows before anything is published.
   * @param names every cluster that may differ between the two states.
   * @param kinds what will be asked of the next sets.
   */
  next(clusters: Clusters, names: readonly string[], kinds: readonly ResourceKind[] = publishOrder): RenderedSets {
    const next = new RenderedSets(clusters, this.#options);
    const isRoutingChanged = names.some((name) => this.#clusters.get(name)?.prefix !== clusters.get(name)?.prefix);
    for (const [dialect, sets] of this.#sets) {
      for (const [kind, set] of sets) {
        if (!kinds.includes(kind)) continue;
        const changes =
          kind === 'cluster' || kind === 'endpoint'
            ? next.#renderNames(kind, dialect, names)
            : isRoutingChanged
              ? next.#renderSingle(kind, dialect)
              : undefined;
        next.#keep(kind, dialect, changes === undefined ? set : set.with(changes));
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
        ? this.#renderNames(kind, dialect, [...this.#clusters.keys()])
        : this.#renderSingle(kind, dialect);
    const resources = [...changes.values()].filter((resource) => resource !== undefined);
    return ResourceSet.of(resourceSetOptions(kind, dialect), resources);
  }

  #renderNames(kind: 'cluster' | 'endpoint', dialect: Dialect, names: readonly string[]): Changes {
    const render = kind === 'cluster' ? renderCluster : renderLoadAssignment;
    return new Map(
      names.map((name) => {
        const cluster = this.#clusters.get(name);
        return [name, cluster && render(cluster, dialect, this.#options.xdsClusterName)];
      }),
    );
  }

  #renderSingle(kind: 'listener' | 'route', dialect: Dialect): Changes {
    if (kind === 'route') {
      const value = encodeMessage(messageNames[dialect.apiVersion].route, buildRouteConfiguration(this.#clusters));
      return new Map([[routeConfigurationName, new Resource(routeConfigurationName, value)]]);
    }
    return new Map([[redisListenerName, this.#renderRedisListener(dialect)]]);
  }

  // Envoy refuses a redis_proxy without any route: no cluster, no listener.
  #renderRedisListener({ apiVersion }: Dialect): Resource | undefined {
    if (this.#clusters.size === 0) return undefined;
    const redisProxy = encodeMessage(redisProxyFilter[apiVersion].message, {
      ...buildRedisProxy(this.#clusters, this.#options.redisCatchAll),
      ...buildDeniedCommands(apiVersion, this.#options.redisDeny ?? []),
    });
    const listener = buildRedisListener(apiVersion, this.#options.redisListener, redisProxy);
    return new Resource(redisListenerName, encodeMessage(messageNames[apiVersion].listener, listener));
  }
}

// Only clusters hold config sources; all else is the same on every kind of stream.
function canonicalDialect(kind: ResourceKind, dialect: Dialect): Dialect {
  return kind === 'cluster' ? dialect : dialects[dialect.apiVersion].ads;
}

function renderCluster(cluster: Cluster, dialect: Dialect, xdsClusterName: string): Resource {
  const message = buildCluster(cluster, dialect, xdsClusterName);
  return new Resource(cluster.name, encodeMessage(messageNames[dialect.apiVersion].cluster, message));
}

function renderLoadAssignment({ name, endpoints }: Pick<Cluster, 'name' | 'endpoints'>, dialect: Dialect): Resource {
  const message = buildLoadAssignment(name, endpoints);
  return new Resource(name, encodeMessage(messageNames[dialect.apiVersion].endpoint, message));
}

function resourceSetOptions(kind: ResourceKind, dialect: Dialect): ResourceSetOptions {
  const { apiVersion } = dialect;
  const typeUrl = typeUrlOf(messageNames[apiVersion][kind]);
  if (kind !== 'endpoint') return { typeUrl, apiVersion };
  return { typeUrl, apiVersion, placeholder: (name) => renderLoadAssignment({ name, endpoints: [] }, dialect) };
}
