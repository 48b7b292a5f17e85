// Clients that leave their HTTP/2 window at zero, and read when they are told to.

import assert from 'node:assert/strict';

import type { DiscoveryClient, ProtocolUnderTest } from './both-protocols.ts';
import { kinds } from './discovery-api.ts';
import type { Kind } from './discovery-api.ts';
import type { Http2Connection } from './http2-connection.ts';
import type { ServedXds } from './served-xds.ts';
import type { WireVariant } from './wire-variant.ts';

/** A client with a window of zero, whose subscriptions the server has begun to answer. */
export async function connectSlowly<Client extends DiscoveryClient>(
  xds: ServedXds,
  protocol: ProtocolUnderTest<Client>,
  variant: WireVariant,
  names: Readonly<Partial<Record<Kind, readonly string[]>>>,
): Promise<{ client: Client; connection: Http2Connection }> {
  const connection = xds.connectByHand(0);
  const client = protocol.client(connection, variant);
  for (const kind of kinds) if (names[kind] !== undefined) client.subscribe(kind, ...names[kind]);
  await untilTaken(xds, connection);
  assert.equal(client.responseCount, 0);
  return { client, connection };
}

/** Resolves when the server has had its turn for what was sent on a connection that can't be read from. */
export async function untilTaken(xds: ServedXds, connection: Http2Connection): Promise<void> {
  await connection.ping();
  await xds.connect().fence();
}

/** Reads until the server has nothing more to say; every response is ACKed. */
export async function readAll<Response extends { readonly kind: Kind }>(client: {
  readonly connection: DiscoveryClient['connection'];
  readonly unread: readonly Response[];
  takeAndAck(kind: Kind): Promise<Response>;
}): Promise<Response[]> {
  const all: Response[] = [];
  await client.connection.fence();
  while (client.unread.length > 0) {
    for (const { kind } of client.unread) all.push(await client.takeAndAck(kind));
    await client.connection.fence();
  }
  return all;
}
