// An order as it is asked for: by the rules, and as an entry of the log. And what orders take from clusters that are
// committed beside them. Pure.

import type { Followings } from '../failover/following.ts';
import type { ClusterEdit, Clusters } from '../inventory/cluster.ts';
import { InventoryError } from '../inventory/errors.ts';
import { leftOutBy } from '../orders/leave-out.ts';
import type { LeftOut } from '../orders/leave-out.ts';
import { isStandingVerb } from '../orders/order.ts';
import type { Order, OrderVerb } from '../orders/order.ts';
import { OrderError, findRefusal, findTaken } from '../orders/rules.ts';
import { findOrder, hasServer } from '../orders/standing.ts';
import type { Orders } from '../orders/standing.ts';
import type { OrderEntry } from '../store/log-store.ts';
import type { Finding, OrderRequest } from './desk.ts';
import type { Warning } from './warnings.ts';

/** What an order is held against. */
export interface Ground {
  /** As they are committed. */
  readonly declared: Clusters;
  /** As they are published before any server is left out: with servers that are found, and without some. */
  readonly clusters: Clusters;
  /** That stand. */
  readonly orders: Orders;
  /** Wall-clock time (Unix, ms). */
  readonly nowMs: number;
}

/**
 * Undefined: it is so already.
 * @throws InventoryError when no such server is committed; OrderError when it is refused.
 */
export function decideOrder(request: OrderRequest, { declared, clusters, orders, nowMs }: Ground): OrderEntry | undefined {
  const { order, cluster, server, author, forMs, message } = request;
  const current = findOrder(orders, request);
  // What stands can be taken back, whatever has become of the server.
  if (current === undefined || isStandingVerb(order)) requireServer(declared, clusters, request);
  const given = { type: 'order', order, cluster, server, author, atMs: nowMs, message } as const;
  if (!isStandingVerb(order)) return requireLift(current, order) ? given : undefined;
  requireAllowed(request, clusters, orders);
  const isSame = current?.order === order && current.untilMs === undefined && current.message === message;
  if (isSame && forMs === undefined) return undefined;
  return { ...given, untilMs: forMs === undefined ? undefined : nowMs + forMs };
}

function requireServer(declared: Clusters, clusters: Clusters, { cluster: name, server }: OrderRequest): void {
  const cluster = declared.get(name);
  const of = `cluster ${JSON.stringify(name)}`;
  if (cluster === undefined) throw new InventoryError('cluster-not-found', `${of}: is not committed`);
  if ([cluster, clusters.get(name)].some((each) => each !== undefined && hasServer(each, server))) return;
  throw new InventoryError('endpoint-not-found', `${of}: no server ${server} of it is committed`);
}

function requireAllowed(request: OrderRequest, clusters: Clusters, orders: Orders): void {
  const { cluster: name, server, order, force } = request;
  const cluster = clusters.get(name);
  const others = new Set(leftOutBy(orders).get(name)).difference(new Set([server]));
  const refusal = cluster && findRefusal(cluster, server, others);
  if (refusal === undefined || (refusal.isForcible && force === true)) return;
  const remedy = refusal.isForcible ? '; force it if it is meant' : '';
  const what = `cluster ${JSON.stringify(name)}: server ${server}: can't ${order}`;
  throw new OrderError(refusal.code, `${what}: ${refusal.reason}${remedy}`);
}

/** False when there is nothing to be taken back. @throws OrderError */
function requireLift(current: Order | undefined, verb: OrderVerb): boolean {
  if (current === undefined) return false;
  const lifting = current.order === 'drain' ? 'undrain' : 'enable';
  if (verb === lifting) return true;
  const what = `cluster ${JSON.stringify(current.cluster)}: server ${current.server}`;
  throw new OrderError('other-order', `${what}: it was told to ${current.order}: ${lifting} takes that back`);
}

/** Edits after which servers that are left out are missed, and were not before. @param before as it is committed. */
export function findMissed(edits: readonly ClusterEdit[], before: Clusters, orders: Orders): Finding[] {
  const leftOut = leftOutBy(orders);
  return edits.flatMap(({ name, after }) => {
    const servers = leftOut.get(name);
    if (after === undefined || servers === undefined) return [];
    const there = new Set(Array.from(servers).filter((server) => hasServer(after, server)));
    const old = before.get(name);
    const takenBefore = old === undefined ? [] : findTaken(old, servers);
    const known = new Set(takenBefore.map(({ server, code }) => `${server} ${code}`));
    return findTaken(after, there)
      .filter(({ server, code }) => !known.has(`${server} ${code}`))
      .map(({ server, reason }) => ({ code: 'left-out-by-order', message: describe(name, server, reason) }));
  });
}

/**
 * Without those of servers that were made the primary since: who ordered it did not know, and nobody would take writes.
 */
export function ordersInForce(orders: Orders, followings: Followings): Orders {
  const isOver = ({ cluster, server, atMs }: Order): boolean => {
    const following = followings.get(cluster);
    return following?.leader === server && following.why !== 'declared' && following.sinceMs > atMs;
  };
  return orders.some(isOver) ? orders.filter((order) => !isOver(order)) : orders;
}

/**
 * Of what is published: the servers that are left out, though they are missed, and those that are not for being it.
 * @param clusters as they are before any server is left out.
 */
export function warnOfMissed(clusters: Clusters, orders: Orders, leftOut: LeftOut): Warning[] {
  const code = 'left-out-by-order';
  const missed = Array.from(leftOut).flatMap(([name, servers]) => {
    const cluster = clusters.get(name);
    if (cluster === undefined) return [];
    return findTaken(cluster, servers).map(({ server, reason }): Warning => {
      return { code, message: describe(name, server, reason) };
    });
  });
  const kept = orders.filter(({ cluster, server }) => leftOut.get(cluster)?.has(server) !== true);
  return [...missed, ...kept.map(({ cluster, server }): Warning => {
    const what = `cluster ${JSON.stringify(cluster)}: server ${server} is published in spite of an order`;
    return { code, message: `${what}: it has become the primary since` };
  })];
}

function describe(cluster: string, server: string, reason: string): string {
  return `cluster ${JSON.stringify(cluster)}: server ${server} is left out by an order, and ${reason}`;
}
