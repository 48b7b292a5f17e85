// A witness: a stream that must notice nothing of what happens beside it, on the same connection.

import assert from 'node:assert/strict';

import type { DiscoveryClient, DiscoveryStream, ProtocolUnderTest } from './both-protocols.ts';
import type { Connection } from './byte-call.ts';
import { addCluster, addEndpoint } from './changes.ts';
import type { Kind } from './discovery-api.ts';
import { portsOf } from './resource-content.ts';
import { serveXds } from './served-xds.ts';
import type { Scope, ServedXds } from './served-xds.ts';
import type { WireVariant } from './wire-variant.ts';

const ports = { first: 6379, later: 6380 };

/** A server with the cluster `a`, and a witness on one connection to it. */
export interface WitnessedScene<Wire extends Connection, Stream extends DiscoveryStream> {
  readonly xds: ServedXds;
  readonly connection: Wire;
  /** A stream beside the witness. */
  open(kind?: Kind): Stream;
  /** Asserts that the witness is still served. */
  assertWitnessServed(): Promise<void>;
}

export async function placeWitness<Wire extends Connection, Stream extends DiscoveryStream>(
  t: Scope,
  variant: WireVariant,
  protocol: ProtocolUnderTest<DiscoveryClient, Stream>,
  connect: (xds: ServedXds) => Wire,
): Promise<WitnessedScene<Wire, Stream>> {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', ports.first));
  const connection = connect(xds);
  const witness = protocol.client(connection, variant, 'witness');
  await witness.hold({ cluster: [], endpoint: ['a'] });
  return {
    xds,
    connection,
    open: (kind = 'cluster') => protocol.stream(connection, variant, kind, { id: 'bad' }),
    assertWitnessServed: async () => {
      xds.commit(addEndpoint('a', ports.later));
      assert.deepEqual(portsOf((await witness.takeAndAck('endpoint')).resources[0]), [ports.first, ports.later]);
      await witness.assertQuiet();
    },
  };
}
