// xDS with TLS: who is let in, what a new certificate changes, and that what holds without TLS holds with it.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { pino } from 'pino';

import { ServedCertificate } from '../../src/net/served-certificate.ts';
import { TlsPort } from '../../src/net/tls-port.ts';
import { makeAuthority } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import { makeTlsFolder } from '../support/tls-folder.ts';
import type { TlsFolder } from '../support/tls-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { delta, sotw } from '../support/xds/both-protocols.ts';
import { addCluster } from '../support/xds/changes.ts';
import { discoveryApis } from '../support/xds/discovery-api.ts';
import { Http2Connection } from '../support/xds/http2-connection.ts';
import { startRelay } from '../support/xds/relay.ts';
import { serveXds } from '../support/xds/served-xds.ts';
import type { LogLine, ServedXds, ServedXdsOptions } from '../support/xds/served-xds.ts';
import { allVariants, aggregated } from '../support/xds/wire-variant.ts';
import { XdsConnection } from '../support/xds/xds-connection.ts';

const variant = { apiVersion: 'v3', isAggregated: true } as const;

interface Scene {
  readonly xds: ServedXds;
  readonly folder: TlsFolder;
}

interface SceneOptions extends ServedXdsOptions {
  /** Whether clients need a certificate. Default true. */
  readonly clientCa?: boolean;
  readonly handshakeMs?: number;
}

async function serve(t: TestContext, { clientCa = true, handshakeMs, ...options }: SceneOptions = {}): Promise<Scene> {
  const folder = await makeTlsFolder(t);
  const paths = { cert: folder.cert, key: folder.key, clientCa: clientCa ? folder.ca : undefined };
  const certificate = await ServedCertificate.read(paths, pino({ enabled: false }), 20);
  const tls = new TlsPort(certificate, clientCa, handshakeMs === undefined ? {} : { withinMs: handshakeMs });
  const xds = await serveXds(t, { ...options, tls });
  xds.commit(...addCluster('a', 6379));
  return { xds, folder };
}

function trust({ authority }: TlsFolder, own?: Certificate): ChannelCredentials {
  const ca = Buffer.from(authority.chain);
  if (own === undefined) return credentials.createSsl(ca);
  return credentials.createSsl(ca, Buffer.from(own.key), Buffer.from(own.chain));
}

/** A TLS connection without gRPC; resolves when its handshake is over. */
async function shakeHands({ xds, folder }: Scene, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { chain: cert, key } = folder.client;
  const socket = connectTls({
    ...{ port: xds.port, host: '127.0.0.1', ca: folder.authority.chain, cert, key, ALPNProtocols: ['h2'] },
    ...options,
  });
  socket.on('error', () => undefined).resume();
  await once(socket, 'secureConnect');
  return socket;
}

function connectByHand(t: TestContext, { xds, folder }: Scene): Http2Connection {
  const { chain: cert, key } = folder.client;
  const connection = new Http2Connection(xds.port, undefined, { ca: folder.authority.chain, cert, key });
  t.after(() => connection.close());
  return connection;
}

/** The one refusal that is logged: its port and its reason. */
async function refusalOf(xds: ServedXds): Promise<unknown[]> {
  const { port, peer, reason } = await waitUntil('it is logged', () => xds.logged('connection refused')[0]);
  assert.match(String(peer), /^127\.0\.0\.1:\d+$/u);
  return [port, reason];
}

describe('with a certificate of their own', () => {
  for (const protocol of [sotw, delta]) {
    for (const each of allVariants) {
      test(`clients of ${each.apiVersion} ${protocol.name} are served (aggregated: ${each.isAggregated})`, async (t) => {
        const { xds, folder } = await serve(t);
        const connection = xds.connect({}, trust(folder, folder.client));
        const client = protocol.client(connection, each, 'envoy-1');
        await client.hold({ cluster: [], endpoint: ['a'] });
        xds.commit(...addCluster('b', 6380));
        await client.takeAndAck('cluster');
        assert.equal(xds.logged('connection refused').length, 0);
      });
    }
  }
});

