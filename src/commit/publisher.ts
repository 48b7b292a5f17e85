// What is committed, as Envoys are given it: checks what is to follow, renders it, publishes it. Synchronous, and knows
// no store: between the two steps of a commit the caller makes it durable.

import { withAddresses } from '../effective/addresses.ts';
import type { Addresses } from '../effective/addresses.ts';
import { effectiveAfter, findHostNames } from '../effective/effective.ts';
import type { Effective } from '../effective/effective.ts';
import type { HostNames } from '../effective/host-names.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import { noEdits } from '../inventory/edits.ts';
import type { Edits } from '../inventory/edits.ts';
import { servedNames } from '../inventory/read-clusters.ts';
import type { Cluster, Config } from '../model/objects.ts';
import { affectsListeners } from '../render/check-listeners.ts';
import { findUnpublishable } from '../render/check.ts';
import { findPublished } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { findUnsupportedInV2 } from '../render/unsupported-in-v2.ts';
import type { SnapshotCache } from '../snapshot/snapshot.ts';
import type { KeptRoutes } from '../store/log-store.ts';
import { findAuthChanges } from './auth-changes.ts';
import { CommitError } from './published.ts';
import type { OldRoutesStatus, PublishedName, PublishedStatus, Warning } from './published.ts';
import {
  declareDrained,
  declareNext,
  describeLeftovers,
  describeNewOldRoutes,
  drainingAfter,
  objectsAfter,
  resume,
  routesToKeep,
} from './declared.ts';
import type { Circumstances, Declared } from './declared.ts';
import { findCustomWrites } from './custom-commands.ts';
import { describeLoop, findBoundListeners, findLoops } from './loops.ts';
import { addLoads, findUnaddable, loadOf, subtractLoad } from './name-limits.ts';
import type { NameLoad } from './name-limits.ts';
import { findLacking } from './capabilities.ts';
import type { Agents, Lacking } from './capabilities.ts';
import { findTooOld, findWithoutSecrets } from './concerned-clients.ts';
import type { Finding, ResourceChanges } from './desk.ts';
import { findExpiring, findExpiringOwn } from './expiry.ts';
import type { OwnCertificate } from './expiry.ts';
import { findLostNames, findUnknownNames } from './host-names.ts';
import { findGroupProblems } from './group-problems.ts';
import { GroupSnapshots, compareGroups, findChanged } from './group-snapshots.ts';
import { KnownSecrets } from './known-secrets.ts';
import type { OwnAddress } from './own-addresses.ts';
import { findSecretProblems } from './secret-problems.ts';
import { findTwinNames } from './read-names.ts';
import { SteadyClock } from './steady-clock.ts';
import { findListenersTaken } from './withheld-secrets.ts';
import type { WithoutSecrets } from './withheld-secrets.ts';
import { findUncheckedReads } from './unchecked-reads.ts';
import { describeOldRoutes, findWarnings, findWarningsOfEdits } from './warnings.ts';

export interface PublisherParts {
  readonly snapshots: SnapshotCache;
  readonly renderOptions: RenderOptions;
  /** How long a removed cluster stays published for Envoys that may still use it; 0: not at all. Default 0. */
  readonly drainTimeMs?: number;
  /** Told how long the snapshots of each publication took to render, in ms. */
  readonly onRendered?: (tookMs: number) => void;
  /** Whether an Envoy is connected that takes its listener from here. Default: none is. */
  readonly isListenerTaken?: () => boolean;
  /** The connected Envoys by release and node group. Default: none is. */
  readonly findAgents?: () => readonly Agents[];
  /** The connected Envoys that are given no passwords and no private keys. Default: none is. */
  readonly findWithoutSecrets?: () => WithoutSecrets;
  /** The flags of our own ports on which others can read along. Default: of none. */
  readonly portsInClear?: readonly string[];
  /** Where the control plane itself listens. Default: nowhere. */
  readonly ownAddresses?: readonly OwnAddress[];
  /** Of our own ports. Default: they have none. */
  readonly ownCertificates?: () => readonly OwnCertificate[];
  /** Told what there is to warn of each time that it is not what it was, at the start too. */
  readonly onWarnings?: (warnings: readonly Warning[]) => void;
  /** Default: no name is looked up, and each leads nowhere. */
  readonly hostNames?: HostNames;
  /** Told of each change of the routes that open connections do not follow, of those before a start then. */
  readonly onOldRoutes?: (old: OldRoutesStatus) => void;
}

/** What was committed and is left over from before, as it was kept. */
export interface Kept {
  readonly committed: Config;
  readonly draining: readonly DrainingCluster[];
  readonly routes: KeptRoutes | undefined;
}

