// The servers of a cluster that is watched, and whom each is asked as.

import { serversOf } from '../inventory/cluster.ts';
import type { Cluster } from '../inventory/cluster.ts';
import { tlsRefsOf } from '../model/tls-refs.ts';
import { watchOf } from '../model/watch-defaults.ts';
import { formatAddress } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { parseDuration } from '../text/duration.ts';
import type { Credentials, Target } from './connection.ts';
import { findSecretProblem } from './find-secret.ts';
import type { FindSecret } from './find-secret.ts';
import type { KeptTls } from './kept-tls.ts';
import type { Thresholds } from './server-state.ts';
import type { ServerTls } from './upstream-tls.ts';

/** In ms, and in looks. */
export interface WatchPlan extends Thresholds {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** From one INFO to the next, at least; ROLE is asked at each look. */
  readonly infoIntervalMs: number;
}

export interface WatchedServer {
  /** ADDRESS:PORT. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly auth: Auth | undefined;
}

/** Who asks. */
interface Auth {
  readonly field: string;
  readonly username?: string | undefined;
  readonly secret: string;
}

/** Why it can't be asked at all. */
export interface Unreachable {
  readonly trouble: 'secret' | 'tls' | 'failed';
  /** One line. */
  readonly detail: string;
}

const anyMs = Number.MAX_SAFE_INTEGER;

// It costs a server more than all else that it is asked. Replicas tell in it whether they hear of their primary.
const rareInfoMs = 10_000;

/** Undefined: its servers are not watched. */
export function watchPlanOf(cluster: Cluster): WatchPlan | undefined {
  const terms = watchOf(cluster);
  if (terms === undefined) return undefined;
  return {
    intervalMs: parseDuration(terms.interval, anyMs),
    timeoutMs: parseDuration(terms.timeout, anyMs),
    infoIntervalMs: cluster.kind === 'replicated' ? 0 : rareInfoMs,
    downAfter: terms.down_after,
    upAfter: terms.up_after,
  };
}

/** Of a cluster that is watched, in the order in which it has them. */
export function watchedServersOf(cluster: Cluster): WatchedServer[] {
  return serversOf(cluster).map(({ address: host, port, upstream_auth: own }) => watchedServerAt(cluster, { host, port }, own));
}

/** One server of a cluster that is watched. @param ownAuth of the server itself. */
export function watchedServerAt(cluster: Cluster, at: Address, ownAuth?: Cluster['upstream_auth']): WatchedServer {
  const watch = watchOf(cluster);
  const auth = ownAuth ?? cluster.upstream_auth;
  return {
    address: formatAddress(at),
    ...at,
    auth:
      watch?.password !== undefined
        ? { field: 'watch.password', username: watch.username, secret: watch.password.secret }
        : auth && { field: 'upstream_auth.password', username: auth.username, secret: auth.password.secret },
  };
}

/** Whom to connect to, with the secrets as they are now. @param tls of its cluster. */
export function targetOf(
  { host, port, auth }: WatchedServer,
  tls: ServerTls | undefined,
  findSecret: FindSecret,
): Target | Unreachable {
  if (tls !== undefined && 'problem' in tls) return { trouble: 'tls', detail: tls.problem };
  const problem = auth && findSecretProblem([{ ...auth, kind: 'password' }], findSecret);
  if (problem !== undefined) return { trouble: 'secret', detail: problem };
  return { host, port, tls: tls?.options, credentials: auth && findCredentials(auth, findSecret) };
}

/** The same of a server of a cluster. @param kept of the cluster. */
export function targetIn(
  cluster: Cluster,
  server: WatchedServer,
  kept: KeptTls,
  findSecret: FindSecret,
): Target | Unreachable {
  const refs = tlsRefsOf(cluster);
  const problem = findSecretProblem(refs, findSecret);
  if (problem !== undefined) return { trouble: 'secret', detail: problem };
  return targetOf(server, kept.get('upstream_tls', cluster.upstream_tls, refs, findSecret), findSecret);
}

function findCredentials({ username, secret }: Auth, findSecret: FindSecret): Credentials | undefined {
  const password = findSecret(secret);
  return password?.kind === 'password' ? { username, password: password.value } : undefined;
}
