// The one write path: stage a change, commit what is staged. Everything is
// checked first, then made durable, then made true in memory.

import type { Change } from '../inventory/change.ts';
import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import { serveDraining } from '../inventory/draining.ts';
import { Inventory } from '../inventory/inventory.ts';
import { findUnpublishable } from '../render/check.ts';
import type { RenderOptions } from '../render/options.ts';
import { RenderedSnapshot } from '../render/rendered-snapshot.ts';
import type { NodeGroup, SnapshotCache } from '../snapshot/snapshot.ts';
import type { Store } from '../store/store.ts';
import { CommitError } from './control.ts';
import type { CommitResult, Control, OldRoutesStatus, PublishedStatus, Warning } from './control.ts';
import {
  declareDrained,
  declareNext,
  describeLeftovers,
  describeNewOldRoutes,
  resume,
  routesToKeep,
} from './declared.ts';
import type { Circumstances, Declared } from './declared.ts';
import { findEdits } from './edits.ts';
import { addLoads, findUnaddable, loadOf, subtractLoad } from './name-limits.ts';
import type { NameLoad } from './name-limits.ts';
import { SteadyClock } from './steady-clock.ts';
import { describeLoop, findLoops, findWarnings } from './warnings.ts';

interface Committed {
  readonly declared: Declared;
  /** Of the clusters that are declared. */
  readonly load: NameLoad;
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
  /** Whether an Envoy is connected that takes its listener from here. Default: none is. */
  readonly isListenerTaken?: () => boolean;
  /** Told what there is to warn of each time that it is not what it was, at the start too. */
  readonly onWarnings?: (warnings: readonly Warning[]) => void;
  /** Told of each change of the routes that open connections do not follow, of those before a start then. */
  readonly onOldRoutes?: (old: OldRoutesStatus) => void;
}

const maxShownProblems = 10;

// setTimeout takes no more.
const longestTimerMs = 2 ** 31 - 1;

const noClusters: ReadonlyMap<string, Cluster> = new Map();

/** What is staged and what is committed, and the way from the one to the other. */
export class ControlPlane implements Control {
  readonly #parts: ControlPlaneParts;
  readonly #clock = new SteadyClock();
  readonly #staged: Inventory;
  // Clusters in which staged and committed may differ: a commit costs what changed, not what there is.
  readonly #touched: Set<string>;
  #committed: Committed | undefined;
  #warnings: readonly Warning[] = [];
  #drainTimer: NodeJS.Timeout | undefined;

  /**
   * Takes up the stored state and publishes what was committed, before it returns.
   * @throws StoreError when the stored state can't be read; CommitError when it can't be published with these options.
   */
  constructor(parts: ControlPlaneParts) {
    this.#parts = parts;
    const stored = parts.store.load();
    const { staged, committed } = stored;
    this.#staged = new Inventory(staged);
    this.#touched = new Set([...staged, ...(committed ?? [])].map(({ name }) => name));
    if (committed === undefined) return;
    this.#requirePublishable(committed);
    this.#publish(this.#render(resume(stored, this.#circumstances()), []));
  }

