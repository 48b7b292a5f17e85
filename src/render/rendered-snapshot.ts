// What is committed as a snapshot: what is declared, beside it what Envoy can route to, and what still drains.

import type { Cluster, Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import { serve } from '../inventory/served-cluster.ts';
import type { ServedCluster } from '../inventory/served-cluster.ts';
import type { Listener, Secret } from '../model/objects.ts';
import type { Dialect } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Scope, Snapshot } from '../snapshot/snapshot.ts';
import { isFoundByName } from './named-hosts.ts';
import type { RenderOptions } from './options.ts';
import { RenderedSets } from './rendered-sets.ts';
import type { ClusterChange } from './rendered-sets.ts';
import { withHost } from './stand-in.ts';

/** Objects by name. */
export interface DeclaredObjects {
  readonly clusters: Clusters;
  readonly listeners?: ReadonlyMap<string, Listener>;
  /** Certificates and CAs that the other objects do not name are not published. */
  readonly secrets?: ReadonlyMap<string, Secret>;
}

/** As {@link Edits}. */
export type RenderedEdits = Omit<Edits, 'secrets'> & Partial<Pick<Edits, 'secrets'>>;

/**
 * What is rendered of each scope, where it is not as declared; one object for scopes that do not differ. A cluster's
 * message says nothing of its endpoints, and listeners and routes are the same in every scope.
 */
interface Rendered {
  readonly declared: RenderedSets;
  /** Without what drains. */
  readonly routableEndpoints: RenderedSets;
  readonly reachableEndpoints: RenderedSets;
  readonly reachableClusters: RenderedSets;
}

type ServedClusters = ReadonlyMap<string, ServedCluster>;

const nothing: ServedClusters = new Map();

export class RenderedSnapshot implements Snapshot {
  readonly #options: RenderOptions;
  readonly draining: readonly string[];
  readonly inClear: Snapshot;
  readonly #draining: ServedClusters;
  // Names of the clusters without endpoints, or with such as may not be found, but of those that drain.
  readonly #empty: ReadonlySet<string>;
  readonly #rendered: Rendered;

  private constructor(options: RenderOptions, draining: ServedClusters, empty: ReadonlySet<string>, rendered: Rendered) {
    this.#options = options;
    this.draining = [...draining.keys()];
    this.#draining = draining;
    this.#empty = empty;
    this.#rendered = rendered;
    this.inClear = {
      draining: this.draining,
      resources: (kind, dialect, scope = 'declared') => this.#setsOf(kind, scope).resourcesInClear(kind, dialect),
    };
  }

  /** Nothing is rendered before it is asked for. @param draining as for {@link next}. */
  static of(objects: DeclaredObjects, options: RenderOptions, draining = nothing): RenderedSnapshot {
    const { clusters, listeners = new Map(), secrets = new Map() } = objects;
    const sets = RenderedSets.empty(options);
    const none = new RenderedSnapshot(options, nothing, new Set(), {
      declared: sets,
      routableEndpoints: sets,
      reachableEndpoints: sets,
      reachableClusters: sets,
    });
    const edits = { clusters: editsTo(clusters), listeners: editsTo(listeners), secrets: editsTo(secrets) };
    return none.next(edits, draining);
  }

  resources(kind: ResourceKind, dialect: Dialect, scope: Scope = 'declared'): ResourceSet {
    return this.#setsOf(kind, scope).resources(kind, dialect);
  }

  /**
   * The snapshot after `edits`, at the cost of what changed. What streams have asked of this one is
   * rendered at once, so that a failure shows before anything is published.
   * @param edits one for each object that they change; what they lead to must be publishable, see check.ts and
   * check-listeners.ts.
   * @param draining removed clusters that drain after the edits, with the endpoints that they are to have. Owned by the
   * snapshot from now on: must not change.
   * @param like a snapshot of much the same, with which this one is to share what is equal.
   */
  next(
    { clusters: edits, listeners, secrets = [] }: RenderedEdits,
    draining = nothing,
    like?: RenderedSnapshot,
  ): RenderedSnapshot {
    const before = this.#rendered;
    const base = like && like.#rendered;
    const served = edits.flatMap(({ name, after }) => changesTo(before.declared.clusters.get(name)?.declared, after));
    const empty = emptyAfter(this.#empty, served);
    // One that drains is not there for everybody.
    const standInFor = [...empty].sort()[0] ?? namesOfEmpty(draining).sort()[0];
    const declared = before.declared.next(served, { listeners, secrets, standInFor, base: base?.declared });

    const routed = served.map(([name, after]) => [name, after && withHost(after, this.#options)] as const);
    const routableEndpoints = empty.size === 0
      ? declared
      : before.routableEndpoints.next(routed, { kinds: ['endpoint'], base: base?.routableEndpoints });

    const mayDiffer = new Set([...served.map(([name]) => name), ...namesServedOtherwise(this.#draining, draining)]);
    const reached = Array.from(mayDiffer, (name) => {
      const drained = draining.get(name);
      const cluster = drained === undefined ? routableEndpoints.clusters.get(name) : withHost(drained, this.#options);
      return [name, cluster] as const;
    });
    const isDraining = draining.size > 0;
    return new RenderedSnapshot(this.#options, draining, empty, {
      declared,
      routableEndpoints,
      reachableEndpoints: isDraining
        ? before.reachableEndpoints.next(reached, { kinds: ['endpoint'], base: base?.reachableEndpoints })
        : routableEndpoints,
      reachableClusters: isDraining
        ? before.reachableClusters.next(reached, {
            listeners,
            secrets,
            kinds: ['cluster', 'secret'],
            base: base?.reachableClusters,
          })
        : declared,
    });
  }

  #setsOf(kind: ResourceKind, scope: Scope): RenderedSets {
    const { declared, reachableEndpoints, reachableClusters } = this.#rendered;
    // Those that what drains names are there for everybody.
    if (kind === 'secret') return reachableClusters;
    if (scope === 'declared') return declared;
    if (kind === 'cluster') return reachableClusters;
    return kind === 'endpoint' ? reachableEndpoints : declared;
  }
}

/** What changes of the clusters as Envoys know them: a declared one may be served as several. */
function changesTo(before: Cluster | undefined, after: Cluster | undefined): ClusterChange[] {
  const [old, now] = [before === undefined ? [] : serve(before), after === undefined ? [] : serve(after)];
  const names = new Set(now.map(({ name }) => name));
  const gone = old.filter(({ name }) => !names.has(name));
  return [...gone.map(({ name }) => [name, undefined] as const), ...now.map((each) => [each.name, each] as const)];
}

function emptyAfter(before: ReadonlySet<string>, changes: readonly ClusterChange[]): ReadonlySet<string> {
  const empty = new Set(before);
  for (const [name, after] of changes) {
    if (after !== undefined && needsStandIn(after)) empty.add(name);
    else empty.delete(name);
  }
  return empty;
}

// Servers that did not change are the same list.
function namesServedOtherwise(before: ServedClusters, after: ServedClusters): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.filter((name) => before.get(name)?.hosts !== after.get(name)?.hosts);
}

function needsStandIn(cluster: ServedCluster): boolean {
  return cluster.hosts.length === 0 || isFoundByName(cluster);
}

function namesOfEmpty(clusters: ServedClusters): string[] {
  return Array.from(clusters.values())
    .filter(needsStandIn)
    .map(({ name }) => name);
}

function editsTo<Value extends { readonly name: string }>(
  objects: ReadonlyMap<string, Value>,
): { readonly name: string; readonly after: Value }[] {
  return Array.from(objects.values(), (after) => ({ name: after.name, after }));
}
