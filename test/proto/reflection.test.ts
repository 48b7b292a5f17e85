// What a reflection client sees of a real server: files that it can link.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import type { IDescriptorProto, IFieldDescriptorProto, IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js';
import { packageDefinition } from '../../src/proto/protos.ts';
import { buildReflectionDefinition } from '../../src/proto/reflection.ts';

interface ReflectionResponse {
  list_services_response?: { service: { name: string }[] };
  file_descriptor_response?: { file_descriptor_proto: Buffer[] };
}

const ADS_V2 = 'envoy.service.discovery.v2.AggregatedDiscoveryService';
const ADS_V3 = 'envoy.service.discovery.v3.AggregatedDiscoveryService';
const CSDS = 'envoy.service.status.v3.ClientStatusDiscoveryService';

/** Of that message and those that it needs; `key` and `value` are a map's. */
const jsonNames: Readonly<Record<string, string>> = {
  node: 'node',
  type_url: 'typeUrl',
  resource_names_subscribe: 'resourceNamesSubscribe',
  initial_resource_versions: 'initialResourceVersions',
  user_agent_build_version: 'userAgentBuildVersion',
  major_number: 'majorNumber',
  key: 'key',
  value: 'value',
};

/** Services, and resources, which travel as Any and so are named by no service: together they reach every file. */
const SYMBOLS = [
  ...Object.keys(packageDefinition).filter((name) => name.endsWith('DiscoveryService')),
  ...['api.v2.Cluster', 'config.cluster.v3.Cluster', 'config.listener.v3.Listener', 'config.route.v3.Route'].map(
    (name) => `envoy.${name}`,
  ),
  'envoy.config.filter.network.redis_proxy.v2.RedisProxy',
  'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
];

const server = new Server();
let client: Client;

before(async () => {
  new ReflectionService(buildReflectionDefinition(), { services: [ADS_V2, ADS_V3, CSDS] }).addToServer(server);
  const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});

after(() => {
  client.close();
  server.forceShutdown();
});

async function ask(version: string, request: object): Promise<ReflectionResponse> {
  const file = `@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`;
  const definition = loadSync(createRequire(import.meta.url).resolve(file), { keepCase: true });
  const service = definition[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
  const method = service['ServerReflectionInfo'] ?? assert.fail('no such method');
  const stream = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  const response = new Promise((resolve, reject) => stream.once('data', resolve).once('error', reject));
  stream.write(request);
  stream.end();
  return (await response) as ReflectionResponse;
}

async function fetchFiles(version: string, symbol: string): Promise<Map<string, IFileDescriptorProto>> {
  const response = await ask(version, { file_containing_symbol: symbol });
  const encoded = response.file_descriptor_response?.file_descriptor_proto ?? assert.fail(`no answer for ${symbol}`);
  const files = encoded.map((bytes) => descriptor.FileDescriptorProto.decode(bytes) as IFileDescriptorProto);
  return new Map(files.map((file) => [file.name ?? '', file]));
}

/** The absolute names of a message and of all that is declared in it. */
function declaredIn(message: IDescriptorProto, scope: string): string[] {
  const name = `${scope}.${message.name}`;
  const enums = (message.enumType ?? []).map((nested) => `${name}.${nested.name}`);
  return [name, ...enums, ...(message.nestedType ?? []).flatMap((nested) => declaredIn(nested, name))];
}

function fieldsOf(message: IDescriptorProto): IFieldDescriptorProto[] {
  return [...(message.field ?? []), ...(message.nestedType ?? []).flatMap(fieldsOf)];
}

function namesUsedBy(file: IFileDescriptorProto): string[] {
  const fields = (file.messageType ?? []).flatMap(fieldsOf).flatMap((field) => field.typeName || []);
  const methods = (file.service ?? []).flatMap((service) => service.method ?? []);
  return [...fields, ...methods.flatMap((method) => [method.inputType ?? '', method.outputType ?? ''])];
}

/** Links a file as clients do: its imports first, none importing itself; returns the names it declares. */
function link(name: string, files: Map<string, IFileDescriptorProto>, importing: string[] = []): string[] {
  assert.ok(!importing.includes(name), `${[...importing, name].join(' imports ')}`);
  const file = files.get(name) ?? assert.fail(`${name} is not in the answer`);
  const scope = `.${file.package}`;
  const declared = [
    ...(file.messageType ?? []).flatMap((message) => declaredIn(message, scope)),
    ...(file.enumType ?? []).map((type) => `${scope}.${type.name}`),
  ];
  const imports = file.dependency as string[];
  const visible = new Set([...declared, ...imports.flatMap((path) => link(path, files, [...importing, name]))]);
  assert.deepEqual(namesUsedBy(file).filter((used) => !visible.has(used)), [], `names that ${name} doesn't import`);
  return declared;
}

for (const version of ['v1', 'v1alpha']) {
  describe(`reflection ${version}`, () => {
    test('lists the services it was told to', async () => {
      const response = await ask(version, { list_services: '*' });
      const names = response.list_services_response?.service.map((service) => service.name);
      assert.deepEqual(names?.sort(), [ADS_V2, ADS_V3, CSDS].sort());
    });

    for (const symbol of SYMBOLS) {
      test(`describes ${symbol} in files that link`, async () => {
        const files = await fetchFiles(version, symbol);
        const [home] = files.keys();
        link(home ?? '', files);
      });
    }

    test('names every field for JSON, as compilers do', async () => {
      const files = await fetchFiles(version, 'envoy.service.discovery.v3.DeltaDiscoveryRequest');
      const messages = [...files.values()].flatMap((file) => file.messageType ?? []);
      const named = Object.fromEntries(messages.flatMap(fieldsOf).map(({ name, jsonName }) => [name, jsonName]));
      for (const [name, jsonName] of Object.entries(jsonNames)) assert.equal(named[name], jsonName);
      assert.deepEqual(Object.keys(named).filter((name) => !named[name]), []);
    });

    test('names the entries of a map after its field, as compilers do', async () => {
      const files = await fetchFiles(version, 'envoy.service.discovery.v3.DeltaDiscoveryRequest');
      const messages = [...files.values()].flatMap((file) => file.messageType ?? []);
      const request = messages.find((message) => message.name === 'DeltaDiscoveryRequest');
      assert.deepEqual(request?.nestedType?.map((nested) => nested.name), ['InitialResourceVersionsEntry']);
    });
  });
}
