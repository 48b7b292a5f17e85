// What the operator has declared, and what a client that is up to date holds because of it.

import type { Kind } from '../../support/xds/discovery-api.ts';
import { clusterText, endpointText, routesText } from './content.ts';

const standInPort = 12_712;
const standInPrefix = '\u0001no upstream host'.repeat(50);

export interface DeclaredCluster {
  readonly prefix: string;
  readonly ports: readonly number[];
}

interface DrainingCluster extends DeclaredCluster {
  readonly untilMs: number;
  readonly wasCatchAll: boolean;
  /** The last that had all its keys. */
  readonly followed: string | undefined;
}

/** How much of a cluster a client is given besides what is declared. */
export interface Given {
  /** Also while it drains. */
  readonly isGivenDraining: boolean;
  /** A stand-in for the endpoints that it does not have. */
  readonly isGivenHosts: boolean;
}

/** Clusters by name, as the rules of the inventory have them; and what a commit makes of them. */
export class DeclaredState {
  readonly #drainTimeMs: number;
  #staged: ReadonlyMap<string, DeclaredCluster> = new Map();
  #committed: ReadonlyMap<string, DeclaredCluster> | undefined;
  readonly #wereDeclared = new Set<string>();
  readonly #publicationsAtMs: number[] = [];
  #draining = new Map<string, DrainingCluster>();
  readonly #timeouts = new Map<string, number>();
  readonly #secrets = new Map<string, string>();

  constructor(drainTimeMs: number) {
    this.#drainTimeMs = drainTimeMs;
  }

  /** False until the first commit: nothing may be sent before. */
  get isPublished(): boolean {
    return this.#committed !== undefined;
  }

  /** Connect timeouts in seconds of the clusters that were touched. */
  get timeouts(): ReadonlyMap<string, number> {
    return this.#timeouts;
  }

  /** Contents of the secrets that are published, by name. */
  get secrets(): ReadonlyMap<string, string> {
    return this.#secrets;
  }

  /** Publishes a secret, or removes it, at once. */
  putSecret(name: string, content: string | undefined): void {
    if (content === undefined) this.#secrets.delete(name);
    else this.#secrets.set(name, content);
  }

  staged(name: string): DeclaredCluster | undefined {
    return this.#staged.get(name);
  }

