// What the xDS port serves beside discovery: reflection and health, and its end.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { loadSync } from '@grpc/proto-loader';
import type { MethodDefinition } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import type { IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js';

import { addCluster } from '../support/xds/changes.ts';
import { discoveryApis, kinds } from '../support/xds/discovery-api.ts';
import { Inbox } from '../support/xds/inbox.ts';
import { ServedXds, serveXds } from '../support/xds/served-xds.ts';
import type { XdsConnection } from '../support/xds/xds-connection.ts';
import { waitUntil } from '../support/wait-until.ts';

type Method = MethodDefinition<object, Record<string, unknown>>;

function methodOf(protoFile: string, service: string, method: string): Method {
  const definition = loadSync(createRequire(import.meta.url).resolve(protoFile), { keepCase: true, enums: String });
  const found = (definition[service] as ServiceDefinition)[method];
  return (found as Method | undefined) ?? assert.fail(`${service} has no ${method}`);
}

const health = 'grpc.health.v1.Health';
const healthProto = 'grpc-health-check/proto/health/v1/health.proto';
const check = methodOf(healthProto, health, 'Check');
const watch = methodOf(healthProto, health, 'Watch');

/** The serving status of a service, or the name of the error. */
function checkHealth(connection: XdsConnection, service: string): Promise<unknown> {
  return new Promise((resolve) => {
    connection.client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service },
      (error, response) => resolve(error === null ? response?.['status'] : error.message),
    );
  });
}

const serviceNames = Object.values(discoveryApis)
  .flatMap(({ aggregatedPath, paths }) => [aggregatedPath, ...kinds.map((kind) => paths[kind])])
  .map((path) => path.split('/')[1] ?? '');

for (const version of ['v1', 'v1alpha']) {
  describe(`reflection ${version}`, () => {
    test('lists every discovery service, and health', async (t) => {
      const names = await listServices((await serveXds(t)).connect(), version);
      for (const name of [...serviceNames, health]) assert.ok(names.includes(name), `${name}: ${names.join(', ')}`);
    });

    test('tells of no method that is not served', async (t) => {
      const connection = (await serveXds(t)).connect();
      const paths: string[] = [];
      for (const service of await listServices(connection, version)) {
        for (const method of await methodsOf(connection, version, service)) paths.push(`/${service}/${method}`);
      }
      assert.ok(paths.length > 2 * serviceNames.length);
      for (const path of paths) assert.notEqual(await outcomeOf(connection, path), 'UNIMPLEMENTED', path);
      assert.equal(await outcomeOf(connection, `/${health}/NoSuchMethod`), 'UNIMPLEMENTED');
    });
  });
}

/** What reflection answers to one request. */
async function reflect(connection: XdsConnection, version: string, request: object): Promise<Record<string, unknown>> {
  const file = `@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`;
  const method = methodOf(file, `grpc.reflection.${version}.ServerReflection`, 'ServerReflectionInfo');
  const answers = new Inbox<Buffer>((answer) => `${answer.length} bytes`);
  const call = connection.call(method.path, (answer) => answers.put(answer));
  call.send(method.requestSerialize(request));
  const answer = method.responseDeserialize(await answers.take('an answer'));
  call.halfClose();
  assert.equal((await call.ended).code, 'OK');
  return answer;
}

async function listServices(connection: XdsConnection, version: string): Promise<string[]> {
  const { list_services_response: list } = await reflect(connection, version, { list_services: '*' });
  return (list as { service: { name: string }[] }).service.map(({ name }) => name);
}

async function methodsOf(connection: XdsConnection, version: string, service: string): Promise<string[]> {
  const { file_descriptor_response: found } = await reflect(connection, version, { file_containing_symbol: service });
  const files = (found as { file_descriptor_proto: Buffer[] }).file_descriptor_proto.map((bytes) => {
    return descriptor.FileDescriptorProto.decode(bytes) as IFileDescriptorProto;
  });
  const services = files.flatMap((file) => (file.service ?? []).map((each) => ({ ...each, package: file.package })));
  const { method = [] } = services.find((each) => `${each.package}.${each.name}` === service) ?? {};
  return method.map(({ name }) => name ?? '');
}

/** The code of a call with one empty request; `answered` when it is answered and goes on. */
async function outcomeOf(connection: XdsConnection, path: string): Promise<string> {
  const answers = new Inbox<string>(String);
  const call = connection.call(path, () => answers.put('answered'));
  call.onEnd(({ code }) => answers.put(code));
  call.send(Buffer.alloc(0));
  call.halfClose();
  const outcome = await answers.take('an outcome');
  call.cancel();
  return outcome;
}

describe('health', () => {
  test('is SERVING for the server and for each discovery service', async (t) => {
    const connection = (await serveXds(t)).connect();
    for (const service of ['', ...serviceNames]) {
      assert.equal(await checkHealth(connection, service), 'SERVING', service);
    }
    assert.match(String(await checkHealth(connection, 'no.such.Service')), /NOT_FOUND/);
  });

  test('turns to NOT_SERVING at a shutdown, which ends the call', async (t) => {
    const xds = await serveXds(t);
    const statuses = new Inbox<unknown>(String);
    const call = xds.connect().call(watch.path, (answer) => statuses.put(watch.responseDeserialize(answer)['status']));
    call.send(watch.requestSerialize({ service: '' }));
    call.halfClose();
    assert.equal(await statuses.take('the first status'), 'SERVING');
    const over = xds.shutDown();
    assert.equal(await statuses.take('the second status'), 'NOT_SERVING');
    await over;
    await call.ended;
  });
});

test('a shutdown ends streams with UNAVAILABLE and takes no new ones', async (t) => {
  const xds = await serveXds(t);
  xds.commit(...addCluster('a', 6379));
  const connection = xds.connect();
  const call = connection.call(discoveryApis.v3.aggregatedPath);
  await waitUntil('the stream is open', () => xds.streamCount === 1);
  await xds.shutDown();
  assert.equal((await call.ended).code, 'UNAVAILABLE');
  const late = xds.connect().call(discoveryApis.v3.aggregatedPath);
  assert.equal((await late.ended).code, 'UNAVAILABLE');
});

test('a port in use is told in one line', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => void taken.close());
  await waitUntil('the port is taken', () => taken.listening);
  const address = taken.address();
  assert.ok(typeof address === 'object' && address !== null);
  await assert.rejects(new ServedXds({}).listen(address.port), /^Error: listen EADDRINUSE[^\n]*$/);
});
