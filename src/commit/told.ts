// What the control plane has to tell of what it published, as events. Pure.

import type { Seen } from '../effective/seen.ts';
import type { Outages } from '../effective/verdicts-by-cluster.ts';
import type { NewEvent } from '../events/event.ts';
import type { Following } from '../failover/following.ts';
import type { GivenOrder } from '../orders/order.ts';
import type { Orders } from '../orders/standing.ts';
import type { Warning } from './published.ts';

/** A revision that was published. */
export interface ToldCommit {
  readonly revision: number;
  readonly author: string;
  /** '': none was given. */
  readonly message: string;
  readonly rollbackTo?: number | undefined;
  /** How many objects it changed. */
  readonly changes: number;
}

/** @param causeMs when it was asked for. */
export function commitEvent(commit: ToldCommit, causeMs: number): NewEvent {
  const { revision, author, message, rollbackTo, changes } = commit;
  const rollback = rollbackTo === undefined ? {} : { rollback_to: rollbackTo };
  return {
    type: 'commit',
    message: `revision ${revision} by ${author}${message === '' ? '' : `: ${message}`}`,
    causeMs,
    data: { revision, author, changes, ...rollback },
  };
}

export function orderEvent({ order, cluster, server, author, atMs, untilMs, message }: GivenOrder): NewEvent {
  const until = untilMs === undefined ? undefined : new Date(untilMs).toISOString();
  const how = [...(until === undefined ? [] : [` until ${until}`]), ...(message === undefined ? [] : [`: ${message}`])];
  return {
    type: 'order',
    cluster,
    server,
    message: `${nameOf(cluster, server)}: ${order} by ${author}${how.join('')}`,
    causeMs: atMs,
    data: { order, author, ...(until !== undefined && { until }) },
  };
}

/** Of orders whose time was over between the two. */
export function endedOrderEvents(before: Orders, after: Orders, nowMs: number): NewEvent[] {
  const isEnded = ({ untilMs = Infinity }: Orders[number]): boolean => untilMs <= nowMs;
  return before.filter((each) => isEnded(each) && !after.includes(each)).map(({ order, cluster, server, untilMs }) => ({
    type: 'order',
    cluster,
    server,
    message: `${nameOf(cluster, server)}: ${order} is over, its time has come`,
    causeMs: untilMs,
    data: { order, is_over: true },
  }));
}

/** Of servers that were left out for their health between the two, and of those that were let in again. */
export function outageEvents(before: Outages, after: Outages, seen: Seen): NewEvent[] {
  const left = notIn(after, before).map(([cluster, server, { sinceMs, reason }]): NewEvent => {
    const message = `${nameOf(cluster, server)} is left out: ${reason}`;
    return { type: 'server-left-out', cluster, server, message, causeMs: sinceMs };
  });
  const back = notIn(before, after).map(([cluster, server]): NewEvent => {
    const found = seen.get(cluster)?.get(server);
    const causeMs = found?.state === 'up' ? found.sinceMs : undefined;
    return { type: 'server-back', cluster, server, message: `${nameOf(cluster, server)} is let in again`, causeMs };
  });
  return [...left, ...back];
}

export function followedEvent(cluster: string, following: Following, before: Following | undefined): NewEvent {
  const { topology, leader, sinceMs, why } = following;
  const [to = 'nobody', from = 'nobody'] = [topology.primary, before?.topology.primary];
  return {
    type: 'primary-changed',
    cluster,
    server: topology.primary,
    message: `cluster ${JSON.stringify(cluster)}: ${to} takes the writes, in place of ${from}: ${why}`,
    // Who is held, and let back, has been the primary all the time.
    causeMs: leader === before?.leader ? undefined : sinceMs,
    data: { to, from },
  };
}

/** Of warnings that came between the two, and of those that went. One that says another thing of the same is the same. */
export function troubleEvents(before: readonly Warning[], after: readonly Warning[]): NewEvent[] {
  const tell = (type: NewEvent['type'], all: readonly Warning[], known: readonly Warning[]): NewEvent[] => {
    const keys = new Set(known.map(keyOf));
    const others = new Map(all.filter((each) => !keys.has(keyOf(each))).map((each) => [keyOf(each), each]));
    return Array.from(others.values(), ({ code, message }) => ({ type, cluster: clusterOf(message), message, data: { code } }));
  };
  return [...tell('trouble-over', before, after), ...tell('trouble', after, before)];
}

type Outage = NonNullable<ReturnType<NonNullable<ReturnType<Outages['get']>>['get']>>;

function notIn(all: Outages, others: Outages): [cluster: string, server: string, outage: Outage][] {
  return Array.from(all).flatMap(([cluster, out]) => {
    const rest = Array.from(out).filter(([server]) => others.get(cluster)?.has(server) !== true);
    return rest.map(([server, outage]): [string, string, Outage] => [cluster, server, outage]);
  });
}

function nameOf(cluster: string, server: string): string {
  return `cluster ${JSON.stringify(cluster)}: ${server}`;
}

// A warning begins with what it is about.
function keyOf({ code, message }: Warning): string {
  const about = /^(?:cluster|listener|secret) "(?:[^"\\]|\\.)*"/u.exec(message)?.[0] ?? message.split(':', 1)[0];
  return `${code} ${about}`;
}

function clusterOf(message: string): string | undefined {
  const quoted = /^cluster ("(?:[^"\\]|\\.)*")/u.exec(message)?.[1];
  return quoted === undefined ? undefined : (JSON.parse(quoted) as string);
}