  stage(name: string, cluster: DeclaredCluster | undefined): void {
    const staged = new Map(this.#staged);
    if (cluster === undefined) staged.delete(name);
    else staged.set(name, cluster);
    this.#staged = staged;
  }

  /** Publishes what is staged. Gives the names of the clusters that came or went. */
  commit(nowMs: number): string[] {
    const before = new Set(this.#committed?.keys());
    for (const [name, cluster] of this.#committed ?? []) {
      if (this.#staged.has(name)) continue;
      const untilMs = nowMs + this.#drainTimeMs;
      this.#draining.set(name, { ...cluster, untilMs, wasCatchAll: before.size === 1, followed: undefined });
    }
    for (const name of this.#staged.keys()) this.#draining.delete(name);
    this.#committed = this.#staged;
    for (const [name, removed] of this.#draining) {
      this.#draining.set(name, { ...removed, followed: this.#takerOf(removed) ?? removed.followed });
    }
    this.notePublication(nowMs);
    for (const name of this.#staged.keys()) this.#wereDeclared.add(name);
    return [...before.symmetricDifference(this.#staged)];
  }

  /** Changes a cluster and nothing else, at once. */
  touch(name: string): void {
    this.#timeouts.set(name, this.#timeoutOf(name) + 1);
  }

  /** To be told of a snapshot that says the same as the one before. */
  notePublication(nowMs: number): void {
    this.#publicationsAtMs.push(nowMs);
  }

  /** When the first snapshot at or after `ms` was published; Infinity: there was none. */
  publishedSinceMs(ms: number): number {
    return this.#publicationsAtMs.find((atMs) => atMs >= ms) ?? Infinity;
  }

  /** True when the cluster, its endpoints and a route to it are published. */
  isDeclared(name: string): boolean {
    return this.#committed?.has(name) ?? false;
  }

  /** True when the cluster was declared once and is not any more. */
  hasGone(name: string): boolean {
    return this.#wereDeclared.has(name) && !this.isDeclared(name);
  }

  /** True when the cluster was removed, but connections that use it may live on. */
  isDraining(name: string, nowMs: number): boolean {
    const draining = this.#draining.get(name);
    return draining !== undefined && draining.untilMs > nowMs;
  }

  /** When the cluster was last removed and had drained; Infinity: it never was. */
  goneSinceMs(name: string): number {
    return this.#draining.get(name)?.untilMs ?? Infinity;
  }

  /** What endpoints a removed cluster had in the end; undefined: it is there, or never was. */
  lastEndpointsOf(name: string): string | undefined {
    const removed = this.#draining.get(name);
    return removed && endpointText(removed.ports);
  }

  /** What a resource says now to a client that is given that much; undefined when it does not exist for it. */
  textOf(kind: Kind, name: string, nowMs: number, { isGivenDraining, isGivenHosts }: Given): string | undefined {
    if (kind === 'secret') return this.#secrets.get(name);
    if (kind === 'listener') return name === 'redis_listener' ? this.#listenerText() : this.#standInText(name, nowMs);
    if (kind === 'route') return name === 'generic_route' ? this.#routeText() : undefined;
    const draining = isGivenDraining && this.isDraining(name, nowMs) ? this.#draining.get(name) : undefined;
    const ports = this.#committed?.get(name)?.ports ?? (draining && this.#servedPortsOf(draining));
    if (ports === undefined) return undefined;
    if (kind === 'cluster') return clusterText(this.#timeoutOf(name));
    return endpointText(ports.length === 0 && isGivenHosts ? [standInPort] : ports);
  }

  // Of a removed cluster: those of the one that has its keys now, or had them last, as that is served itself.
  #servedPortsOf({ followed, ports }: DrainingCluster): readonly number[] {
    if (followed === undefined) return ports;
    const next = this.#draining.get(followed);
    return this.#committed?.get(followed)?.ports ?? (next === undefined ? ports : this.#servedPortsOf(next));
  }

  #takerOf({ prefix, wasCatchAll }: DrainingCluster): string | undefined {
    const committed = [...(this.#committed ?? [])];
    const catchAll = committed.length === 1 ? committed[0]?.[0] : undefined;
    const [longest] = committed
      .filter(([, cluster]) => prefix.startsWith(cluster.prefix))
      .sort(([, a], [, b]) => b.prefix.length - a.prefix.length);
    const takers = new Set([longest?.[0] ?? catchAll, wasCatchAll ? catchAll : undefined]);
    const [taker, other] = [...takers].filter((each) => each !== undefined);
    return other === undefined ? taker : undefined;
  }

  #timeoutOf(name: string): number {
    return this.#timeouts.get(name) ?? 5;
  }

  #listenerText(): string | undefined {
    const committed = [...(this.#committed ?? [])];
    if (committed.length === 0) return undefined;
    const routes = committed.map(([cluster, { prefix }]) => ({ prefix, cluster }));
    const [only, second] = routes;
    if (only !== undefined && second === undefined) routes.push({ prefix: '*', cluster: only.cluster });
    return routesText(routes);
  }

  // It is there for as long as a cluster has no endpoints, one that drains too, and leads to the first of them: one that is declared, if there is one.
  #standInText(name: string, nowMs: number): string | undefined {
    if (name !== 'no_upstream_host') return undefined;
    const declared = [...(this.#committed ?? [])].map(([each, { ports }]) => [each, ports] as const);
    const draining = [...this.#draining]
      .filter(([each]) => this.isDraining(each, nowMs))
      .map(([each, removed]) => [each, this.#servedPortsOf(removed)] as const);
    const [cluster] = [declared, draining].flatMap((clusters) => {
      return clusters.filter(([, ports]) => ports.length === 0).map(([each]) => each).sort();
    });
    return cluster === undefined ? undefined : routesText([{ prefix: standInPrefix, cluster }]);
  }

  #routeText(): string | undefined {
    return this.#committed && routesText([...this.#committed].map(([cluster, { prefix }]) => ({ prefix, cluster })));
  }
}
