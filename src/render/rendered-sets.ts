// One state of what is declared as resource sets, each rendered when first asked for and
// carried over to the next state at the cost of what changed.

import type { Clusters } from '../inventory/cluster.ts';
import type { ListenerEdit, SecretEdit } from '../inventory/edits.ts';
import type { ServedCluster } from '../inventory/served-cluster.ts';
import type { Listener, Secret } from '../model/objects.ts';
import { dialects, messageNames, typeUrlOf } from '../snapshot/dialect.ts';
import type { Dialect } from '../snapshot/dialect.ts';
import { ResourceSet } from '../snapshot/resource-set.ts';
import type { ResourceSetOptions } from '../snapshot/resource-set.ts';
import { publishOrder } from '../snapshot/resource.ts';
import type { Resource, ResourceKind } from '../snapshot/resource.ts';
import { WeakTable } from '../snapshot/weak-table.ts';
import { SortedByName } from '../collections/sorted-by-name.ts';
import { findPublished, implicitNames } from './implicit-listeners.ts';
import type { RenderOptions } from './options.ts';
import { isReadOtherwise } from './redis-reads.ts';
import { encodeNoEndpoints, renderCluster, renderClusterWithoutPasswords, renderEndpoints } from './render-cluster.ts';
import { renderSecret } from './render-secret.ts';
import {
  followsClusters,
  holdsConfigSource,
  isRedis,
  renderListener,
  renderRoutes,
  renderStandIn,
} from './render-listener.ts';
import { findPasswordHolders, findSecretUsers } from './secret-users.ts';
import { noUses, usesAfter } from './secret-uses.ts';
import type { SecretUses } from './secret-uses.ts';
import { standInListenerName } from './stand-in.ts';

/** A cluster after a change; undefined: it is gone. */
export type ClusterChange = readonly [name: string, after: ServedCluster | undefined];

interface NextOptions {
  readonly listeners?: readonly ListenerEdit[];
  readonly secrets?: readonly SecretEdit[];
  /** What will be asked of the next sets; by default everything. */
  readonly kinds?: readonly ResourceKind[];
  /** Sets of much the same state, with which the next ones are to share what is equal. */
  readonly base?: RenderedSets | undefined;
  /** A cluster that has the stand-in for its server, when there is one. */
  readonly standInFor?: string | undefined;
}

/** What sets are made of. */
interface State {
  readonly clusters: SortedByName<ServedCluster>;
  /** Those that are published, see {@link findPublished}. */
  readonly listeners: SortedByName<Listener>;
  /** All that are committed, whoever names them. */
  readonly secrets: SortedByName<Secret>;
  readonly standInFor: string | undefined;
  /** Which certificates and CAs are published: those that the clusters and listeners name. */
  readonly uses: SecretUses;
}

type Changes = ReadonlyMap<string, Resource | undefined>;

/** By whose names the resources of a kind are called. */
type NameSpace = 'clusters' | 'listeners' | 'secrets';

const nameSpaces: Readonly<Record<ResourceKind, NameSpace>> = {
  secret: 'secrets',
  cluster: 'clusters',
  endpoint: 'clusters',
  listener: 'listeners',
  route: 'listeners',
};

// The first of each API version goes first: the others take from it what is the same on every kind of stream.
const everyDialect: readonly Dialect[] = Object.values(dialects).flatMap((byConfigSource) => {
  return [byConfigSource.ads, byConfigSource.grpc, byConfigSource['delta-grpc']];
});

function firstOf({ apiVersion }: Dialect): Dialect {
  return dialects[apiVersion].ads;
}

// A set that a change leaves as it is has the same without what is secret, for whatever node groups are given it.
const inClearOf = new WeakMap<ResourceSet, ResourceSet>();
// By type and version: a password that changes is another set, but not another one without it.
const inClearSets = new WeakTable<ResourceSet>();

export class RenderedSets {
  readonly #state: State;
  readonly #options: RenderOptions;
  readonly #base: RenderedSets | undefined;
  readonly #sets: Map<Dialect, Map<ResourceKind, ResourceSet>> = new Map();
  // Made when a listener is first rendered.
  #routable: Clusters | undefined;

  private constructor(state: State, options: RenderOptions, base?: RenderedSets) {
    this.#state = state;
    this.#options = options;
    this.#base = base;
  }

  /** When nothing is declared. */
  static empty(options: RenderOptions): RenderedSets {
    const listeners = implicitNames.flatMap((name) => findPublished(name, undefined, options) ?? []);
    const clusters = SortedByName.of<ServedCluster>([]);
    const secrets = SortedByName.of<Secret>([]);
    const state = { clusters, listeners: SortedByName.of(listeners), standInFor: undefined, secrets, uses: noUses };
    return new RenderedSets(state, options);
  }

  get clusters(): SortedByName<ServedCluster> {
    return this.#state.clusters;
  }

  /** One object for all dialects of an API version in which nothing differs. */
  resources(kind: ResourceKind, dialect: Dialect): ResourceSet {
    return this.#sets.get(dialect)?.get(kind) ?? this.#keep(kind, dialect, this.#renderAll(kind, dialect));
  }