describe('refused is', () => {
  test('who has no certificate, where one is needed', async (t) => {
    const { xds, folder } = await serve(t);
    const call = xds.connect({}, trust(folder)).call(discoveryApis.v3.aggregatedPath);
    assert.equal((await call.ended).code, 'UNAVAILABLE');
    assert.deepEqual(await refusalOf(xds), ['xds', 'the client has no certificate']);
    assert.equal(xds.streamCount, 0);
  });

  test('who has one of another CA', async (t) => {
    const { xds, folder } = await serve(t);
    const stranger = makeAuthority('another CA').issue('stranger');
    const call = xds.connect({}, trust(folder, stranger)).call(discoveryApis.v3.aggregatedPath);
    assert.equal((await call.ended).code, 'UNAVAILABLE');
    assert.match(`${await refusalOf(xds)}`, /^xds,the certificate of the client is not taken: UNABLE_TO_/u);
  });

  test('who has one that has expired', async (t) => {
    const { xds, folder } = await serve(t);
    const late = folder.authority.issue('late', { daysLeft: -1 });
    const call = xds.connect({}, trust(folder, late)).call(discoveryApis.v3.aggregatedPath);
    assert.equal((await call.ended).code, 'UNAVAILABLE');
    assert.match(`${await refusalOf(xds)}`, /^xds,the certificate of the client is not taken: CERT_HAS_EXPIRED$/u);
  });

  test('TLS 1.1, and ciphers without forward secrecy', async (t) => {
    const scene = await serve(t);
    for (const options of [{ maxVersion: 'TLSv1.1' }, { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }] as const) {
      await assert.rejects(shakeHands(scene, options));
    }
    assert.equal((await shakeHands(scene, { maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2');
    assert.equal((await shakeHands(scene)).getProtocol(), 'TLSv1.3');
  });

  test('who names no protocol', async (t) => {
    const scene = await serve(t);
    const socket = await shakeHands(scene, { ALPNProtocols: [] });
    if (!socket.destroyed) await once(socket, 'close');
    assert.match(`${await refusalOf(scene.xds)}`, /^xds,no protocol was named by ALPN/u);
  });
});

test('without a CA for clients nobody needs a certificate', async (t) => {
  const { xds, folder } = await serve(t, { clientCa: false });
  await sotw.client(xds.connect({}, trust(folder)), variant, 'envoy-1').hold({ cluster: [] });
});

test('a new certificate is seen by who connects from now on; open streams go on', async (t) => {
  const scene = await serve(t);
  const { xds, folder } = scene;
  const client = sotw.client(xds.connect({}, trust(folder, folder.client)), variant, 'envoy-1');
  await client.hold({ cluster: [] });
  const nameOf = async (): Promise<unknown> => {
    const socket = await shakeHands(scene);
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  };
  assert.equal(await nameOf(), 'server 1');
  await folder.writeServer(folder.newServer('server 2'));
  await waitUntil('the new certificate is seen', async () => (await nameOf()) === 'server 2');
  await sotw.client(xds.connect({}, trust(folder, folder.client)), variant, 'envoy-2').hold({ cluster: [] });
  xds.commit(...addCluster('b', 6380));
  await client.takeAndAck('cluster');
  assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 40), []);
});

test('who is not of the CAs any more is refused from now on', async (t) => {
  const { xds, folder } = await serve(t);
  await sotw.client(xds.connect({}, trust(folder, folder.client)), variant, 'envoy-1').hold({ cluster: [] });
  await folder.write(folder.ca, makeAuthority('a new CA').chain);
  await waitUntil('nobody is let in', async () => {
    const call = xds.connect({}, trust(folder, folder.client)).call(discoveryApis.v3.aggregatedPath);
    call.halfClose();
    return (await call.ended).code === 'UNAVAILABLE';
  });
});

test('nor does a session of before let anybody in', async (t) => {
  const scene = await serve(t);
  const first = await shakeHands(scene);
  const [session] = (await once(first, 'session')) as [Buffer];
  assert.equal((await shakeHands(scene, { session })).isSessionReused(), true);
  await scene.folder.write(scene.folder.ca, makeAuthority('a new CA').chain);
  await waitUntil('it is refused', async () => {
    const socket = await shakeHands(scene, { session });
    // TLS 1.3 tells the client of its end when it takes its handshake to be over.
    const isEnded = await Promise.race([once(socket, 'close').then(() => true), sleep(100, false)]);
    socket.destroy();
    return isEnded;
  });
});

test('a stream knows whether others can read it', async (t) => {
  const { xds, folder } = await serve(t);
  const plain = await serveXds(t);
  const seen: unknown[] = [];
  const note = (event: unknown): void => {
    seen.push((event as { stream: ServerHttp2Stream }).stream.session?.encrypted);
  };
  subscribe('http2.server.stream.created', note);
  t.after(() => unsubscribe('http2.server.stream.created', note));
  for (const [served, connection] of [
    [xds, xds.connect({}, trust(folder, folder.client))],
    [plain, plain.connect()],
  ] as const) {
    connection.call(discoveryApis.v3.aggregatedPath);
    await waitUntil('the stream is open', () => served.hub.streams.size === 1);
    assert.deepEqual(Array.from(served.hub.streams, ({ isPrivate }) => isPrivate), [true]);
  }
  // Both are on loopback. What makes the first one private elsewhere too:
  assert.deepEqual(seen, [true, false]);
});

describe('who speaks otherwise is told of in the log', () => {
  const text = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

  test('in the clear where there is TLS', async (t) => {
    const { xds } = await serve(t);
    const socket = connectTcp(xds.port, '127.0.0.1').on('error', () => undefined).resume();
    socket.write(text);
    await once(socket, 'close');
    assert.deepEqual(await refusalOf(xds), ['xds', 'the client does not speak TLS']);
  });

  test('in TLS where there is none', async (t) => {
    const xds = await serveXds(t);
    xds.commit(...addCluster('a', 6379));
    const client = sotw.client(xds.connect(), variant, 'envoy-1');
    await client.hold({ cluster: [] });
    const call = xds.connect({}, credentials.createSsl()).call(discoveryApis.v3.aggregatedPath);
    assert.equal((await call.ended).code, 'UNAVAILABLE');
    assert.deepEqual(await refusalOf(xds), ['xds', 'no HTTP/2: does the client speak TLS?']);
    xds.commit(...addCluster('b', 6380));
    await client.takeAndAck('cluster');
  });
});

describe('as without TLS', () => {
  test('a handshake that is not gone on with ends, and holds nobody up', async (t) => {
    const { xds, folder } = await serve(t, { handshakeMs: 200 });
    const silent = connectTcp(xds.port, '127.0.0.1').on('error', () => undefined).resume();
    await once(silent, 'connect');
    await sotw.client(xds.connect({}, trust(folder, folder.client)), variant, 'envoy-1').hold({ cluster: [] });
    if (!silent.destroyed) await once(silent, 'close');
    assert.deepEqual(await refusalOf(xds), ['xds', 'the handshake took too long']);
    assert.equal(xds.streamCount, 1);
  });

  test('a stop waits for no handshake', async (t) => {
    const { xds } = await serve(t);
    const silent = connectTcp(xds.port, '127.0.0.1').on('error', () => undefined).resume();
    await once(silent, 'connect');
    const call = xds.connect({}).call(discoveryApis.v3.aggregatedPath);
    await xds.shutDown();
    if (!silent.destroyed) await once(silent, 'close');
    assert.equal((await call.ended).code, 'UNAVAILABLE');
  });

  for (const each of aggregated) {
    test(`a host that is gone without a word is found by pings (${each.apiVersion})`, async (t) => {
      const { xds, folder } = await serve(t, { keepalive: { timeMs: 50, timeoutMs: 3_000 } });
      const relay = await startRelay(t, xds.port);
      const connection = new XdsConnection(relay.port, {}, trust(folder, folder.client));
      t.after(() => connection.close());
      await sotw.client(connection, each, 'gone').hold({ cluster: [] });
      relay.cut();
      await waitUntil('its stream has ended', () => xds.streamCount === 0);
      await waitUntil('it is logged', () => xds.log.some(({ msg }) => /^connection .* ended on our side/u.test(`${msg}`)));
    });
  }

  test('a message in too many pieces ends its stream, and who sends it is told of', async (t) => {
    const scene = await serve(t);
    const call = connectByHand(t, scene).call(discoveryApis.v3.aggregatedPath);
    // Flags and length of one that is never whole.
    call.sendBytes(Buffer.of(0, 0, 255, 255, 255));
    let line: LogLine | undefined;
    for (let pieces = 0; line === undefined && pieces < 10_000; pieces += 1) {
      call.sendBytes(Buffer.of(0));
      await nextTurn();
      [line] = scene.xds.logged('discovery stream ended by gRPC');
    }
    assert.match(`${line?.['peer']} ${line?.['reason']}`, /^127\.0\.0\.1:\d+ message in too many pieces/u);
    assert.equal(scene.xds.streamCount, 0);
  });

  test('streams that clients end are no news', async (t) => {
    const scene = await serve(t);
    const { xds } = scene;
    for (const [id, end] of [
      ['says GOAWAY', (connection: Http2Connection): void => connection.session.goaway()],
      ['closes', (connection: Http2Connection): void => connection.session.close()],
      ['goes', (connection: Http2Connection): void => connection.session.destroy()],
    ] as const) {
      const connection = connectByHand(t, scene);
      const client = sotw.client(connection, variant, id);
      await client.hold({ cluster: [] });
      if (id === 'closes') client.stream('cluster').call.cancel();
      end(connection);
      await waitUntil(`the stream of who ${id} has ended`, () => xds.streamCount === 0);
    }
    await xds.shutDown();
    assert.deepEqual(xds.log.filter(({ level }) => Number(level) >= 40), []);
  });
});
