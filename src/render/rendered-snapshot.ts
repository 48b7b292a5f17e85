// A committed inventory as a snapshot: what is declared, and beside it what still drains.

import type { ClusterEdit, Clusters } from '../inventory/cluster.ts';
import type { Dialect } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { ResourceSet } from '../snapshot/resource-set.ts';
import type { Scope, Snapshot } from '../snapshot/snapshot.ts';
import type { RenderOptions } from './options.ts';
import { RenderedSets } from './rendered-sets.ts';

/** The two states that different streams are given; the same object while nothing drains. */
interface Rendered {
  readonly declared: RenderedSets;
  readonly reachable: RenderedSets;
}

const nothing: Clusters = new Map();
const drainingKinds: readonly ResourceKind[] = ['cluster', 'endpoint'];

export class RenderedSnapshot implements Snapshot {
  readonly #options: RenderOptions;
  readonly #draining: Clusters;
  readonly #rendered: Rendered;

  /**
   * Both maps are owned by the snapshot from now on: they must not change.
   * @param draining removed clusters, as they were last; none of them is declared.
   * @param rendered what is rendered already; by default nothing is.
   */
  constructor(
    clusters: Clusters,
    options: RenderOptions,
    draining = nothing,
    rendered = renderLater(clusters, options, draining),
  ) {
    this.#options = options;
    this.#draining = draining;
    this.#rendered = rendered;
  }

  resources(kind: ResourceKind, dialect: Dialect, scope: Scope = 'declared'): ResourceSet {
    const { declared, reachable } = this.#rendered;
    return (scope === 'reachable' && drainingKinds.includes(kind) ? reachable : declared).resources(kind, dialect);
  }

  /**
   * The snapshot after `edits`, at the cost of what changed. What streams have asked of this one is
   * rendered at once, so that a failure shows before anything is published.
   * @param clusters the declared clusters after the edits.
   * @param draining what drains after them.
   */
  next(clusters: Clusters, edits: readonly ClusterEdit[], draining = nothing): RenderedSnapshot {
    const names = edits.map(({ name }) => name);
    const declared = this.#rendered.declared.next(clusters, names);
    const mayDiffer = [...new Set([...names, ...this.#draining.keys(), ...draining.keys()])];
    const reachable =
      draining.size === 0
        ? declared
        : this.#rendered.reachable.next(unite(clusters, draining), mayDiffer, drainingKinds);
    return new RenderedSnapshot(clusters, this.#options, draining, { declared, reachable });
  }
}

function renderLater(clusters: Clusters, options: RenderOptions, draining: Clusters): Rendered {
  const declared = new RenderedSets(clusters, options);
  return { declared, reachable: draining.size === 0 ? declared : new RenderedSets(unite(clusters, draining), options) };
}

function unite(clusters: Clusters, draining: Clusters): Clusters {
  return new Map([...draining, ...clusters]);
}
