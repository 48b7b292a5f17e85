// The client status service as a gRPC client sees it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { Server, ServerCredentials, ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';

import { decodeMessage, encodeMessage, packageDefinition } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';
import { ClientStatusService } from '../../src/xds/csds.ts';
import { GENEROUS_MS, waitUntil } from '../support/wait-until.ts';
import type { ByteCall } from '../support/xds/byte-call.ts';
import { addCluster, addEndpoint } from '../support/xds/changes.ts';
import { Http2Connection } from '../support/xds/http2-connection.ts';
import { Inbox } from '../support/xds/inbox.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { ServedXds } from '../support/xds/served-xds.ts';

const service = 'envoy.service.status.v3.ClientStatusDiscoveryService';
const variant = { apiVersion: 'v3', isAggregated: true } as const;

interface StatusResponse {
  readonly config?: readonly {
    readonly node: { readonly id: string };
    readonly generic_xds_configs: readonly {
      readonly config_status: string;
      readonly last_updated?: { readonly seconds?: number; readonly nanos?: number };
    }[];
  }[];
}

const encodeRequest = (request: PlainMessage): Buffer =>
  encodeMessage('envoy.service.status.v3.ClientStatusRequest', request);

const decodeResponse = (bytes: Uint8Array): StatusResponse =>
  decodeMessage('envoy.service.status.v3.ClientStatusResponse', bytes);

/** Node ids, each with the state of its clusters. */
function summary({ config = [] }: StatusResponse): string[] {
  return config.map(({ node, generic_xds_configs: [clusters] }) => `${node.id} ${clusters?.config_status}`);
}

/** Of the clusters of the only node, in seconds. */
function lastUpdated({ config: [only] = [] }: StatusResponse): number {
  const { seconds = 0, nanos = 0 } = only?.generic_xds_configs[0]?.last_updated ?? assert.fail('no last_updated');
  return seconds + nanos / 1e9;
}

function fetchStatus(client: Client, request: PlainMessage = {}): Promise<StatusResponse> {
  return new Promise((resolve, reject) => {
    const path = `/${service}/FetchClientStatus`;
    client.makeUnaryRequest(path, encodeRequest, decodeResponse, request, (error, response) =>
      error === null ? resolve(response as StatusResponse) : reject(error),
    );
  });
}

function openStream(xds: ServedXds): { call: ByteCall; answers: Inbox<StatusResponse> } {
  const answers = new Inbox<StatusResponse>((answer) => summary(answer).join());
  const call = xds.connect().call(`/${service}/StreamClientStatus`, (bytes) => answers.put(decodeResponse(bytes)));
  call.onEnd(({ code, details }) => answers.close(new Error(`the stream ended: ${code} ${details}`)));
  return { call, answers };
}

const badRequest = { node_matchers: [{ node_id: {} }] };

describe('FetchClientStatus', () => {
  test('answers with every connected Envoy, or with those that match', async (t) => {
    const xds = await serveXds(t);
    xds.commit(...addCluster('a', 6379));
    const { client } = xds.connect();
    assert.deepEqual(summary(await fetchStatus(client)), []);
    for (const nodeId of ['one', 'two']) await xds.client(variant, nodeId).hold({ cluster: [] });
    const statuses = summary(await fetchStatus(client)).filter((line) => !line.startsWith('fence'));
    assert.deepEqual(statuses, ['one SYNCED', 'two SYNCED']);
    const nodeMatchers = [{ node_id: { suffix: 'wo' } }];
    assert.deepEqual(summary(await fetchStatus(client, { node_matchers: nodeMatchers })), ['two SYNCED']);
  });

  test('refuses a matcher that it can not use, in words', async (t) => {
    const { client } = (await serveXds(t)).connect();
    await assert.rejects(fetchStatus(client, badRequest), (error: ServiceError) => {
      assert.equal(error.code, status.INVALID_ARGUMENT);
      assert.match(error.details, /^node_matchers\[0\]\.node_id: must have one of exact/u);
      return true;
    });
  });
});

