// The shipped Envoy bootstraps as templates: a test changes nothing in them but where things listen and connect to, so
// that what is tested is what is shipped.

import { readFile } from 'node:fs/promises';

import { parse } from 'yaml';

import { checkoutPath } from './checkout.ts';

interface SocketAddress {
  address: string;
  port_value: number;
}

interface Address {
  socket_address: SocketAddress;
}

interface Cluster {
  name: string;
  load_assignment: { endpoints: { lb_endpoints: { endpoint: { address: Address } }[] }[] };
}

/** The parts of a v3 bootstrap that tests touch. */
export interface Bootstrap {
  node: { id: string; cluster: string };
  admin: { address: Address };
  dynamic_resources: Record<string, unknown>;
  static_resources: { listeners?: { name: string; address: Address }[]; clusters: Cluster[] };
}

/** Ports on 127.0.0.1. */
export interface LoopbackPorts {
  /** Where the control plane is instead. */
  readonly controlPlane?: string;
  readonly admin: number;
  readonly xds: number;
  /** Of the REST API, for a bootstrap that polls; without one that does not, it is not used. */
  readonly api?: number;
  /** For the static listener; left out where the control plane sends the listener. */
  readonly listener?: number;
}

/** Reads a bootstrap of the checkout, for example `envoy/redis-v3-ads.yaml`, as it is. */
export async function readBootstrap(path: string): Promise<Bootstrap> {
  return parse(await readFile(checkoutPath(path), 'utf8')) as Bootstrap;
}

/** A copy with its addresses moved to loopback. Throws when the bootstrap lacks what is to be moved. */
export function moveToLoopback(bootstrap: Bootstrap, ports: LoopbackPorts): Bootstrap {
  const moved = structuredClone(bootstrap);
  move(moved.admin.address, ports.admin);
  const portOf: Readonly<Record<string, number | undefined>> = { xds_cluster: ports.xds, xds_rest: ports.api };
  for (const { name, load_assignment: { endpoints } } of moved.static_resources.clusters) {
    move(endpoints[0]?.lb_endpoints[0]?.endpoint.address, portOf[name], ports.controlPlane);
  }
  if (ports.listener !== undefined) move(moved.static_resources.listeners?.[0]?.address, ports.listener);
  return moved;
}

/**
 * A copy with which Envoy leaves connections of a replaced filter chain open. By default it closes them after a reply,
 * now and then, whatever the control plane does.
 */
export function withoutDrainClose(bootstrap: Bootstrap): Bootstrap {
  const layer = { name: 'test', static_layer: { 'redis.drain_close_enabled': 0 } };
  return { ...bootstrap, ...{ layered_runtime: { layers: [layer] } } };
}

function move(address: Address | undefined, port: number | undefined, host = '127.0.0.1'): void {
  if (address === undefined || port === undefined) throw new Error('an address of the bootstrap has nowhere to move to');
  Object.assign(address.socket_address, { address: host, port_value: port });
}
