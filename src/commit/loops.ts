// Servers that are an Envoy's own listener, which leads to them: a command would go round in a circle. Pure.

import { serversOf } from '../inventory/cluster.ts';
import type { Cluster, Endpoint } from '../inventory/cluster.ts';
import type { Listener } from '../model/objects.ts';
import { clustersOf, listTargets } from '../model/redis-targets.ts';
import { formatAddress, isLoopback, parseIpAndPort } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { findPublished, redisListenerName } from '../render/implicit-listeners.ts';
import type { RenderOptions } from '../render/options.ts';
import type { NodeGroup } from '../snapshot/snapshot.ts';
import { haveNodesInCommon } from './node-groups.ts';

/** A listener, and where it listens. */
export interface BoundListener {
  readonly listener: Listener;
  readonly address: Address;
  /** Node groups that have another one of this name in its place. */
  readonly notFor?: readonly NodeGroup[] | undefined;
}

export interface Loop {
  readonly endpoint: Endpoint;
  readonly bound: BoundListener;
}

/** Every listener that has an address, the one that is there without being declared first. */
export function findBoundListeners(
  declared: ReadonlyMap<string, Listener>,
  options: RenderOptions,
): readonly BoundListener[] {
  const names = new Set([redisListenerName, ...declared.keys()]);
  const published = Array.from(names, (name) => ({ listener: findPublished(name, declared.get(name), options) }));
  const notFor = declared.get(redisListenerName)?.groups;
  const ofOthers = { listener: notFor && findPublished(redisListenerName, undefined, options), notFor };
  return [...published, ofOthers].flatMap(({ listener, ...rest }) => {
    if (listener?.address === undefined) return [];
    return [{ listener, address: parseIpAndPort(listener.address), ...rest }];
  });
}

/** The endpoints of a cluster that are a listener which leads to it. */
export function findLoops(cluster: Cluster, listeners: readonly BoundListener[]): Loop[] {
  return listeners.flatMap((bound) => {
    const { listener, address } = bound;
    if (!leadsTo(listener, cluster) || !areTogether(bound, cluster)) return [];
    return serversOf(cluster).flatMap((endpoint) => (isListener(endpoint, address) ? [{ endpoint, bound }] : []));
  });
}

/** One line. */
export function describeLoop({ name }: Cluster, { endpoint, bound: { listener, address } }: Loop): string {
  const [server, listened] = [{ host: endpoint.address, port: endpoint.port }, address].map(formatAddress);
  const which =
    listener.name === redisListenerName
      ? `the Redis listener of each Envoy itself (--redis-listener ${listened})`
      : `the listener ${JSON.stringify(listener.name)} of each Envoy itself (${listened})`;
  return (
    `cluster ${JSON.stringify(name)}: endpoint ${server} is ${which}: ` +
    'a command would go round in a circle until it times out'
  );
}

// A route for each cluster is a way to every cluster: one without a prefix may be the catch-all.
function leadsTo(listener: Listener, { name }: Cluster): boolean {
  if (listener.kind === 'tcp') return listener.cluster === name;
  const { routes = 'auto' } = listener;
  if (routes === 'auto') return true;
  if (listener.kind === 'http') return routes.some(({ cluster }) => cluster === name);
  return listTargets(listener).some((target) => clustersOf(target).includes(name));
}

// Some Envoy has both.
function areTogether({ listener, notFor = [] }: BoundListener, { groups }: Cluster): boolean {
  if (groups?.every((group) => notFor.includes(group)) === true) return false;
  return haveNodesInCommon(listener, { groups });
}

function isListener(endpoint: Endpoint, { host, port }: Address): boolean {
  if (endpoint.port !== port) return false;
  const address = destinationOf(endpoint.address);
  return address === host || (isLoopback(address) && isListenedTo(address, host));
}

// Who connects to "any address" reaches the loopback address of the family.
function destinationOf(address: string): string {
  if (address === '0.0.0.0' || /^localhost\.?$/u.test(address)) return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

// Our listeners on :: take IPv4 too, those on 0.0.0.0 nothing but IPv4.
function isListenedTo(loopback: string, host: string): boolean {
  return host === '::' || (host === '0.0.0.0' && loopback !== '::1');
}
