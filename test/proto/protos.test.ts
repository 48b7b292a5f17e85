// Holds protos/ to the facts of Envoy's API, and the codec to what it promises.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { Field, ReflectionObject } from 'protobufjs';
import { decodeMessage, encodeMessage, packageDefinition, protoRoot } from '../../src/proto/protos.ts';
import type { PlainMessage } from '../../src/proto/protos.ts';

interface FieldFact {
  name: string;
  number: number;
  type: string;
  label?: string;
  oneof?: string;
}

interface MethodFact {
  Name: string;
  Input: string;
  Output: string;
  ClientStreams: boolean;
  ServerStreams: boolean;
}

interface Facts {
  messages: Record<string, FieldFact[]>;
  enums: Record<string, Record<string, number>>;
  services: Record<string, MethodFact[]>;
}

const PROTOS = fileURLToPath(new URL('../../protos/', import.meta.url));
const FACTS: Record<'v2' | 'v3', Facts> = { v2: readFacts('v2'), v3: readFacts('v3') };

function readFacts(version: string): Facts {
  return JSON.parse(readFileSync(new URL(`../fixtures/envoy-api/${version}.json`, import.meta.url), 'utf8')) as Facts;
}

/** The facts that a definition answers to: those of its folder, or of both versions when it is shared. */
function factsFor(object: ReflectionObject): Facts[] {
  const file = object.filename ?? assert.fail(`${object.fullName} comes from no file`);
  if (file.startsWith(join(PROTOS, 'v2/'))) return [FACTS.v2];
  if (file.startsWith(join(PROTOS, 'v3/'))) return [FACTS.v3];
  return [FACTS.v2, FACTS.v3];
}

/** Messages, enums and services below `object`, nested ones too, without google.protobuf's, which protobufjs brings. */
function listDefinitions(object: ReflectionObject): ReflectionObject[] {
  if (object.fullName === '.google.protobuf') return [];
  const children = object instanceof protobuf.Namespace ? object.nestedArray.flatMap(listDefinitions) : [];
  const isPackage = object.constructor === protobuf.Namespace || object instanceof protobuf.Root;
  return isPackage ? children : [object, ...children];
}

const definitions = listDefinitions(protoRoot);

function fullName(object: ReflectionObject | null): string {
  assert.ok(object, 'reference resolved');
  return object.fullName.slice(1);
}

function describeField(field: Field): FieldFact {
  const single = field.resolvedType ? fullName(field.resolvedType) : field.type;
  return {
    name: field.name,
    number: field.id,
    type: field instanceof protobuf.MapField ? `map<${field.keyType}, ${single}>` : single,
    ...(field.repeated && { label: 'repeated' }),
    ...(field.partOf && { oneof: field.partOf.name }),
  };
}

function checkDefinition(object: ReflectionObject, facts: Facts): void {
  const name = fullName(object);
  if (object instanceof protobuf.Type) {
    const known = facts.messages[name] ?? assert.fail(`the API has no message ${name}`);
    for (const field of object.fieldsArray) {
      assert.deepEqual(describeField(field), known.find((fact) => fact.name === field.name), `${name}.${field.name}`);
    }
  } else if (object instanceof protobuf.Enum) {
    assert.deepEqual(object.values, facts.enums[name]);
  } else if (object instanceof protobuf.Service) {
    const methods = object.methodsArray.map((method) => ({
      Name: method.name,
      Input: fullName(method.resolvedRequestType),
      Output: fullName(method.resolvedResponseType),
      ClientStreams: Boolean(method.requestStream),
      ServerStreams: Boolean(method.responseStream),
    }));
    const known = facts.services[name] ?? assert.fail(`the API has no service ${name}`);
    for (const method of methods) assert.deepEqual(method, known.find(({ Name }) => Name === method.Name), name);
  } else {
    assert.fail(`${name} is neither message, enum nor service`);
  }
}

describe('a definition under protos/ is as in the API', () => {
  for (const object of definitions) {
    test(fullName(object), () => {
      for (const facts of factsFor(object)) checkDefinition(object, facts);
    });
  }
});