describe('StreamClientStatus', () => {
  test('answers each request with the state at that moment', async (t) => {
    const xds = await serveXds(t);
    xds.commit(...addCluster('a', 6379));
    const { call, answers } = openStream(xds);
    const request = encodeRequest({ node_matchers: [{ node_id: { exact: 'one' } }] });
    call.send(request);
    assert.deepEqual(summary(await answers.take('the first answer')), []);
    const envoy = xds.client(variant, 'one');
    envoy.subscribe('cluster');
    await envoy.next('cluster');
    call.send(request);
    const sent = await answers.take('the second answer');
    assert.deepEqual(summary(sent), ['one STALE']);
    envoy.ack('cluster');
    await envoy.assertQuiet();
    call.send(request);
    call.send(request);
    for (const _ of [3, 4]) {
      const later = await answers.take('a later answer');
      assert.deepEqual(summary(later), ['one SYNCED']);
      assert.ok(lastUpdated(later) >= lastUpdated(sent));
    }
    call.halfClose();
    assert.deepEqual(await call.ended, { code: 'OK', details: 'OK' });
  });

  test('ends with the reason when a request can not be used, and discovery goes on', async (t) => {
    const xds = await serveXds(t);
    xds.commit(...addCluster('a', 6379));
    const envoy = xds.client(variant);
    await envoy.hold({ endpoint: ['a'] });
    const { call } = openStream(xds);
    call.send(encodeRequest(badRequest));
    assert.equal((await call.ended).code, 'INVALID_ARGUMENT');
    xds.commit(addEndpoint('a', 6380));
    await envoy.takeAndAck('endpoint');
  });

  test('ends when the control plane stops', async (t) => {
    const xds = await serveXds(t);
    const { call, answers } = openStream(xds);
    call.send(encodeRequest({}));
    await answers.take('the answer');
    await xds.shutDown();
    assert.equal((await call.ended).code, 'UNAVAILABLE');
  });
});

describe('a request is bounded', () => {
  const refusals: readonly (readonly [what: string, request: Buffer, details: RegExp])[] = [
    [
      'in bytes',
      encodeRequest({ node_matchers: [{ node_id: { exact: 'x'.repeat(65_536) } }] }),
      /^request of 655\d\d bytes: at most 65536 are taken$/u,
    ],
    [
      'in matchers',
      encodeRequest({ node_matchers: Array.from({ length: 101 }, () => ({ node_id: { exact: 'x' } })) }),
      /^node_matchers: 101 matchers, at most 100 are taken$/u,
    ],
    ['in what it is', Buffer.from([0x0a, 5, 1]), /^not a ClientStatusRequest: /u],
  ];
  for (const [what, request, details] of refusals) {
    test(what, async (t) => {
      const xds = await serveXds(t);
      for (const method of ['FetchClientStatus', 'StreamClientStatus']) {
        const call = xds.connect().call(`/${service}/${method}`, () => undefined);
        call.send(request);
        const end = await call.ended;
        assert.equal(end.code, 'INVALID_ARGUMENT');
        assert.match(end.details, details);
      }
    });
  }
});

describe('answers that are not read', () => {
  const request = encodeRequest({});
  const [unary, stream] = [`/${service}/FetchClientStatus`, `/${service}/StreamClientStatus`];

  /** A service that gives readers `unreadMs`, with a client to tell of. */
  async function serve(t: TestContext, unreadMs: number) {
    const xds = await serveXds(t);
    xds.commit(...addCluster('a', 6379));
    await xds.client(variant, 'one').hold({ cluster: [] });
    const serviceOfItsOwn = new ClientStatusService(xds.hub, pino({ level: 'silent' }), unreadMs);
    const server = new Server({ interceptors: [serviceOfItsOwn.interceptBefore((_method, call) => new ServerInterceptingCall(call))] });
    serviceOfItsOwn.addTo(server, packageDefinition);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    const connections: Http2Connection[] = [];
    t.after(() => {
      for (const connection of connections) connection.close();
      server.forceShutdown();
    });
    const open = (path: string, windowSize?: number): ByteCall => {
      const connection = new Http2Connection(port, windowSize);
      connections.push(connection);
      const call = connection.call(path, () => undefined);
      call.send(request);
      return call;
    };
    return { open, service: serviceOfItsOwn };
  }

  test('end their calls after a while', async (t) => {
    const { open } = await serve(t, 50);
    for (const path of [unary, stream]) {
      assert.equal((await open(path, 0).ended).code, 'NONE');
    }
  });

  test('are eight at most, whoever asks then is told so', async (t) => {
    const { open } = await serve(t, GENEROUS_MS);
    const unread = Array.from({ length: 8 }, () => open(stream, 0));
    const message = { code: 'RESOURCE_EXHAUSTED', details: '8 answers are on their way: ask again later' };
    await waitUntil('all eight are on their way', async () => {
      const call = open(unary);
      call.halfClose();
      const { code, details } = await call.ended;
      return code === message.code && details === message.details;
    });
    unread[0]?.cancel();
    await waitUntil('there is room again', async () => {
      const call = open(unary);
      call.halfClose();
      return (await call.ended).code === 'OK';
    });
  });
});

test('the service is found by reflection, and its health is told', async (t) => {
  const xds = await serveXds(t);
  const { client } = xds.connect();
  // {service = 1} and {status = 1}: SERVING is 1.
  const health = await new Promise<Buffer | undefined>((resolve, reject) => {
    const pass = (bytes: Buffer): Buffer => bytes;
    const request = Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', pass, pass, request, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
  assert.deepEqual(health, Buffer.from([0x08, 1]));
  const answers = new Inbox<Buffer>(String);
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const call = xds.connect().call(path, (bytes) => answers.put(bytes));
  // {list_services = 7}
  call.send(Buffer.from([0x3a, 1, 0x2a]));
  assert.ok((await answers.take('the list of services')).includes(service));
  call.halfClose();
});
