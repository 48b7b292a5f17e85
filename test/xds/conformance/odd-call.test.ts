// Calls that begin, speak or end as few clients do, by what gRPC and HTTP/2 allow. Every
// test has a witness that must notice nothing.

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';

import { encodeMessage } from '../../../src/proto/protos.ts';
import type { ByteCall, Connection } from '../../support/xds/byte-call.ts';
import { scenarioOfBoth } from '../../support/xds/both-protocols.ts';
import type { ProtocolUnderTest } from '../../support/xds/both-protocols.ts';
import { addCluster, addEndpoint } from '../../support/xds/changes.ts';
import { kinds, typeUrlOf } from '../../support/xds/discovery-api.ts';
import { FrameConnection, callFrame, requestFrame, resetFrame } from '../../support/xds/frame-connection.ts';
import type { Http2Connection } from '../../support/xds/http2-connection.ts';
import { RecordingObserver } from '../../support/xds/observed-xds.ts';
import { portsOf } from '../../support/xds/resource-content.ts';
import { serveXds } from '../../support/xds/served-xds.ts';
import type { Scope, ServedXds } from '../../support/xds/served-xds.ts';
import { allVariants } from '../../support/xds/wire-variant.ts';
import type { WireVariant } from '../../support/xds/wire-variant.ts';
import { waitUntil } from '../../support/wait-until.ts';

const wanted = { cluster: [], endpoint: ['a'], listener: [], route: ['generic_route'] };

interface Scene {
  readonly xds: ServedXds;
  /** The witness's. */
  readonly connection: Http2Connection;
  /** Asserts that as many streams were opened meanwhile, that none is left, and that the witness is served. */
  assertNothingLeft(opened: number, run: () => Promise<void>): Promise<void>;
}

async function prepare(t: Scope, variant: WireVariant, protocol: ProtocolUnderTest): Promise<Scene> {
  const observer = new RecordingObserver(() => true);
  const xds = await serveXds(t, { observer });
  xds.commit(...addCluster('a', 6379));
  const connection = xds.connectByHand();
  const witness = protocol.client(connection, variant, 'witness');
  await witness.hold(wanted);
  const { streamCount } = xds;
  const untilNothingLeft = (): Promise<unknown> =>
    waitUntil('no other stream is left', () => xds.hub.streams.size === streamCount);
  const assertNothingLeft: Scene['assertNothingLeft'] = async (opened, run) => {
    // The fence's, perhaps.
    await untilNothingLeft();
    const { open: openBefore = 0 } = observer.counts();
    await run();
    await waitUntil('every stream was opened', () => observer.counts()['open'] === openBefore + opened);
    await untilNothingLeft();
    xds.commit(addEndpoint('a', 6380));
    assert.deepEqual(portsOf((await witness.takeAndAck('endpoint')).resources[0]), [6379, 6380]);
    await witness.assertQuiet();
    assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 40), [], 'nothing worth a warning');
  };
  return { xds, connection, assertNothingLeft };
}

for (const what of ['its headers', 'its first request']) {
  scenarioOfBoth(`STR-02 a reset together with ${what} leaves nothing`, allVariants, async (t, variant, protocol) => {
    const { xds, assertNothingLeft } = await prepare(t, variant, protocol);
    const { apiVersion } = variant;
    const fields = { node: { id: 'gone' }, type_url: typeUrlOf(apiVersion, 'cluster') };
    const request = encodeMessage(protocol.requestOf(apiVersion), fields);
    const frames = new FrameConnection(xds.port);
    t.after(() => frames.close());
    const calls = 100;
    await assertNothingLeft(calls, async () => {
      for (let streamId = 1; streamId < 2 * calls; streamId += 2) {
        const requests = what === 'its headers' ? [] : [requestFrame(streamId, request)];
        frames.send(callFrame(streamId, protocol.pathOf(variant, 'cluster')), ...requests, resetFrame(streamId));
      }
      await frames.ping();
    });
  });
}

scenarioOfBoth('STR-02 headers that end the call are answered OK', allVariants, async (t, variant, protocol) => {
  const { connection, assertNothingLeft } = await prepare(t, variant, protocol);
  await assertNothingLeft(1, async () => {
    const call = connection.call(protocol.pathOf(variant, 'cluster'), () => assert.fail('an answer'), {}, true);
    assert.deepEqual(await call.ended, { code: 'OK', details: '' });
  });
});

const deadlineMs = 200;

/** Two ways to call with a deadline: the server alone sees to it, or client and server do. */
const deadlines: Readonly<Record<string, (scene: Scene) => Connection>> = {
  'that only the server sees to': ({ connection }) => ({
    call: (path, onMessage) => connection.call(path, onMessage, { 'grpc-timeout': `${deadlineMs}m` }),
    fence: () => connection.fence(),
  }),
  'of a gRPC client': ({ xds }) => {
    const connection = xds.connect();
    return {
      call: (path, onMessage) => connection.call(path, onMessage, { deadline: Date.now() + deadlineMs }),
      fence: () => connection.fence(),
    };
  },
};

for (const [whose, connect] of Object.entries(deadlines)) {
  scenarioOfBoth(`STR-02 a deadline ${whose} leaves nothing`, allVariants, async (t, variant, protocol) => {
    const scene = await prepare(t, variant, protocol);
    const connection = connect(scene);
    await connection.fence();
    await scene.assertNothingLeft(1, async () => {
      const client = protocol.client(connection, variant, 'late');
      client.subscribe('endpoint', 'a');
      assert.equal((await client.stream('endpoint').ended).code, 'DEADLINE_EXCEEDED');
    });
  });
}

/** Every third request of a call is compressed, the first one too. */
function compressSome(connection: Http2Connection): Connection {
  const call = (path: string, onMessage: (message: Buffer) => void): ByteCall => {
    const started = connection.call(path, onMessage, { 'grpc-encoding': 'gzip' });
    const send = started.send.bind(started);
    let sent = 0;
    started.send = (message) => {
      if (sent % 3 === 0) send(gzipSync(message), true);
      else send(message);
      sent += 1;
    };
    return started;
  };
  return { call, fence: () => connection.fence() };
}

scenarioOfBoth('BAD-06 a request is compressed or not, as it likes', allVariants, async (t, variant, protocol) => {
  const { xds, connection, assertNothingLeft } = await prepare(t, variant, protocol);
  const streams = variant.isAggregated ? 1 : kinds.length;
  await assertNothingLeft(streams, async () => {
    const client = protocol.client(compressSome(connection), variant, 'compressing');
    for (const kind of kinds) {
      client.subscribe(kind, ...wanted[kind]);
      await client.takeAndAck(kind);
    }
    const statesOf = (nodeId: string): string[] => {
      const statuses = Array.from(xds.hub.streams, (stream) => stream.status());
      return statuses.flatMap(({ node, types }) => (node?.id === nodeId ? types.map(({ state }) => state) : []));
    };
    await waitUntil('every ACK is taken', () => isDeepStrictEqual(statesOf('compressing'), kinds.map(() => 'synced')));
    client.cancel();
  });
});