  /** The same without what is secret, see docs/adr/0032; the same object where nothing is. */
  resourcesInClear(kind: ResourceKind, dialect: Dialect): ResourceSet {
    const set = this.resources(kind, dialect);
    let inClear = inClearOf.get(set);
    if (inClear === undefined) {
      const made = this.#withhold(kind, dialect, set);
      inClear = made === set ? set : inClearSets.intern(`${set.options.typeUrl} ${made.version}`, () => made);
      inClearOf.set(set, inClear);
    }
    return inClear;
  }

  /**
   * The sets after a change. What streams have asked of these is rendered at once, changed
   * resources only, so that a failure shows before anything is published.
   * @param changes to the clusters, one for each name at most; likewise `listeners` and `secrets`.
   */
  next(changes: readonly ClusterChange[], options: NextOptions = {}): RenderedSets {
    const { listeners: edits = [], secrets: secretEdits = [], kinds = publishOrder, standInFor, base } = options;
    const published = edits.map(({ name, after }) => [name, findPublished(name, after, this.#options)] as const);
    const listeners = this.#state.listeners.with(published);
    const clusters = this.clusters.with(changes);
    const secrets = this.#state.secrets.with(secretEdits.map(({ name, after }) => [name, after]));
    const uses = usesAfter(this.#state.uses, [
      ...changes.map(([name, after]) => [this.clusters.get(name)?.declared, after?.declared] as const),
      ...published.map(([name, after]) => [this.#state.listeners.get(name), after] as const),
    ]);
    const shared = base === undefined ? clusters : clusters.sharing(base.clusters);
    const state = { clusters: shared, listeners, standInFor, secrets, uses };
    const next = new RenderedSets(state, this.#options, base);
    const clusterNames = changes.map(([name]) => name);
    const secretNames = secretEdits.map(({ name }) => name);
    const passwords = this.#changedPasswords(secrets, secretNames);
    const listenerNames = this.#changedListeners(state, clusterNames, edits.map(({ name }) => name), passwords);
    const namesOf = {
      secret: [...secretNames, ...this.#state.uses.namesUnlike(uses)],
      cluster: [...new Set([...clusterNames, ...findSecretUsers(shared, declaredOf, passwords)])],
      endpoint: clusterNames,
      listener: listenerNames,
      route: listenerNames,
    };
    for (const dialect of everyDialect) {
      for (const kind of this.#sets.get(dialect)?.keys() ?? []) {
        if (!kinds.includes(kind)) continue;
        next.#keep(kind, dialect, next.#carry(kind, dialect, namesOf[kind], this));
      }
    }
    return next;
  }

  /** The names of the listeners that may be otherwise after the edits. */
  #changedListeners(
    after: State,
    clusterNames: readonly string[],
    edited: readonly string[],
    secretNames: readonly string[],
  ): string[] {
    const isRoutingChanged = clusterNames.some((name) => {
      const [old, now] = [this.clusters.get(name), after.clusters.get(name)];
      return old?.name !== now?.name || old?.prefix !== now?.prefix;
    });
    const areUpstreamsChanged = clusterNames.some((name) => {
      return isReadOtherwise(this.clusters.get(name)?.declared, after.clusters.get(name)?.declared);
    });
    const isConcerned = (listener: Listener): boolean => {
      return (isRoutingChanged && followsClusters(listener)) || (areUpstreamsChanged && isRedis(listener));
    };
    const following = isRoutingChanged || areUpstreamsChanged ? [...after.listeners.values()].filter(isConcerned) : [];
    const using = findSecretUsers(after.listeners, (listener) => listener, secretNames);
    const names = new Set([...edited, ...following.map(({ name }) => name), ...using]);
    if (this.#state.standInFor !== after.standInFor) names.add(standInListenerName);
    return [...names];
  }

  // Only these are a part of other messages.
  #changedPasswords(after: SortedByName<Secret>, names: readonly string[]): string[] {
    return names.filter((name) => [this.#state.secrets, after].some((secrets) => secrets.get(name)?.kind === 'password'));
  }

  #namesUnlike(state: State, space: NameSpace): string[] {
    const { secrets, uses } = this.#state;
    if (space === 'secrets') return [...secrets.namesUnlike(state.secrets), ...uses.namesUnlike(state.uses)];
    const clusterNames = this.clusters.namesUnlike(state.clusters);
    const passwords = this.#changedPasswords(state.secrets, secrets.namesUnlike(state.secrets));
    if (space === 'clusters') return [...new Set([...clusterNames, ...findSecretUsers(state.clusters, declaredOf, passwords)])];
    const listenerNames = this.#state.listeners.namesUnlike(state.listeners);
    return this.#changedListeners(state, clusterNames, listenerNames, passwords);
  }

  #carry(kind: ResourceKind, dialect: Dialect, names: readonly string[], before: RenderedSets): ResourceSet {
    const set = before.resources(kind, dialect);
    const first = firstOf(dialect);
    const isShared = dialect !== first && set === before.#sets.get(first)?.get(kind);
    if (isShared && !names.some((name) => this.#isOfDialect(kind, name))) return this.resources(kind, first);
    return set.with(this.#render(kind, dialect, names), this.#base?.resources(kind, dialect));
  }

  #keep(kind: ResourceKind, dialect: Dialect, set: ResourceSet): ResourceSet {
    let sets = this.#sets.get(dialect);
    if (sets === undefined) this.#sets.set(dialect, (sets = new Map()));
    sets.set(kind, set);
    return set;
  }

  #renderAll(kind: ResourceKind, dialect: Dialect): ResourceSet {
    const space = nameSpaces[kind];
    const names = this.#namesIn(space);
    if (kind !== 'cluster' && dialect !== firstOf(dialect)) {
      const differing = names.filter((name) => this.#isOfDialect(kind, name));
      return this.resources(kind, firstOf(dialect)).with(this.#render(kind, dialect, differing));
    }
    if (this.#base !== undefined) {
      const unlike = this.#base.#namesUnlike(this.#state, space);
      return this.#base.resources(kind, dialect).with(this.#render(kind, dialect, unlike));
    }
    const resources = [...this.#render(kind, dialect, names).values()].filter((resource) => resource !== undefined);
    return ResourceSet.of(resourceSetOptions(kind, dialect), resources);
  }

  #withhold(kind: ResourceKind, dialect: Dialect, set: ResourceSet): ResourceSet {
    const { clusters, listeners, secrets, uses } = this.#state;
    switch (kind) {
      case 'secret':
        return set.without([...uses.keys()].filter((name) => secrets.get(name)?.kind !== 'ca'));
      case 'listener':
        // Without its passwords it would be open to everybody.
        return set.without(findPasswordHolders(listeners, (listener) => listener));
      case 'cluster': {
        // A route to a cluster that is not there can end an Envoy (docs/adr/0017).
        const holders = findPasswordHolders(clusters, declaredOf).flatMap((name) => clusters.get(name) ?? []);
        return set.replacing(holders.map((each) => renderClusterWithoutPasswords(each, dialect, this.#options)));
      }
      default:
        return set;
    }
  }

  #namesIn(space: NameSpace): string[] {
    const { clusters, listeners, uses } = this.#state;
    if (space === 'secrets') return [...uses.keys()];
    return space === 'clusters' ? [...clusters.keys()] : [...listeners.keys(), standInListenerName];
  }

  #render(kind: ResourceKind, dialect: Dialect, names: readonly string[]): Changes {
    const first = firstOf(dialect);
    return new Map(
      names.map((name) => {
        const isOwn = dialect === first || this.#isOfDialect(kind, name);
        return [name, isOwn ? this.#renderOne(kind, dialect, name) : this.resources(kind, first).resources.get(name)];
      }),
    );
  }

  /** True when it says where Envoy comes for the rest, which no two kinds of stream have alike. */
  #isOfDialect(kind: ResourceKind, name: string): boolean {
    if (kind !== 'listener') return kind === 'cluster';
    const listener = this.#state.listeners.get(name);
    return listener !== undefined && holdsConfigSource(listener);
  }

  #renderOne(kind: ResourceKind, dialect: Dialect, name: string): Resource | undefined {
    const { clusters, listeners, standInFor, secrets, uses } = this.#state;
    if (kind === 'secret') {
      const secret = uses.has(name) ? secrets.get(name) : undefined;
      return secret && renderSecret(secret, dialect, this.#options);
    }
    if (kind === 'cluster' || kind === 'endpoint') {
      const cluster = clusters.get(name);
      if (cluster === undefined) return undefined;
      return kind === 'cluster'
        ? renderCluster(cluster, dialect, secrets, this.#options)
        : renderEndpoints(cluster, dialect);
    }
    const listener = listeners.get(name);
    const routable = (this.#routable ??= findRoutable(clusters));
    if (kind === 'route') return listener?.kind === 'http' ? renderRoutes(listener, routable, dialect) : undefined;
    if (name !== standInListenerName) {
      return listener && renderListener(listener, routable, secrets, dialect, this.#options);
    }
    return standInFor === undefined ? undefined : renderStandIn(standInFor, dialect, this.#options);
  }
}

function declaredOf({ declared }: ServedCluster): ServedCluster['declared'] {
  return declared;
}

/** The declared clusters: nothing is routed to those that reads go to. */
function findRoutable(clusters: SortedByName<ServedCluster>): Clusters {
  const routed = Array.from(clusters.values()).filter(({ reads }) => reads === undefined);
  return new Map(routed.map(({ name, declared }) => [name, declared]));
}

function resourceSetOptions(kind: ResourceKind, { apiVersion }: Dialect): ResourceSetOptions {
  const typeUrl = typeUrlOf(messageNames[apiVersion][kind]);
  if (kind !== 'endpoint') return { typeUrl, apiVersion };
  return { typeUrl, apiVersion, placeholder: (name) => encodeNoEndpoints(name, apiVersion) };
}