describe('what is loaded', () => {
  test('is every file under protos/', () => {
    const files = readdirSync(PROTOS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
    const loaded = new Set(definitions.map((object) => object.filename));
    assert.ok(files.length > 0);
    assert.deepEqual(files.filter((file) => !loaded.has(join(PROTOS, file))), []);
  });

  test('is what the package definition offers', () => {
    const offered = Object.keys(packageDefinition).filter((name) => !name.startsWith('google.protobuf.'));
    const topLevel = definitions.filter((object) => !(object.parent instanceof protobuf.Type));
    assert.deepEqual(offered.sort(), topLevel.map(fullName).sort());
  });

  test('has every discovery service, by the path that Envoy calls', () => {
    const paths = Object.values(packageDefinition).flatMap((definition) =>
      typeof definition.format === 'string' ? [] : Object.values(definition).map((method) => method.path),
    );
    for (const path of [
      '/envoy.api.v2.ClusterDiscoveryService/StreamClusters',
      '/envoy.api.v2.EndpointDiscoveryService/DeltaEndpoints',
      '/envoy.api.v2.ListenerDiscoveryService/StreamListeners',
      '/envoy.api.v2.RouteDiscoveryService/StreamRoutes',
      '/envoy.service.discovery.v2.AggregatedDiscoveryService/StreamAggregatedResources',
      '/envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters',
      '/envoy.service.endpoint.v3.EndpointDiscoveryService/DeltaEndpoints',
      '/envoy.service.listener.v3.ListenerDiscoveryService/DeltaListeners',
      '/envoy.service.route.v3.RouteDiscoveryService/StreamRoutes',
      '/envoy.service.discovery.v2.SecretDiscoveryService/DeltaSecrets',
      '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets',
      '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus',
    ]) {
      assert.ok(paths.includes(path), path);
    }
  });

  test('has 64-bit integers nowhere but in google.protobuf, so numbers are exact', () => {
    const fields = definitions.flatMap((object) => (object instanceof protobuf.Type ? object.fieldsArray : []));
    assert.deepEqual(fields.filter((field) => field.long).map(fullName), []);
  });
});

const ENUM = 'envoy.api.v2.core.ApiVersion';

const CLUSTER_V2: PlainMessage = {
  name: 'bunny_redis_cluster',
  type: 'EDS',
  eds_cluster_config: {
    eds_config: {
      api_config_source: { api_type: 'GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'xds_cluster' } }] },
    },
  },
  connect_timeout: { seconds: 5 },
};

const RESPONSE_V3: PlainMessage = {
  resources: [
    {
      version: '1',
      resource: {
        type_url: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
        value: encodeMessage('envoy.config.endpoint.v3.ClusterLoadAssignment', {
          cluster_name: 'a',
          endpoints: [
            {
              lb_endpoints: [
                {
                  endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: 6379 } } },
                  load_balancing_weight: { value: 3 },
                },
              ],
            },
          ],
        }),
      },
      name: 'a',
      ttl: { seconds: 1, nanos: 500_000_000 },
    },
  ],
  type_url: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  nonce: '7',
  removed_resources: ['b', 'c'],
  control_plane: { identifier: 'x' },
};

describe('encodeMessage and decodeMessage', () => {
  for (const [name, message] of [
    ['envoy.api.v2.Cluster', CLUSTER_V2],
    ['envoy.service.discovery.v3.DeltaDiscoveryResponse', RESPONSE_V3],
  ] as const) {
    test(`${name} survives the round trip`, () => {
      assert.deepEqual(decodeMessage(name, encodeMessage(name, message)), message);
    });
  }

  test('the bytes are those of the wire format', () => {
    const address = { port_value: 6379, address: '::1', protocol: 'UDP' };
    const bytes = encodeMessage('envoy.api.v2.core.SocketAddress', address);
    assert.ok(Buffer.isBuffer(bytes));
    assert.equal(bytes.toString('hex'), '0801' + '12033a3a31' + '18eb31');
  });

  test('the order of fields and of map entries makes no difference', () => {
    const name = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
    const one = { type_url: 't', initial_resource_versions: { a: '1', b: '2', 10: '3', 9: '4' } };
    const other = { initial_resource_versions: { 9: '4', b: '2', 10: '3', a: '1' }, type_url: 't' };
    assert.deepEqual(encodeMessage(name, one), encodeMessage(name, other));
  });

  test('a field that holds its default is as one that is absent, but not inside a oneof', () => {
    const defaults = { name: '', lb_policy: 'ROUND_ROBIN', close_connections_on_host_health_failure: false };
    assert.equal(encodeMessage('envoy.config.cluster.v3.Cluster', defaults).length, 0);
    assert.equal(encodeMessage('google.protobuf.Duration', { seconds: 0, nanos: 0 }).length, 0);
    assert.deepEqual(encodeMessage('google.protobuf.Any', { value: Buffer.alloc(0) }).length, 0);
    const address = { port_value: 0 };
    assert.deepEqual(
      decodeMessage('envoy.api.v2.core.SocketAddress', encodeMessage('envoy.api.v2.core.SocketAddress', address)),
      address,
    );
    assert.deepEqual(encodeMessage('envoy.config.core.v3.ConfigSource', { ads: {} }).toString('hex'), '1a00');
  });

  test('a nested message goes by its full name', () => {
    const name = 'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy.PrefixRoutes.Route';
    const route = { prefix: 'br', cluster: 'a' };
    assert.deepEqual(decodeMessage(name, encodeMessage(name, route)), route);
  });

  test('an unknown message is refused, also one whose last part is known', () => {
    for (const name of ['Cluster', 'envoy.api.v3.Cluster', '', 'constructor', 'envoy.api.v2', ENUM]) {
      assert.throws(() => encodeMessage(name, {}), { message: `no such message: ${name}` });
      assert.throws(() => decodeMessage(name, Buffer.alloc(0)), { message: `no such message: ${name}` });
    }
  });

  test('bytes that are no message are refused, fields that are not defined are skipped', () => {
    assert.throws(() => decodeMessage('envoy.api.v2.Cluster', Buffer.from('0aff', 'hex')));
    const unknownField = Buffer.from('ca3e0178', 'hex');
    const cluster = Buffer.concat([unknownField, encodeMessage('envoy.api.v2.Cluster', { name: 'a' })]);
    assert.deepEqual(decodeMessage('envoy.api.v2.Cluster', cluster), { name: 'a' });
  });
});

describe('the package definition', () => {
  test('gives requests every field, absent ones with their default', () => {
    const service = packageDefinition['envoy.service.discovery.v3.AggregatedDiscoveryService'];
    assert.ok(service && typeof service.format !== 'string');
    const bytes = encodeMessage('envoy.service.discovery.v3.DiscoveryRequest', { type_url: 't' });
    assert.deepEqual(service['StreamAggregatedResources']?.requestDeserialize(bytes), {
      version_info: '',
      node: null,
      resource_names: [],
      type_url: 't',
      response_nonce: '',
      error_detail: null,
    });
  });
});
