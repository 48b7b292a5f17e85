// What there is to say of what is published, and of what is about to be: why it can't be, what connected Envoys lack, what
// to warn of. Changes nothing.

import { withAddresses } from '../effective/addresses.ts';
import type { Addresses } from '../effective/addresses.ts';
import type { HostNames } from '../effective/host-names.ts';
import { findClusterTroubles } from '../failover/cluster-troubles.ts';
import type { Clusters } from '../inventory/cluster.ts';
import type { Edits } from '../inventory/edits.ts';
import { servedNames } from '../inventory/read-clusters.ts';
import type { Cluster } from '../model/objects.ts';
import { affectsListeners } from '../render/check-listeners.ts';
import { findUnpublishable } from '../render/check.ts';
import { findPublished } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import { findUnsupportedInV2 } from '../render/unsupported-in-v2.ts';
import { findAuthChanges } from './auth-changes.ts';
import { findLacking } from './capabilities.ts';
import type { Agents, Lacking } from './capabilities.ts';
import { findTooOld, findWithoutSecrets } from './concerned-clients.ts';
import { findCustomWrites } from './custom-commands.ts';
import { describeNewOldRoutes, drainingAfter, objectsAfter } from './declared.ts';
import type { Circumstances, Declared } from './declared.ts';
import type { Finding } from './desk.ts';
import type { Trouble } from '../failover/following.ts';
import { findExpiring, findExpiringOwn } from './expiry.ts';
import type { OwnCertificate } from './expiry.ts';
import { findGroupProblems } from './group-problems.ts';
import { findHeldServers } from './held-servers.ts';
import { findLostNames, findMisplaced, findMisplacedNow, findUnknownNames } from './host-names.ts';
import { describeLoop, findBoundListeners, findLoops } from './loops.ts';
import { findUnaddable, loadOf } from './name-limits.ts';
import { warnOfMissed } from './ordering.ts';
import type { OwnAddress } from './own-addresses.ts';
import { heldLoad, namesBeside } from './prepared.ts';
import type { Prepared } from './prepared.ts';
import type { Warning } from './published.ts';
import { findTwinNames } from './read-names.ts';
import { findSecretProblems } from './secret-problems.ts';
import { findUncheckedReads } from './unchecked-reads.ts';
import { describeOldRoutes, findWarnings, findWarningsOfEdits } from './warnings.ts';
import { findListenersTaken } from './withheld-secrets.ts';
import type { WithoutSecrets } from './withheld-secrets.ts';

export interface ReviewParts {
  readonly renderOptions: RenderOptions;
  /** Whether an Envoy is connected that takes its listener from here. Default: none is. */
  readonly isListenerTaken?: () => boolean;
  /** Whether an Envoy is connected that speaks v2. Default: none is. */
  readonly isV2Spoken?: () => boolean;
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
  /** Default: no name is looked up, and each leads nowhere. */
  readonly hostNames?: HostNames;
  /** What keeps the control plane from promoting, and what promotions have left. */
  readonly troubles?: () => readonly Trouble[];
}

export class Review {
  readonly #parts: ReviewParts;
  readonly #circumstances: () => Circumstances;
  readonly #published: () => Prepared | undefined;

  /** @param published what is now; undefined: nothing is. */
  constructor(parts: ReviewParts, circumstances: () => Circumstances, published: () => Prepared | undefined) {
    this.#parts = parts;
    this.#circumstances = circumstances;
    this.#published = published;
  }

