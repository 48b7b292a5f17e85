// What a snapshot tells Envoys, read back in few words.

import assert from 'node:assert/strict';
import { decodeMessage } from '../../src/proto/protos.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';

/** By cluster, sorted: its prefix, then its endpoints as `ADDRESS:PORT`. Undefined: there is no snapshot. */
export type Served = Readonly<Record<string, readonly string[]>> | undefined;

/** Reads load assignments and routes back from their bytes. */
export function describeServed(snapshot: Snapshot | undefined): Served {
  if (snapshot === undefined) return undefined;
  const prefixes = readPrefixes(snapshot);
  const { resources } = snapshot.resources('endpoint', dialects.v3.ads);
  assert.equal(prefixes.size, resources.size);
  return Object.fromEntries(
    [...resources.values()].map(({ name, value }) => {
      const { endpoints = [] } = decodeMessage(messageNames.v3.endpoint, value) as LoadAssignment;
      const lbEndpoints = endpoints.flatMap((locality) => locality.lb_endpoints);
      const addresses = lbEndpoints.map(({ endpoint }) => formatSocketAddress(endpoint.address.socket_address));
      return [name, [prefixes.get(name) ?? 'no route', ...addresses]];
    }),
  );
}

function readPrefixes(snapshot: Snapshot): ReadonlyMap<string, string> {
  const [resource] = snapshot.resources('route', dialects.v3.ads).resources.values();
  assert.ok(resource !== undefined);
  const { virtual_hosts: hosts = [] } = decodeMessage(messageNames.v3.route, resource.value) as RouteConfiguration;
  const routes = hosts.flatMap((host) => host.routes ?? []);
  return new Map(routes.map(({ match, route }) => [route.cluster, match.prefix]));
}

function formatSocketAddress({ address, port_value: port }: SocketAddress): string {
  return `${address}:${port}`;
}

interface SocketAddress {
  readonly address: string;
  readonly port_value: number;
}

interface LoadAssignment {
  readonly endpoints?: readonly {
    readonly lb_endpoints: readonly {
      readonly endpoint: { readonly address: { readonly socket_address: SocketAddress } };
    }[];
  }[];
}

interface RouteConfiguration {
  readonly virtual_hosts?: readonly {
    readonly routes?: readonly {
      readonly match: { readonly prefix: string };
      readonly route: { readonly cluster: string };
    }[];
  }[];
}
