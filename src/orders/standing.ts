// Which orders stand: after one more, after a commit, and at a time. Pure.

import { serversOf } from '../inventory/cluster.ts';
import type { Cluster, ClusterEdit } from '../inventory/cluster.ts';
import { serverNameOf } from '../net/address.ts';
import { isStandingVerb } from './order.ts';
import type { GivenOrder, Order, ServerRef } from './order.ts';

/** In order of cluster, then server, by code unit; each server once. Some of them may be over. */
export type Orders = readonly Order[];

/** False from its last moment on. */
export function isStanding({ untilMs = Infinity }: Pick<Order, 'untilMs'>, nowMs: number): boolean {
  return untilMs > nowMs;
}

/** Those whose time is not over; the same list when that is all. */
export function standingAt(orders: Orders, nowMs: number): Orders {
  const standing = orders.filter((order) => isStanding(order, nowMs));
  return standing.length === orders.length ? orders : standing;
}

/** With the order in place of the one before, or without that one; what is over by then is gone too. */
export function withOrder(orders: Orders, given: GivenOrder): Orders {
  const others = standingAt(orders, given.atMs).filter((each) => !isSameServer(each, given));
  const { order, cluster, server, author, atMs, untilMs, message } = given;
  if (!isStandingVerb(order)) return others;
  return [...others, { order, cluster, server, author, atMs, untilMs, message }].sort(compareServerRefs);
}

/** Those that a commit leaves: of servers that it does not take, and not over when it is made. */
export function ordersAfterCommit(orders: Orders, edits: readonly ClusterEdit[], atMs: number): Orders {
  const standing = standingAt(orders, atMs);
  if (standing.length === 0) return standing;
  const after = new Map(edits.map((edit) => [edit.name, edit.after]));
  const stays = ({ cluster: name, server }: Order): boolean => {
    if (!after.has(name)) return true;
    const cluster = after.get(name);
    return cluster !== undefined && hasServer(cluster, server);
  };
  return standing.every(stays) ? standing : standing.filter(stays);
}

/** When the first of them is over; undefined: none ever is. */
export function firstEndOf(orders: Orders): number | undefined {
  const ends = orders.flatMap(({ untilMs }) => untilMs ?? []);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

export function findOrder(orders: Orders, server: ServerRef): Order | undefined {
  return orders.find((each) => isSameServer(each, server));
}

/** @param server ADDRESS:PORT in its canonical spelling. */
export function hasServer(cluster: Cluster, server: string): boolean {
  return serversOf(cluster).some((each) => serverNameOf(each) === server);
}

/** In order of cluster, then server, by code unit. */
export function compareServerRefs(a: ServerRef, b: ServerRef): number {
  return compare(a.cluster, b.cluster) || compare(a.server, b.server);
}

function isSameServer(a: ServerRef, b: ServerRef): boolean {
  return a.cluster === b.cluster && a.server === b.server;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