  /** What there is to warn of now. @param standing as {@link findStanding} gave it for what is published. */
  warningsNow(standing: readonly Warning[]): Warning[] {
    const own = findExpiringOwn(this.#parts.ownCertificates?.() ?? [], this.#circumstances().nowMs);
    const published = this.#published();
    if (published === undefined) return own;
    const { declared } = published;
    return [
      ...standing,
      ...this.findPassing(published),
      ...own,
      ...findTooOld(declared, this.#parts.findAgents?.() ?? []),
      ...this.#findWithheld(declared),
    ];
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
      ...findMisplaced(edits, this.#addresses),
      ...findSecretProblems(edits, objectsAfter(this.#published()?.declared, edits)),
    ];
  }

  /** What the edits need that connected Envoys lack. */
  findLacking(edits: Edits): Lacking {
    return findLacking(edits, this.#parts.findAgents ?? (() => []));
  }

  /** What these do not get as it is meant, of what is published. */
  findWarningsOfClients(agents: readonly Agents[], withoutSecrets: WithoutSecrets): readonly Warning[] {
    const declared = this.#published()?.declared;
    if (declared === undefined) return [];
    return [...findTooOld(declared, agents), ...findWithoutSecrets(declared, withoutSecrets)];
  }

  /** What the edits take from connected Envoys that are given no secrets. */
  findListenersTaken({ listeners }: Edits): readonly Finding[] {
    const declared = this.#published()?.declared;
    if (declared === undefined) return [];
    const before = (name: string) => findPublished(name, declared.listeners.get(name), this.#parts.renderOptions);
    return findListenersTaken(listeners, before, this.#withoutSecrets());
  }

  /** Names that the edits bring and that lead nowhere. */
  findUnknownNames(edits: Edits): readonly Finding[] {
    const { hostNames } = this.#parts;
    return hostNames === undefined ? [] : findUnknownNames(edits, this.#clusters, hostNames);
  }

  /** What there is to warn of before it is published: of what will be, and of the step to it. */
  findWarningsBefore(prepared: Prepared, edits: Edits): readonly Finding[] {
    const old = describeNewOldRoutes(this.#published()?.declared, prepared.declared);
    const routes = old.map((each): Warning => ({ code: 'old-routes', message: describeOldRoutes(each) }));
    return [
      ...this.findStanding(prepared),
      ...this.findPassing(prepared),
      ...this.#findWithheld(prepared.declared),
      ...routes,
      ...this.findLacking(edits).harmless,
      ...this.#findStepWarnings(prepared, edits),
      ...this.#findUnsupportedInV2(edits),
    ];
  }

  /** What there is to warn of in the step alone, of the Envoys that are there: once it is done nothing tells of it. */
  findWarningsOfStep(prepared: Prepared, edits: Edits): readonly Warning[] {
    const inV2 = this.#parts.isV2Spoken?.() === true ? this.#findUnsupportedInV2(edits) : [];
    return [...this.#findStepWarnings(prepared, edits), ...inV2];
  }

  #findStepWarnings(prepared: Prepared, edits: Edits): Warning[] {
    return [
      ...findUncheckedReads(edits, prepared.declared).map((message): Warning => {
        return { code: 'reads-unchecked', message };
      }),
      ...findCustomWrites(edits, prepared.declared, this.#parts.renderOptions).map((message): Warning => {
        return { code: 'custom-command-as-read', message };
      }),
      ...findAuthChanges(this.#published()?.declared, edits, prepared.declared),
      ...findWarningsOfEdits(this.#clusters, edits, this.#parts.renderOptions),
    ];
  }

  #findUnsupportedInV2(edits: Edits): Warning[] {
    const clusters = edits.clusters.flatMap(({ after }) => after ?? []);
    const listeners = edits.listeners.flatMap(({ after }) => after ?? []);
    return findUnsupportedInV2(clusters, listeners).map((message) => ({ code: 'not-in-v2', message }));
  }

  /** What there is to warn of in what is published, as long as that is the same; costs a look at all of it. */
  findStanding(prepared: Prepared): readonly Warning[] {
    const { renderOptions, ownAddresses = [] } = this.#parts;
    const { declared, ground, effective, orders } = prepared;
    const served = { ...declared, clusters: effective.clusters };
    return [
      ...findWarnings(served, heldLoad(prepared), renderOptions, ownAddresses),
      ...this.#findSecretsInClear(declared),
      ...warnOfMissed(ground.clusters, orders, effective.leftOut),
    ];
  }

  /** What comes and goes beside it: with time, and with what is seen. */
  findPassing({ declared, followed, health }: Prepared): readonly Warning[] {
    return [
      ...this.#findExpiring(declared),
      ...this.#findNameWarnings(declared),
      ...findHeldServers(health.verdicts),
      ...Array.from(followed.followings.values()).flatMap(({ troubles }) => troubles),
      ...Array.from(followed.redisClusters).flatMap(([name, known]) => findClusterTroubles(name, known)),
      ...(this.#parts.troubles?.() ?? []),
    ];
  }

  get #addresses(): Addresses {
    return this.#parts.hostNames?.addresses ?? new Map();
  }

  get #clusters(): Clusters {
    return this.#published()?.declared.clusters ?? new Map();
  }

  #findExpiring({ secrets }: Declared): Warning[] {
    return findExpiring(secrets.values(), this.#circumstances().nowMs);
  }

  // Envoys come and go without a commit.
  #findWithheld(declared: Declared): Warning[] {
    return declared.secrets.size === 0 ? [] : findWithoutSecrets(declared, this.#withoutSecrets());
  }

  #findNameWarnings({ clusters }: Declared): Warning[] {
    const { hostNames } = this.#parts;
    if (hostNames === undefined) return [];
    return [...findLostNames(hostNames.statuses), ...findMisplacedNow(clusters, hostNames.addresses)];
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

  // What is published was looked at before, and costs nothing while it stays as good as it was.
  #findListenerProblems(edits: Edits): string[] {
    const last = this.#published()?.declared;
    if (last !== undefined && !affectsListeners(edits, last.clusters)) return [];
    return findGroupProblems(objectsAfter(last, edits), this.#parts.renderOptions);
  }

  // A loop hurts the Envoys that have the listener: where there are any it is refused, else warned of.
  #findLoops(edits: Edits): string[] {
    if (this.#parts.isListenerTaken?.() !== true) return [];
    const { clusters, listeners } = objectsAfter(this.#published()?.declared, edits);
    const bound = findBoundListeners(listeners, this.#parts.renderOptions);
    const edited = edits.clusters.flatMap(({ after }) => after ?? []);
    const suspects = edits.listeners.length === 0 ? edited : [...clusters.values()];
    return suspects
      .map((cluster) => withAddresses(cluster, this.#addresses))
      .flatMap((cluster) => findLoops(cluster, bound).map((loop) => describeLoop(cluster, loop)));
  }

  #findTwins(edits: Edits): string[] {
    const last = this.#published()?.declared;
    const after = edits.clusters.flatMap((edit) => edit.after ?? []);
    return findTwinNames(after, objectsAfter(last, edits).clusters, drainingAfter(last, edits, this.#circumstances()));
  }

  // What is there may exceed the limits, of an older release: it can be changed and removed, but nothing can be added.
  #findRoom(edited: readonly Cluster[]): string[] {
    const last = this.#published();
    if (last === undefined) return findUnaddable(edited.flatMap(servedNames), loadOf([]));
    const { clusters } = last.declared;
    const added = edited.flatMap((cluster) => namesBeside(cluster, clusters.get(cluster.name)));
    return findUnaddable(added, heldLoad(last));
  }
}