/** The next state, rendered: nothing of it is published yet. */
export interface Prepared {
  readonly declared: Declared;
  /** With what was seen laid over it. */
  readonly effective: Effective;
  /** Of the clusters that are declared. */
  readonly load: NameLoad;
  readonly snapshots: GroupSnapshots;
  /** To be kept with the commit. */
  readonly draining: readonly DrainingCluster[];
  readonly routes: KeptRoutes;
}

const maxShownProblems = 10;

const lookAgainMs = 3_600_000;

// setTimeout takes no more.
const longestTimerMs = 2 ** 31 - 1;

export class Publisher {
  readonly knownSecrets: KnownSecrets;
  readonly #parts: PublisherParts;
  readonly #clock = new SteadyClock();
  #published: Prepared | undefined;
  #warnings: readonly Warning[] = [];
  #drainTimer: NodeJS.Timeout | undefined;
  readonly #warningsTimer: NodeJS.Timeout;

  /**
   * Publishes what was committed, if anything was, before it returns.
   * @throws CommitError when it can't be published with these options.
   */
  constructor(parts: PublisherParts, kept: Kept | undefined) {
    this.#parts = parts;
    this.knownSecrets = new KnownSecrets(parts.renderOptions.openSecret);
    this.#warningsTimer = setInterval(() => this.#lookAgain(), lookAgainMs).unref();
    if (kept === undefined) return;
    const declared = resume(kept, this.#circumstances());
    refuse([
      ...findUnpublishable(declared.clusters.values(), parts.renderOptions),
      ...findGroupProblems(declared, parts.renderOptions),
    ]);
    this.publish(this.#render(declared, noEdits));
  }

  /** False until the first commit. */
  get isPublished(): boolean {
    return this.#published !== undefined;
  }

  /** By the clock that goes on while the wall clock is set back (Unix, ms). */
  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** How things stand with what is committed. */
  status(): PublishedStatus {
    const own = findExpiringOwn(this.#parts.ownCertificates?.() ?? [], this.#clock.nowMs());
    if (this.#published === undefined) return { warnings: own, draining: [], oldRoutes: [] };
    const { declared } = this.#published;
    // These come without a commit.
    const standing = this.#warnings.filter(({ code }) => code !== 'certificate-expires' && code !== 'name-not-found');
    const ofClients = [...findTooOld(declared, this.#parts.findAgents?.() ?? []), ...this.#findWithheld(declared)];
    const warnings = [...standing, ...this.#findExpiring(declared), ...own, ...ofClients, ...this.#findLostNames()];
    return { warnings, ...describeLeftovers(declared, this.#clock.nowMs()) };
  }

  /** The host names that are looked up for what is published. */
  hostNames(): PublishedName[] {
    const { hostNames } = this.#parts;
    if (this.#published === undefined || hostNames === undefined) return [];
    const clusters = findHostNames(this.#published.declared);
    return hostNames.statuses.map((status) => ({ ...status, clusters: clusters.get(status.name) ?? [] }));
  }

  /** Why the edits can't be published, one line each; empty when they can. */
  findProblems(edits: Edits): string[] {
    const { clusters } = edits;
    const edited = clusters.flatMap(({ after }) => after ?? []);
    return [
      ...findUnpublishable(edited, this.#parts.renderOptions),
      ...this.#findListenerProblems(edits),
      ...this.#findLoops(edits),
      ...this.#findTwins(edits),
      ...this.#findRoom(edited),
      ...findSecretProblems(edits, objectsAfter(this.#published?.declared, edits)),
    ];
  }

  /** What the edits need that connected Envoys lack. */
  findLacking(edits: Edits): Lacking {
    return findLacking(edits, this.#parts.findAgents ?? (() => []));
  }

  /** What these do not get as it is meant, of what is published. */
  findWarningsOfClients(agents: readonly Agents[], withoutSecrets: WithoutSecrets): readonly Warning[] {
    if (this.#published === undefined) return [];
    const { declared } = this.#published;
    return [...findTooOld(declared, agents), ...findWithoutSecrets(declared, withoutSecrets)];
  }

  /** What the edits take from connected Envoys that are given no secrets. */
  findListenersTaken({ listeners }: Edits): readonly Finding[] {
    if (this.#published === undefined) return [];
    const { declared } = this.#published;
    const before = (name: string) => findPublished(name, declared.listeners.get(name), this.#parts.renderOptions);
    return findListenersTaken(listeners, before, this.#withoutSecrets());
  }

  /** Names that the edits bring and that lead nowhere. */
  findUnknownNames(edits: Edits): readonly Finding[] {
    const { hostNames } = this.#parts;
    return hostNames === undefined ? [] : findUnknownNames(edits, this.#published?.declared.clusters ?? new Map(), hostNames);
  }

  /** What there will be to warn of once it is published: of the state, and of the step to it. */
  findWarningsOfStep(prepared: Prepared, edits: Edits): readonly Finding[] {
    const old = describeNewOldRoutes(this.#published?.declared, prepared.declared);
    const steps = old.map((each): Warning => ({ code: 'old-routes', message: describeOldRoutes(each) }));
    const edited = edits.clusters.flatMap(({ after }) => after ?? []);
    const listeners = edits.listeners.flatMap(({ after }) => after ?? []);
    return [
      ...this.findWarningsOf(prepared),
      ...this.#findWithheld(prepared.declared),
      ...steps,
      ...findUncheckedReads(edits, prepared.declared.clusters).map((message): Warning => {
        return { code: 'reads-unchecked', message };
      }),
      ...findCustomWrites(edits, prepared.declared, this.#parts.renderOptions).map((message): Warning => {
        return { code: 'custom-command-as-read', message };
      }),
      ...findAuthChanges(this.#published?.declared, edits, prepared.declared),
      ...findWarningsOfEdits(this.#published?.declared.clusters ?? new Map(), edits, this.#parts.renderOptions),
      ...this.findLacking(edits).harmless,
      ...findUnsupportedInV2(edited, listeners).map((message): Warning => ({ code: 'not-in-v2', message })),
    ];
  }

  /** What there will be to warn of. */
  findWarningsOf(prepared: Prepared): readonly Warning[] {
    const { renderOptions, ownAddresses = [] } = this.#parts;
    const { declared } = prepared;
    const standing = findWarnings(declared, heldLoad(prepared), renderOptions, ownAddresses);
    return [
      ...standing,
      ...this.#findExpiring(declared),
      ...this.#findSecretsInClear(declared),
      ...this.#findLostNames(),
    ];
  }

  /** The Envoy resources that would change. */
  findResourceChangesOf({ snapshots }: Prepared): ResourceChanges[] {
    return compareGroups(this.#published?.snapshots.byGroup, snapshots.byGroup);
  }

  /** The state after the edits, from which no problem was found. What streams have asked for is rendered. */
  prepare(edits: Edits): Prepared {
    return this.#render(declareNext(this.#published?.declared, edits, this.#circumstances()), edits);
  }

  /** Gives the streams what was prepared last, and tells of what there is to warn of. */
  publish(prepared: Prepared): void {
    const { declared, snapshots } = prepared;
    const oldRoutes = describeNewOldRoutes(this.#published?.declared, declared);
    const changes = findChanged(this.#published?.snapshots.byGroup, snapshots.byGroup);
    this.#published = prepared;
    this.knownSecrets.notePublished(declared.secrets);
    this.#parts.snapshots.update(changes);
    this.#noteWarnings(this.findWarningsOf(prepared));
    for (const old of oldRoutes) this.#parts.onOldRoutes?.(old);
    this.#parts.hostNames?.follow(new Set(findHostNames(declared).keys()));
    clearTimeout(this.#drainTimer);
    if (declared.draining.length === 0) return;
    const endMs = Math.min(...declared.draining.map(({ untilMs }) => untilMs));
    const delayMs = Math.min(Math.max(endMs - this.#clock.nowMs(), 0), longestTimerMs);
    this.#drainTimer = setTimeout(() => this.#endDraining(declared), delayMs).unref();
  }

  /** Publishes what is declared as it is now seen, when that is otherwise than before. */
  publishSeen(): void {
    if (this.#published !== undefined) this.publish(this.#render(this.#published.declared, noEdits));
  }

  /** Stops what runs by itself; safe to repeat. */
  close(): void {
    clearTimeout(this.#drainTimer);
    clearInterval(this.#warningsTimer);
  }

  // A certificate expires without a commit.
  #lookAgain(): void {
    if (this.#published !== undefined) this.#noteWarnings(this.findWarningsOf(this.#published));
  }

  #findExpiring({ secrets }: Declared): Warning[] {
    return findExpiring(secrets.values(), this.#clock.nowMs());
  }

  // Envoys come and go without a commit.
  #findWithheld(declared: Declared): Warning[] {
    return declared.secrets.size === 0 ? [] : findWithoutSecrets(declared, this.#withoutSecrets());
  }

  #findLostNames(): Warning[] {
    return findLostNames(this.#parts.hostNames?.statuses ?? []);
  }

  #withoutSecrets(): WithoutSecrets {
    return this.#parts.findWithoutSecrets?.() ?? new Map();
  }

  #findSecretsInClear({ secrets }: Declared): Warning[] {
    const { portsInClear = [] } = this.#parts;
    if (portsInClear.length === 0 || secrets.size === 0) return [];
    const message =
      `${portsInClear.join(' and ')}: neither TLS (--tls-cert) nor a loopback address, so that passwords and private ` +
      'keys go to Envoys as they are; who reaches the port can read along, and without --tls-client-ca ask for them';
    return [{ code: 'secrets-in-clear', message }];
  }

  #circumstances(): Circumstances {
    const { renderOptions, drainTimeMs = 0 } = this.#parts;
    return { options: renderOptions, drainTimeMs, nowMs: this.#clock.nowMs() };
  }

  // What is published was looked at before, and costs nothing while it stays as good as it was.
  #findListenerProblems(edits: Edits): string[] {
    const last = this.#published?.declared;
    if (last !== undefined && !affectsListeners(edits, last.clusters)) return [];
    return findGroupProblems(objectsAfter(last, edits), this.#parts.renderOptions);
  }

  // A loop hurts the Envoys that have the listener: where there are any it is refused, else warned of.
  #findLoops(edits: Edits): string[] {
    if (this.#parts.isListenerTaken?.() !== true) return [];
    const { clusters, listeners } = objectsAfter(this.#published?.declared, edits);
    const bound = findBoundListeners(listeners, this.#parts.renderOptions);
    const edited = edits.clusters.flatMap(({ after }) => after ?? []);
    const suspects = edits.listeners.length === 0 ? edited : [...clusters.values()];
    return suspects
      .map((cluster) => withAddresses(cluster, this.#addresses))
      .flatMap((cluster) => findLoops(cluster, bound).map((loop) => describeLoop(cluster, loop)));
  }

  #findTwins(edits: Edits): string[] {
    const last = this.#published?.declared;
    const after = edits.clusters.flatMap((edit) => edit.after ?? []);
    return findTwinNames(after, objectsAfter(last, edits).clusters, drainingAfter(last, edits, this.#circumstances()));
  }

  // What is there may exceed the limits, of an older release: it can be changed and removed, but nothing can be added.
  #findRoom(edited: readonly Cluster[]): string[] {
    if (this.#published === undefined) return findUnaddable(edited.flatMap(servedNames), loadOf([]));
    const { clusters } = this.#published.declared;
    const added = edited.flatMap((cluster) => namesBeside(cluster, clusters.get(cluster.name)));
    return findUnaddable(added, heldLoad(this.#published));
  }

  #render(declared: Declared, edits: Edits): Prepared {
    const { renderOptions, onRendered } = this.#parts;
    const { draining } = declared;
    const startMs = performance.now();
    const { effective, edits: clusters } = effectiveAfter(
      this.#published?.effective,
      declared,
      edits.clusters,
      this.#addresses,
    );
    const objects = { ...declared, ...effective };
    const before = this.#published?.snapshots;
    const snapshots = before?.next({ ...edits, clusters }, objects) ?? GroupSnapshots.of(objects, renderOptions);
    onRendered?.(performance.now() - startMs);
    const load = this.#loadAfter(declared, edits);
    return { declared, effective, load, snapshots, draining, routes: routesToKeep(declared) };
  }

  get #addresses(): Addresses {
    return this.#parts.hostNames?.addresses ?? new Map();
  }

  // At the cost of what changed.
  #loadAfter({ clusters }: Declared, edits: Edits): NameLoad {
    if (this.#published === undefined) return loadOf(Array.from(clusters.values()).flatMap(servedNames));
    const before = this.#published.declared.clusters;
    const steps = edits.clusters.map(({ name }) => [before.get(name), clusters.get(name)] as const);
    const added = loadOf(steps.flatMap(([old, now]) => namesBeside(now, old)));
    const removed = loadOf(steps.flatMap(([old, now]) => namesBeside(old, now)));
    return subtractLoad(addLoads(this.#published.load, added), removed);
  }

  #noteWarnings(warnings: readonly Warning[]): void {
    const isSame = JSON.stringify(warnings) === JSON.stringify(this.#warnings);
    this.#warnings = warnings;
    if (!isSame) this.#parts.onWarnings?.(warnings);
  }

  // Needs no write: what is over is passed over when it is read, and gone with the next commit.
  #endDraining(declared: Declared): void {
    this.publish(this.#render(declareDrained(declared, this.#clock.nowMs()), noEdits));
  }
}

// Of all that an Envoy may hold.
function heldLoad({ declared, load }: Prepared): NameLoad {
  return addLoads(load, loadOf(declared.draining.flatMap(({ cluster }) => servedNames(cluster))));
}

/** The names that Envoys know one cluster by, and not the other. */
function namesBeside(cluster: Cluster | undefined, other: Cluster | undefined): readonly string[] {
  if (cluster === undefined) return [];
  const known = other === undefined ? [] : servedNames(other);
  return servedNames(cluster).filter((name) => !known.includes(name));
}

/** @throws CommitError when there are problems: one line that can be read, however many. */
export function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, maxShownProblems);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  throw new CommitError(`not published: ${shown.join('; ')}`);
}
