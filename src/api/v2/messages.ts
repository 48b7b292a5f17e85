// What /api/v2 answers, as it stands on the wire. Times are ISO 8601, in UTC; what is not known is null.

import type { SyncState } from '../../xds/stream-status.ts';

export type { SyncState };

/** An error, as application/problem+json (RFC 9457). */
export interface ProblemMessage {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

/** How things stand with what is committed, whatever the Envoys say to it. */
export interface PublishedMessage {
  /** What is committed, may be meant so, and hurts; empty when there is nothing to warn of. */
  readonly warnings: readonly WarningMessage[];
  readonly draining: readonly DrainingMessage[];
  /** Changes of the routes that connections have not all followed, oldest first. */
  readonly old_routes: readonly OldRoutesMessage[];
}

/** `message` is one line. */
export interface WarningMessage {
  readonly code: 'no-catch-all' | 'endpoint-is-listener' | 'names-exceed-limits';
  readonly message: string;
}

/** A removed cluster that is still published to Envoys whose connections may use it. */
export interface DrainingMessage {
  readonly name: string;
  readonly until: string;
  /** The cluster that has its keys now, or had them last: it is given its endpoints; null: it keeps its own. */
  readonly successor: string | null;
}

/**
 * Connections that were opened before `since` send keys elsewhere than newer ones do, until they are closed, which is
 * `until` at the latest, if Envoy's drain time is no longer than `--drain-time`. `count` is the number of routes that
 * differ, `routes` has the first of them.
 */
export interface OldRoutesMessage {
  readonly since: string;
  readonly until: string;
  readonly count: number;
  readonly routes: readonly OldRouteMessage[];
}

/** `prefix` is null for keys that no prefix matches, a cluster where they find no server. */
export interface OldRouteMessage {
  readonly prefix: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

/** The answer to `GET /api/v2/clients`. */
export interface ClientsMessage extends PublishedMessage {
  /**
   * True when all that are connected are in sync and nobody is missing, as `gone` and `returning` have it; where it was
   * asked for by `at_least` or `expect`, `expected` has the word instead of these two. Of all clients, also when only
   * some were asked for.
   */
  readonly in_sync: boolean;
  /** Sorted by time; for a while, see `--gone-time`. */
  readonly gone: readonly GoneMessage[];
  /** Null unless the control plane started so lately that Envoys may be yet to come back to it. */
  readonly returning: ReturningMessage | null;
  /** Null unless it was asked for. */
  readonly expected: ExpectedMessage | null;
  /** Sorted by node id, then by peer. */
  readonly clients: readonly ClientMessage[];
}

/** A node that was connected and is not. */
export interface GoneMessage {
  readonly node_id: string;
  readonly gone_since: string;
  readonly connected_since: string;
}

export interface ReturningMessage {
  readonly started: string;
  readonly started_ms_ago: number;
}

/** Whether so many nodes as `at_least` says, and those that `expect` names, are in sync. */
export interface ExpectedMessage {
  readonly at_least: number | null;
  readonly expect: readonly string[];
  /** How many nodes are in sync, on each of their connections. */
  readonly in_sync: number;
  /** Those of `expect` that are not. */
  readonly missing: readonly string[];
  readonly is_met: boolean;
}

/** How streams speak xDS. Null where they differ, as when an Envoy takes its listeners by a stream of their own. */
export interface ModeMessage {
  readonly api_version: 'v2' | 'v3' | null;
  readonly mode: 'sotw' | 'delta' | null;
  /** True: all types on one stream; false: a stream per type, and of endpoints often one per cluster. */
  readonly aggregated: boolean | null;
}

/** One Envoy on one connection. */
export interface ClientMessage extends ModeMessage {
  /** Address and port that it connects from. */
  readonly peer: string;
  /** As it names itself; '' where it does not. */
  readonly node: {
    readonly id: string;
    readonly cluster: string;
    /** Usually "envoy". */
    readonly user_agent: string;
    /** As "1.40.0". */
    readonly user_agent_version: string;
  };
  /** Its open streams. */
  readonly streams: number;
  /** When the oldest of them was opened. */
  readonly connected_since: string;
  /** The worst of its types: error, stale, not-sent, synced, in this order; not-sent when it has none. */
  readonly state: SyncState;
  /** Why it is not-sent when it has no types; else null, and its types say why. */
  readonly reason: string | null;
  /** Those that it asked for, or has to, see `unasked`: clusters, endpoints, listeners, routes, in this order. */
  readonly types: readonly TypeMessage[];
  /** Types that it asked for and that are not published: the first 16. They are not answered. */
  readonly unknown_types: readonly string[];
  /** Clusters that it took, and whose endpoints it has asked for nowhere since: it can't use them. */
  readonly unasked: UnaskedMessage | null;
}

/** `names` has the first ten, sorted. */
export interface UnaskedMessage {
  readonly count: number;
  readonly names: readonly string[];
  /** When the client took its clusters. */
  readonly since: string;
}

/** How things stand with one type of a client. Where it has a stream per cluster, these are taken together. */
export interface TypeSyncMessage {
  readonly type: 'cluster' | 'endpoint' | 'listener' | 'route';
  readonly type_url: string;
  readonly state: SyncState;
  /** Why it is not synced: the text of the refusal, or what is waited for; null when it is. */
  readonly reason: string | null;
  /**
   * Null when nothing was sent, or when there is no one version for all its streams; so is the next. Where it has a
   * stream per cluster, it is the version of all together, as an aggregated stream has it. The same content has another
   * version in v2 than in v3, and of clusters on streams per type. In sync, two may differ too: what drains is held
   * only by who had it, and who takes listeners from here has the stand-in endpoint of a cluster without servers.
   */
  readonly version_sent: string | null;
  readonly version_acked: string | null;
  /** True when it accepted nothing yet and runs what an earlier stream brought; it does not say which version. */
  readonly runs_earlier: boolean;
  /** When the oldest response was sent that is not answered yet; null when all are. */
  readonly unacked_since: string | null;
  /**
   * Since when a response waits in our send buffer, of whatever type of the same stream, because the client does not
   * read; null when none does. While one waits, nothing newer is sent.
   */
  readonly unwritten_since: string | null;
  /** In state error the refusal that `reason` tells; else the last, however long ago and whatever came after it. */
  readonly last_nack: NackMessage | null;
}

/**
 * `names` are the first ten of those that the refused push changed; Envoy's `message` mostly says which was bad.
 * `in_force` is true when the client runs this version: what it refused is an earlier push.
 */
export interface NackMessage {
  readonly at: string;
  readonly version: string;
  readonly message: string;
  readonly names: readonly string[];
  readonly in_force: boolean;
}

export interface TypeMessage extends TypeSyncMessage, ModeMessage {
  /**
   * What it asked for; `names` has the first 100 of the `count` that it asked for by name, sorted. When its streams ask
   * for more than 20,000, names that several of them ask for count several times.
   */
  readonly names: { readonly wildcard: boolean; readonly count: number; readonly names: readonly string[] };
  readonly bytes_sent: number;
}

/** The answer to `POST /api/v2/commit`; without `wait` it says nothing of the clients. */
export interface CommitMessage extends PublishedMessage {
  /** False when nothing was staged that differs from what is committed. */
  readonly changed: boolean;
}

/** The longest `wait` that is taken. */
export const maxWaitMs = 600_000;

/** The answer to `POST /api/v2/commit?wait=`. */
export interface ConvergedCommitMessage extends CommitMessage {
  /**
   * True when every client that was connected at the commit runs what was committed, and nobody is missing: see
   * `in_sync` of {@link ClientsMessage}.
   */
  readonly converged: boolean;
  /** From the commit to the end of the waiting. */
  readonly took_ms: number;
  readonly clients: {
    /** Connected at the commit, and still there: the sum of the next three. */
    readonly total: number;
    readonly in_sync: number;
    readonly refused: number;
    /** Neither ACKed nor refused everything, when the time was up. */
    readonly waiting: number;
  };
  /** Node ids, sorted: they were connected, at the commit or some minutes before, and are not now. */
  readonly gone: readonly string[];
  /** As {@link ClientsMessage} has them. */
  readonly returning: ReturningMessage | null;
  readonly expected: ExpectedMessage | null;
  /** One entry per client and type that is not synced; sorted as the clients are. */
  readonly not_in_sync: readonly NotInSyncMessage[];
}

/** `type` and `type_url` are null when the client asked for nothing that is published. */
export interface NotInSyncMessage extends Omit<TypeSyncMessage, 'type' | 'type_url'> {
  readonly node_id: string;
  readonly peer: string;
  readonly type: TypeSyncMessage['type'] | null;
  readonly type_url: string | null;
}

/** The answer to `POST /api/v2/retry`. */
export interface RetryMessage {
  /** Clients to which something is sent again, and of which types; sorted by node id, then by peer. */
  readonly retried: readonly {
    readonly node_id: string;
    readonly peer: string;
    readonly types: readonly TypeSyncMessage['type'][];
  }[];
  /** From the call to the end of the waiting. */
  readonly took_ms: number;
  /** Types that were sent again, and are not in sync at the end of the waiting. */
  readonly not_in_sync: readonly NotInSyncMessage[];
  /** Retried clients of which a stream has closed meanwhile, with what was sent again; sorted in the same way. */
  readonly gone: readonly { readonly node_id: string; readonly peer: string }[];
}

/** A line of `application/x-ndjson` before the last, which is the answer. Counts streams, not clients. */
export interface ProgressMessage {
  readonly settled: number;
  readonly total: number;
}
