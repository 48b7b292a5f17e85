// A cluster `x` that a client holds, and its replacement by `y`: where make before break shows.

import assert from 'node:assert/strict';

import type { DiscoveryClient, ProtocolUnderTest } from './both-protocols.ts';
import { addCluster, removeCluster } from './changes.ts';
import type { Kind, UsualKind } from './discovery-api.ts';
import { clustersRoutedTo } from './resource-content.ts';
import { serveXds } from './served-xds.ts';
import type { Scope, ServedXds, ServedXdsOptions } from './served-xds.ts';
import type { WireVariant } from './wire-variant.ts';

/** A client that holds cluster `x` and a listener and a route that name it. */
export async function holdX<Client extends DiscoveryClient>(
  t: Scope,
  protocol: ProtocolUnderTest<Client>,
  variant: WireVariant,
  options: ServedXdsOptions = {},
): Promise<{ xds: ServedXds; client: Client }> {
  const xds = await serveXds(t, options);
  xds.commit(...addCluster('x', 6379));
  const client = protocol.client(xds.connect(), variant);
  await client.hold({ cluster: [], endpoint: ['x'], listener: [], route: ['generic_route'] });
  return { xds, client };
}

export function swapXForY(xds: ServedXds): void {
  xds.commit(...removeCluster('x', 6379), ...addCluster('y', 6380));
}

/** Takes the next response, whatever its type, and asserts the type. Of a listener it gives the clusters routed to. */
export async function takeNext(client: DiscoveryClient, kind: Kind): Promise<readonly string[]> {
  const response = await client.nextOfAny();
  assert.equal(response.kind, kind);
  if (kind === 'listener') return clustersRoutedTo(client.variant.apiVersion, response.resources[0]);
  return response.changes;
}

/** Orders in which a client may ask for its types. */
export const subscriptionOrders: readonly (readonly UsualKind[])[] = [
  ['cluster', 'endpoint', 'listener', 'route'],
  ['route', 'listener', 'endpoint', 'cluster'],
];
