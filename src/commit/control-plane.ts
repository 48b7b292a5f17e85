// The one write path: stage a change, commit what is staged. Everything is
// checked first, then made durable, then made true in memory.

import type { Change } from '../inventory/change.ts';
import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import { drainAfter, stillDraining } from '../inventory/draining.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { Inventory } from '../inventory/inventory.ts';
import { findUnpublishable } from '../render/check.ts';
import type { RenderOptions } from '../render/options.ts';
import { RenderedSnapshot } from '../render/rendered-snapshot.ts';
import type { NodeGroup, SnapshotCache } from '../snapshot/snapshot.ts';
import { SortedByName } from '../sorted-by-name.ts';
import type { Store } from '../store/store.ts';
import { CommitError } from './control.ts';
import type { CommitResult, Control } from './control.ts';
import { findEdits } from './edits.ts';

interface Committed {
  readonly clusters: SortedByName<Cluster>;
  readonly draining: readonly DrainingCluster[];
  readonly snapshot: RenderedSnapshot;
}

export interface ControlPlaneParts {
  readonly store: Store;
  readonly snapshots: SnapshotCache;
  /** The node group that is given what is committed. */
  readonly group: NodeGroup;
  readonly renderOptions: RenderOptions;
  /** How long a removed cluster stays published for Envoys that may still use it; 0: not at all. Default 0. */
  readonly drainTimeMs?: number;
  /** Told how long each snapshot took to render, in ms. */
  readonly onRendered?: (tookMs: number) => void;
}

// setTimeout takes no more.
const longestTimerMs = 2 ** 31 - 1;

/** What is staged and what is committed, and the way from the one to the other. */
export class ControlPlane implements Control {
  readonly #parts: ControlPlaneParts;
  readonly #staged: Inventory;
  // Clusters in which staged and committed may differ: a commit costs what changed, not what there is.
  readonly #touched: Set<string>;
  #committed: Committed | undefined;
  #drainTimer: NodeJS.Timeout | undefined;

  /**
   * Takes up the stored state and publishes what was committed, before it returns.
   * @throws StoreError when the stored state can't be read; CommitError when it can't be published with these options.
   */
  constructor(parts: ControlPlaneParts) {
    this.#parts = parts;
    const { staged, committed, draining } = parts.store.load();
    this.#staged = new Inventory(staged);
    this.#touched = new Set([...staged, ...(committed ?? [])].map(({ name }) => name));
    if (committed === undefined) return;
    this.#requirePublishable(committed);
    this.#publish(this.#render(SortedByName.of(committed), [], stillDraining(draining, Date.now())));
  }

  /** Removed clusters that are still published to Envoys that may use them. */
  get draining(): readonly DrainingCluster[] {
    return this.#committed?.draining ?? [];
  }

  stage(change: Change): void {
    const edit = this.#staged.check(change);
    this.#parts.store.saveStaged(edit);
    this.#staged.apply(edit);
    this.#touched.add(edit.name);
  }

  /** The first commit ever publishes even when nothing is staged: it is what lets waiting Envoys start. */
  commit(): CommitResult {
    const before = this.#committed?.clusters ?? SortedByName.of<Cluster>([]);
    const edits = findEdits(before, this.#staged.clusters, this.#touched);
    if (edits.length === 0 && this.#committed !== undefined) return { changed: false };
    const { drainTimeMs = 0, store } = this.#parts;
    const draining = drainAfter(this.draining, before, edits, Date.now(), drainTimeMs);
    this.#requirePublishable(edits.flatMap(({ after }) => after ?? []));
    const after = before.with(edits.map((edit) => [edit.name, edit.after]));
    const rendered = this.#render(after, edits, draining);
    store.saveCommit(edits, draining);
    this.#touched.clear();
    this.#publish(rendered);
    return { changed: true };
  }

  /** Stops what runs by itself; safe to repeat. */
  close(): void {
    clearTimeout(this.#drainTimer);
  }

  #requirePublishable(clusters: readonly Cluster[]): void {
    const problems = findUnpublishable(clusters, this.#parts.renderOptions);
    if (problems.length > 0) throw new CommitError(`not published: ${problems.join('; ')}`);
  }

  #render(clusters: SortedByName<Cluster>, edits: readonly ClusterEdit[], draining: readonly DrainingCluster[]): Committed {
    const { renderOptions, onRendered } = this.#parts;
    const startMs = performance.now();
    const drainingClusters = new Map(draining.map(({ cluster }) => [cluster.name, cluster]));
    const snapshot =
      this.#committed?.snapshot.next(edits, drainingClusters) ??
      RenderedSnapshot.of(clusters, renderOptions, drainingClusters);
    onRendered?.(performance.now() - startMs);
    return { clusters, draining, snapshot };
  }

  #publish(committed: Committed): void {
    this.#committed = committed;
    this.#parts.snapshots.set(this.#parts.group, committed.snapshot);
    clearTimeout(this.#drainTimer);
    if (committed.draining.length === 0) return;
    const endMs = Math.min(...committed.draining.map(({ untilMs }) => untilMs));
    const delayMs = Math.min(Math.max(endMs - Date.now(), 0), longestTimerMs);
    this.#drainTimer = setTimeout(() => this.#endDraining(committed), delayMs).unref();
  }

  // Needs no write: what is over is passed over when it is read, and gone with the next commit.
  #endDraining({ clusters, draining }: Committed): void {
    this.#publish(this.#render(clusters, [], stillDraining(draining, Date.now())));
  }
}
