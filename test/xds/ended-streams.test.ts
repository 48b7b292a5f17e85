// What the log tells of streams that this side ends, whoever on this side does it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { encodeMessage } from '../../src/proto/protos.ts';
import { waitUntil } from '../support/wait-until.ts';
import { addCluster } from '../support/xds/changes.ts';
import { deltaApis } from '../support/xds/delta-api.ts';
import { discoveryApis, typeUrlOf } from '../support/xds/discovery-api.ts';
import { Http2Connection } from '../support/xds/http2-connection.ts';
import { startRelay } from '../support/xds/relay.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { ServedXds } from '../support/xds/served-xds.ts';
import { SotwClient } from '../support/xds/sotw-client.ts';

const { aggregatedPath, sotwRequest } = discoveryApis.v3;
const type_url = typeUrlOf('v3', 'cluster');
const first = encodeMessage(sotwRequest, { node: { id: 'n', cluster: 'c' }, type_url });
const byGrpc = 'discovery stream ended by gRPC';

/** Keys of lines at warn and above, with the peer as `ADDRESS:PORT`. */
function warnings(xds: ServedXds): Record<string, unknown>[] {
  return xds.log
    .filter(({ level }) => Number(level) >= 40)
    .map(({ level: _level, time: _time, ...keys }) => {
      return 'peer' in keys ? { ...keys, peer: String(keys['peer']).replace(/:\d+$/, ':PORT') } : keys;
    });
}

describe('a stream that gRPC ends is logged', () => {
  test('with its node, when a message is too large', async (t) => {
    const xds = await serveXds(t);
    xds.commit(...addCluster('a', 6379));
    const answered = Promise.withResolvers<Buffer>();
    const call = xds.connect().call(aggregatedPath, answered.resolve);
    call.send(first);
    await answered.promise;
    call.send(Buffer.alloc(16 * 1024 * 1024 + 1));
    const { code, details } = await call.ended;
    assert.equal(code, 'RESOURCE_EXHAUSTED');
    assert.deepEqual(warnings(xds), [
      { node_id: 'n', node_cluster: 'c', status: code, reason: details, msg: byGrpc },
    ]);
  });

  test('with its peer, when that was the first message', async (t) => {
    const xds = await serveXds(t);
    const call = xds.connect().call(aggregatedPath);
    call.send(Buffer.alloc(16 * 1024 * 1024 + 1));
    const { code, details } = await call.ended;
    assert.deepEqual(warnings(xds), [{ peer: '127.0.0.1:PORT', status: code, reason: details, msg: byGrpc }]);
  });

  for (const [what, encoding, bytes, status] of [
    ['can not be unpacked', 'gzip', Buffer.from('no gzip'), 'INTERNAL'],
    ['is packed in an unknown way', 'brotli', gzipSync(first), 'UNIMPLEMENTED'],
    ['becomes too large unpacked', 'gzip', gzipSync(Buffer.alloc(16 * 1024 * 1024 + 1)), 'RESOURCE_EXHAUSTED'],
  ] as const) {
    test(`when a message ${what}`, async (t) => {
      const xds = await serveXds(t);
      const call = xds.connectByHand().call(aggregatedPath, () => undefined, { 'grpc-encoding': encoding });
      call.send(bytes, true);
      const { code } = await call.ended;
      assert.equal(code, status);
      assert.deepEqual(warnings(xds).map((line) => [line['msg'], line['status']]), [[byGrpc, status]]);
    });
  }
});

describe('a stream whose first request can not be read is logged', () => {
  const tooMany = Array.from({ length: 100_001 }, (_, index) => `c${index}`);
  const node = { id: 'n', cluster: 'c' };
  for (const [what, path, request] of [
    ['state of the world', aggregatedPath, encodeMessage(sotwRequest, { node, type_url, resource_names: tooMany })],
    [
      'delta',
      deltaApis.v3.aggregatedPath,
      encodeMessage(deltaApis.v3.request, { node, type_url, resource_names_subscribe: tooMany }),
    ],
  ] as const) {
    test(`with the node that it names (${what})`, async (t) => {
      const xds = await serveXds(t);
      const call = xds.connect().call(path);
      call.send(request);
      assert.equal((await call.ended).code, 'INVALID_ARGUMENT');
      const [line] = warnings(xds);
      assert.deepEqual([line?.['node_id'], line?.['msg']], ['n', 'bad discovery request, stream ended']);
    });
  }

  test('with its peer, when it names none', async (t) => {
    const xds = await serveXds(t);
    const call = xds.connect().call(aggregatedPath);
    call.send(Buffer.from('nothing that is a request'));
    assert.equal((await call.ended).code, 'INVALID_ARGUMENT');
    assert.deepEqual(warnings(xds).map((line) => line['peer']), ['127.0.0.1:PORT']);
  });
});

test('a connection that is ended for an unanswered ping is logged, once for all its streams', async (t) => {
  const xds = await serveXds(t, { keepalive: { timeMs: 50, timeoutMs: 3_000 } });
  xds.commit(...addCluster('a', 6379));
  const relay = await startRelay(t, xds.port);
  const connection = new Http2Connection(relay.port);
  t.after(() => connection.close());
  const client = new SotwClient(connection, { apiVersion: 'v3', isAggregated: false }, 'gone');
  client.subscribe('cluster');
  client.subscribe('endpoint', 'a');
  await client.next('cluster');
  await client.next('endpoint');
  relay.cut();
  await waitUntil('it is logged', () => warnings(xds).length > 0);
  await waitUntil('both streams have ended', () => xds.streamCount === 0);
  const [line, ...others] = warnings(xds);
  assert.deepEqual(others, []);
  assert.equal(line?.['node_id'], 'gone');
  assert.match(String(line?.['msg']), /^connection .* ended on our side/);
});

test('streams that clients end, and those that end with the control plane, are not', async (t) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  for (const [id, end] of [
    ['cancels', (): void => undefined],
    ['says GOAWAY', (connection: Http2Connection): void => connection.session.goaway()],
    ['goes', (connection: Http2Connection): void => connection.session.destroy()],
    ['is reset', (connection: Http2Connection): void => void connection.session.socket.resetAndDestroy()],
  ] as const) {
    const connection = new Http2Connection(xds.port);
    t.after(() => connection.close());
    const client = new SotwClient(connection, { apiVersion: 'v3', isAggregated: true }, id);
    await client.hold({ cluster: [] });
    if (id === 'cancels') client.stream('cluster').call.cancel();
    end(connection);
    await waitUntil(`the stream of who ${id} has ended`, () => xds.streamCount === 0);
  }
  await xds.client({ apiVersion: 'v3', isAggregated: true }, 'stays').hold({ cluster: [] });
  await xds.shutDown();
  assert.deepEqual(warnings(xds), []);
});
