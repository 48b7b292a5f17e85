// The Sentinels of all clusters that are followed by them.

import type { SeenSentinels } from '../effective/seen.ts';
import type { OnEvent } from '../events/event.ts';
import type { Cluster, SentinelFailover } from '../model/objects.ts';
import { sentinelOf } from '../model/failover-defaults.ts';
import { sentinelRefsOf } from '../model/secret-refs.ts';
import { refsOfUpstreamTls } from '../model/tls-refs.ts';
import { parseServerAddress } from '../net/address.ts';
import type { Target } from './connection.ts';
import { findSecretProblem } from './find-secret.ts';
import type { FindSecret } from './find-secret.ts';
import { KeptTls } from './kept-tls.ts';
import { sentinelEvent } from './sentinel-event.ts';
import { SentinelGroup } from './sentinel-group.ts';
import type { SentinelGroupParts, SentinelTerms } from './sentinel-group.ts';
import { targetOf, watchPlanOf } from './watched-servers.ts';
import type { Unreachable, WatchPlan } from './watched-servers.ts';

export interface SentinelSetParts {
  /** Asked before each connection, with the secrets as they are then. */
  readonly findSecret: FindSecret;
  /** Told each time that {@link SentinelSet.seen} is another; not while it is asked to follow. */
  readonly onChange: () => void;
  /** Told when these servers of a cluster had better be looked at now. */
  readonly onHint: (cluster: string, servers: ReadonlySet<string> | 'all') => void;
  readonly onEvent?: OnEvent | undefined;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs?: (() => number) | undefined;
}

interface Followed {
  cluster: Cluster;
  failover: SentinelFailover;
  /** Who asks them, and how, as text. */
  how: string;
  readonly tls: KeptTls;
  readonly group: SentinelGroup;
}

export class SentinelSet {
  readonly #parts: SentinelSetParts;
  readonly #followed = new Map<string, Followed>();
  #seen: SeenSentinels | undefined;

  constructor(parts: SentinelSetParts) {
    this.#parts = parts;
  }

  /** By cluster, then by ADDRESS:PORT; another map after each change, and of a cluster another one after each there. */
  get seen(): SeenSentinels {
    return (this.#seen ??= new Map(
      Array.from(this.#followed, ([name, { group }]) => [name, group.seen] as const),
    ));
  }

  /** Those of these clusters from now on, and of no others. @param clusters as they are published. */
  follow(clusters: Iterable<Cluster>): void {
    const names = new Set<string>();
    for (const cluster of clusters) {
      const failover = sentinelOf(cluster);
      const plan = failover && watchPlanOf(cluster);
      if (failover === undefined || plan === undefined) continue;
      names.add(cluster.name);
      const followed = this.#followed.get(cluster.name);
      if (followed?.cluster !== cluster) this.#take(followed, cluster, failover, termsOf(cluster, failover, plan));
    }
    for (const [name, { group }] of this.#followed) {
      if (names.has(name)) continue;
      group.close();
      this.#followed.delete(name);
      this.#seen = undefined;
    }
  }

  /** Stops; safe to repeat. */
  close(): void {
    for (const { group } of this.#followed.values()) group.close();
  }

  #take(before: Followed | undefined, cluster: Cluster, failover: SentinelFailover, terms: SentinelTerms): void {
    const how = JSON.stringify([failover.username, failover.password, failover.tls]);
    this.#seen = undefined;
    if (before === undefined) {
      const group = this.#begin(cluster.name, terms, (address) => this.#findTarget(followed, address));
      const followed: Followed = { cluster, failover, how, tls: new KeptTls(), group };
      this.#followed.set(cluster.name, followed);
      return;
    }
    const isOther = before.how !== how;
    Object.assign(before, { cluster, failover, how });
    if (isOther) before.group.reconnect();
    before.group.terms = terms;
  }

  #begin(cluster: string, terms: SentinelTerms, findTarget: (address: string) => Target | Unreachable): SentinelGroup {
    const { onHint, onChange, onEvent, nowMs } = this.#parts;
    const parts: SentinelGroupParts = {
      findTarget,
      onChange: () => {
        this.#seen = undefined;
        onChange();
      },
      onHint: (servers) => onHint(cluster, servers),
      onMessage: (sentinel, message) => onEvent?.(sentinelEvent(cluster, sentinel, message)),
      nowMs,
    };
    return new SentinelGroup(parts, terms);
  }

  #findTarget({ failover, tls: kept, cluster }: Followed, address: string): Target | Unreachable {
    const { findSecret } = this.#parts;
    const { username, password, tls } = failover;
    const problem = findSecretProblem(sentinelRefsOf(cluster), findSecret);
    if (problem !== undefined) return { trouble: 'secret', detail: problem };
    const field = 'failover.password';
    const auth = password && { field, username, secret: password.secret };
    const refs = refsOfUpstreamTls('failover.tls', tls);
    const server = { address, ...parseServerAddress(address), auth };
    return targetOf(server, kept.get('failover.tls', tls, refs, findSecret), findSecret);
  }
}

function termsOf(cluster: Cluster, failover: SentinelFailover, plan: WatchPlan): SentinelTerms {
  const { master, sentinels: declared, nat_map: mapped = {} } = failover;
  const primary = cluster.kind === 'replicated' ? cluster.primary : undefined;
  return { master, declared, dialed: (said) => mapped[said] ?? said, plan, primary };
}