  /** How things stand with what is committed. */
  status(): PublishedStatus {
    if (this.#committed === undefined) return { warnings: [], draining: [], oldRoutes: [] };
    return { warnings: this.#warnings, ...describeLeftovers(this.#committed.declared, this.#clock.nowMs()) };
  }

  stage(change: Change): void {
    const edit = this.#staged.check(change);
    this.#parts.store.saveStaged(edit);
    this.#staged.apply(edit);
    this.#touched.add(edit.name);
  }

  /** The first commit ever publishes even when nothing is staged: it is what lets waiting Envoys start. */
  commit(): CommitResult {
    const last = this.#committed?.declared;
    const edits = findEdits(last?.clusters ?? noClusters, this.#staged.clusters, this.#touched);
    if (edits.length === 0 && last !== undefined) return { changed: false };
    const edited = edits.flatMap(({ after }) => after ?? []);
    this.#requirePublishable(edited);
    this.#requireNoLoop(edited);
    this.#requireRoom(edited);
    const declared = declareNext(last, edits, this.#circumstances());
    const rendered = this.#render(declared, edits);
    this.#parts.store.saveCommit(edits, declared.draining, routesToKeep(declared));
    this.#touched.clear();
    this.#publish(rendered);
    return { changed: true };
  }

  /** Stops what runs by itself; safe to repeat. */
  close(): void {
    clearTimeout(this.#drainTimer);
  }

  #circumstances(): Circumstances {
    const { renderOptions, drainTimeMs = 0 } = this.#parts;
    return { options: renderOptions, drainTimeMs, nowMs: this.#clock.nowMs() };
  }

  #requirePublishable(clusters: readonly Cluster[]): void {
    refuse(findUnpublishable(clusters, this.#parts.renderOptions));
  }

  // What is there may exceed the limits, of an older release: it can be changed and removed, but nothing can be added.
  #requireRoom(edited: readonly Cluster[]): void {
    if (this.#committed === undefined) {
      refuse(findUnaddable(edited.map(({ name }) => name), loadOf([])));
      return;
    }
    const { clusters } = this.#committed.declared;
    const added = edited.flatMap(({ name }) => (clusters.has(name) ? [] : name));
    refuse(findUnaddable(added, heldLoad(this.#committed)));
  }

  // A loop hurts the Envoys that have the listener: where there are any it is refused, else warned of.
  #requireNoLoop(clusters: readonly Cluster[]): void {
    const { renderOptions, isListenerTaken } = this.#parts;
    const loops = clusters.flatMap((cluster) => {
      return findLoops(cluster, renderOptions).map((endpoint) => describeLoop(cluster, endpoint, renderOptions));
    });
    if (loops.length > 0 && isListenerTaken?.() === true) refuse(loops);
  }

  #render(declared: Declared, edits: readonly ClusterEdit[]): Committed {
    const { renderOptions, onRendered } = this.#parts;
    const { clusters, draining, successors } = declared;
    const startMs = performance.now();
    const served = serveDraining(draining, successors, clusters);
    const snapshot =
      this.#committed?.snapshot.next({ clusters: edits, listeners: [] }, served) ??
      RenderedSnapshot.of({ clusters }, renderOptions, served);
    onRendered?.(performance.now() - startMs);
    return { declared, load: this.#loadAfter(declared, edits), snapshot };
  }

  // At the cost of what changed.
  #loadAfter({ clusters }: Declared, edits: readonly ClusterEdit[]): NameLoad {
    if (this.#committed === undefined) return loadOf(clusters.keys());
    const before = this.#committed.declared.clusters;
    const names = edits.map(({ name }) => name).filter((name) => clusters.has(name) !== before.has(name));
    const added = loadOf(names.filter((name) => clusters.has(name)));
    const removed = loadOf(names.filter((name) => before.has(name)));
    return subtractLoad(addLoads(this.#committed.load, added), removed);
  }

  #publish(committed: Committed): void {
    const { declared, snapshot } = committed;
    const oldRoutes = describeNewOldRoutes(this.#committed?.declared, declared);
    this.#committed = committed;
    this.#parts.snapshots.set(this.#parts.group, snapshot);
    this.#noteWarnings(committed);
    for (const old of oldRoutes) this.#parts.onOldRoutes?.(old);
    clearTimeout(this.#drainTimer);
    if (declared.draining.length === 0) return;
    const endMs = Math.min(...declared.draining.map(({ untilMs }) => untilMs));
    const delayMs = Math.min(Math.max(endMs - this.#clock.nowMs(), 0), longestTimerMs);
    this.#drainTimer = setTimeout(() => this.#endDraining(declared), delayMs).unref();
  }

  #noteWarnings(committed: Committed): void {
    const { clusters, routing, looping } = committed.declared;
    const { renderOptions } = this.#parts;
    const warnings = findWarnings(clusters, routing, looping.values(), heldLoad(committed), renderOptions);
    const isSame = JSON.stringify(warnings) === JSON.stringify(this.#warnings);
    this.#warnings = warnings;
    if (!isSame) this.#parts.onWarnings?.(warnings);
  }

  // Needs no write: what is over is passed over when it is read, and gone with the next commit.
  #endDraining(declared: Declared): void {
    this.#publish(this.#render(declareDrained(declared, this.#clock.nowMs()), []));
  }
}

// Of all that an Envoy may hold.
function heldLoad({ declared, load }: Committed): NameLoad {
  return addLoads(load, loadOf(declared.draining.map(({ cluster }) => cluster.name)));
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  // One line that can be read, however many there are.
  const shown = problems.slice(0, maxShownProblems);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  throw new CommitError(`not published: ${shown.join('; ')}`);
}
