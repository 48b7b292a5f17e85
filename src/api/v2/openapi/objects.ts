// Clusters, endpoints, listeners, secrets, and all of them as a file.

import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';

import {
  clusterSchema,
  endpointSchema,
  plainClusterSchema,
  redisClusterSchema,
  replicatedClusterSchema,
  shardedClusterSchema,
} from '../../../model/cluster.ts';
import {
  httpListenerSchema,
  listenerSchema,
  redisListenerSchema,
  tcpListenerSchema,
} from '../../../model/listener.ts';
import { configSchema } from '../../../model/parse.ts';
import { caFields, certificateFields, passwordFields, shownSecretSchema } from '../../../model/secret.ts';
import { patchTypes } from '../objects.ts';
import { checkSchema } from '../schemas/check.ts';
import {
  appliedSchema,
  clusterListSchema,
  diffSchema,
  endpointListSchema,
  listenerListSchema,
  secretListSchema,
} from '../schemas/declared.ts';
import { failoverAnswerSchema, failoverRequestSchema, failoversSchema } from '../schemas/failovers.ts';
import { healthSchema } from '../schemas/health.ts';
import { hostNamesSchema } from '../schemas/host-names.ts';
import { awaitedOrderSchema, orderRequestSchema, orderedSchema, ordersSchema } from '../schemas/orders.ts';
import { rotateKeyRequestSchema } from '../schemas/secrets.ts';
import { operation } from './operation.ts';
import {
  author,
  dryRunQuery,
  etag,
  expectationQuery,
  ifChanged,
  ifMatch,
  ifMatchStaged,
  ifNoneMatch,
  lines,
  location,
  pageQuery,
  pathEndpoint,
  pathName,
  progressLines,
  viewQuery,
  waitQuery,
} from './parameters.ts';

// In a body of PUT the name may be left out.
const nameless = { name: true } as const;

const clusterBody = z
  .discriminatedUnion('kind', [
    plainClusterSchema.partial(nameless),
    shardedClusterSchema.partial(nameless),
    // One with rules between its fields can't be made partial.
    z.strictObject({ ...replicatedClusterSchema.shape, name: replicatedClusterSchema.shape.name.optional() }),
    redisClusterSchema.partial(nameless),
  ])
  .meta({ id: 'ClusterBody' });

const listenerBody = z
  .discriminatedUnion('kind', [
    redisListenerSchema.partial(nameless),
    tcpListenerSchema.partial(nameless),
    httpListenerSchema.partial(nameless),
  ])
  .meta({ id: 'ListenerBody' });

const secretBody = z
  .discriminatedUnion('kind', [
    z.strictObject(passwordFields).partial(nameless),
    z.strictObject(certificateFields).partial(nameless),
    z.strictObject(caFields).partial(nameless),
  ])
  .meta({ id: 'SecretBody' });

const endpointBody = endpointSchema.partial({ address: true, port: true }).meta({ id: 'EndpointBody' });

const patchBody = z.record(z.string(), z.unknown()).meta({
  id: 'MergePatch',
  description: 'Fields to be replaced, and null for those to be removed (RFC 7396).',
});

const changeHeaders = { ...author, ...ifMatch };

const clusterExample = { prefix: 'sess:', endpoints: [{ address: '10.0.0.1', port: 6379 }] };

interface Kind {
  readonly one: string;
  readonly many: string;
  /** For operation ids. */
  readonly id: string;
  readonly schema: z.ZodType;
  readonly list: z.ZodType;
  readonly body: z.ZodType;
  readonly example: object;
  readonly patch: object;
}

const clusters: Kind = {
  one: 'cluster',
  many: 'clusters',
  id: 'Cluster',
  schema: clusterSchema,
  list: clusterListSchema,
  body: clusterBody,
  example: clusterExample,
  patch: { prefix: 'session:', connect_timeout: null },
};

const listeners: Kind = {
  one: 'listener',
  many: 'listeners',
  id: 'Listener',
  schema: listenerSchema,
  list: listenerListSchema,
  body: listenerBody,
  example: { kind: 'tcp', address: '0.0.0.0:7000', cluster: 'sessions' },
  patch: { idle_timeout: '10m' },
};

const secrets: Kind = {
  one: 'secret',
  many: 'secrets',
  id: 'Secret',
  schema: shownSecretSchema,
  list: secretListSchema,
  body: secretBody,
  example: { kind: 'password', value: 'correct horse battery staple' },
  patch: { labels: { team: 'payments' } },
};

function describeKind({ one, many, id, schema, list, body, example, patch }: Kind): ZodOpenApiPathsObject {
  const tag = 'Objects';
  const there = { description: `The ${one}.`, schema, headers: etag };
  return {
    [`/${many}`]: {
      get: operation(`list${id}s`, {
        tag,
        summary: `All ${many}, in order of name`,
        query: { ...viewQuery, ...pageQuery },
        answers: { 200: { description: 'A page of them.', schema: list } },
      }),
    },
    [`/${many}/{name}`]: {
      get: operation(`get${id}`, {
        tag,
        summary: `One ${one}`,
        path: pathName,
        query: viewQuery,
        header: ifChanged,
        answers: { 200: there, 304: { description: 'It has this ETag still.' } },
        problems: [404],
      }),
      put: operation(`put${id}`, {
        tag,
        summary: `Stages a ${one}, new or in place of what is staged`,
        path: pathName,
        header: { ...changeHeaders, ...ifNoneMatch },
        body: { schema: body, example },
        answers: {
          200: { ...there, description: 'Replaced.' },
          201: { ...there, description: 'Created.', headers: { ...etag, ...location } },
        },
        problems: [409, 412, 503],
      }),
      patch: operation(`patch${id}`, {
        tag,
        summary: `Stages a change of some fields of a ${one}`,
        path: pathName,
        header: changeHeaders,
        body: { schema: patchBody, types: patchTypes, example: patch },
        answers: { 200: { ...there, description: 'As it is now.' } },
        problems: [404, 409, 412, 503],
      }),
      delete: operation(`delete${id}`, {
        tag,
        summary: `Stages the removal of a ${one}`,
        path: pathName,
        header: changeHeaders,
        answers: { 204: { description: 'It is staged no more.' } },
        problems: [404, 409, 412, 503],
      }),
    },
  };
}

function describeEndpoints(): ZodOpenApiPathsObject {
  const tag = 'Objects';
  const there = { description: 'The endpoint.', schema: endpointSchema, headers: etag };
  return {
    '/clusters/{name}/endpoints': {
      get: operation('listEndpoints', {
        tag,
        summary: 'The endpoints of a cluster that is not sharded, in order of address and port',
        path: pathName,
        query: viewQuery,
        answers: { 200: { description: 'All of them.', schema: endpointListSchema } },
        problems: [404, 409],
      }),
    },
    '/clusters/{name}/endpoints/{endpoint}': {
      get: operation('getEndpoint', {
        tag,
        summary: 'One endpoint of a cluster that is not sharded',
        path: pathEndpoint,
        query: viewQuery,
        header: ifChanged,
        answers: { 200: there, 304: { description: 'It has this ETag still.' } },
        problems: [404, 409],
      }),
      put: operation('putEndpoint', {
        tag,
        summary: 'Stages an endpoint, new or in place of what is staged',
        path: pathEndpoint,
        header: { ...changeHeaders, ...ifNoneMatch },
        body: { schema: endpointBody, isOptional: true, example: { weight: 2 } },
        answers: {
          200: { ...there, description: 'Replaced.' },
          201: { ...there, description: 'Created.', headers: { ...etag, ...location } },
        },
        problems: [404, 409, 412, 503],
      }),
      patch: operation('patchEndpoint', {
        tag,
        summary: 'Stages a change of some fields of an endpoint',
        path: pathEndpoint,
        header: changeHeaders,
        body: { schema: patchBody, types: patchTypes, example: { weight: null } },
        answers: { 200: { ...there, description: 'As it is now.' } },
        problems: [404, 409, 412, 503],
      }),
      delete: operation('deleteEndpoint', {
        tag,
        summary: 'Stages the removal of an endpoint',
        path: pathEndpoint,
        header: changeHeaders,
        answers: { 204: { description: 'It is staged no more.' } },
        problems: [404, 409, 412, 503],
      }),
    },
  };
}

function describeOrders(): ZodOpenApiPathsObject {
  const tag = 'Changes';
  return {
    '/clusters/{name}/endpoints/{endpoint}/orders': {
      post: operation('order', {
        tag,
        summary: 'Tells what is to happen with a server now: drain, undrain, disable or enable it',
        description:
          'In force at once, and kept: nothing is staged or committed by it, and what is staged stays as it is. ' +
          `Of what is committed. ${lines}`,
        path: pathEndpoint,
        query: { ...waitQuery, ...expectationQuery },
        header: author,
        body: { schema: orderRequestSchema, example: { order: 'drain', for: '10m', message: 'new memory' } },
        answers: {
          200: {
            description: 'What stands for the server now; with `wait` who runs it, and whether it is drained.',
            schema: z.union([orderedSchema, awaitedOrderSchema]),
            types: ['application/json', 'application/x-ndjson'],
          },
        },
        problems: [404, 409, 503],
      }),
    },
    '/orders': {
      get: operation('listOrders', {
        tag,
        summary: 'The orders that stand: servers that are left out of what Envoys are given',
        query: { cluster: z.string().optional().describe('Of one cluster.') },
        answers: { 200: { description: 'In order of cluster and server.', schema: ordersSchema } },
      }),
    },
  };
}

function describeFailovers(): ZodOpenApiPathsObject {
  const tag = 'Changes';
  return {
    '/clusters/{name}/failover': {
      post: operation('failover', {
        tag,
        summary: 'Makes another server of a replicated cluster its primary, or says when none is to be',
        description: `In force at once, and kept at each of its steps: nothing is staged or committed by it. ${lines}`,
        path: pathName,
        header: author,
        body: { schema: failoverRequestSchema, example: { action: 'switchover', to: '10.0.0.2:6379' } },
        answers: {
          200: {
            description: 'What came of it, also when it was given up; or what would.',
            schema: failoverAnswerSchema,
            types: ['application/json', 'application/x-ndjson'],
          },
        },
        problems: [404, 409, 503],
      }),
    },
    '/failovers': {
      get: operation('listFailovers', {
        tag,
        summary: 'What was promoted, and what is under way',
        query: { cluster: z.string().optional().describe('Of one cluster.') },
        answers: { 200: { description: 'Newest first.', schema: failoversSchema } },
      }),
    },
  };
}

function describeRotation(): ZodOpenApiPathsObject {
  return {
    '/rotate-key': {
      post: operation('rotateKey', {
        tag: 'Objects',
        summary: 'Changes the key of the key file',
        description: 'What is sealed stays as it is, history and all: its data key is wrapped anew.',
        body: { schema: rotateKeyRequestSchema, isOptional: true, example: {} },
        answers: { 204: { description: 'The key file has the new key.' } },
        problems: [409, 503],
      }),
    },
  };
}

function describeConfig(): ZodOpenApiPathsObject {
  const tag = 'Objects';
  const types = ['application/json', 'application/yaml'];
  const example = { clusters: [{ name: 'sessions', ...clusterExample }], listeners: [] };
  return {
    '/config': {
      get: operation('getConfig', {
        tag,
        summary: 'Everything that is declared, as a file',
        description: 'JSON, or YAML to who accepts that rather. Put back, it changes nothing.',
        query: viewQuery,
        header: ifChanged,
        answers: {
          200: {
            description: 'The file. Of the view `staged` it has the ETag of the staging area.',
            schema: configSchema,
            types,
            headers: { ETag: z.string().optional(), Vary: z.string() },
          },
          304: { description: 'It has this ETag still.' },
        },
        problems: [406],
      }),
      put: operation('putConfig', {
        tag,
        summary: 'Stages a whole file, and the removal of what it does not name',
        query: dryRunQuery,
        header: { ...author, ...ifMatchStaged },
        body: { schema: configSchema, types, example },
        answers: {
          200: {
            description: 'What it staged; with `dry_run` what it would stage, as a diff has it.',
            schema: z.union([diffSchema, appliedSchema]),
          },
        },
        problems: [409, 412, 503],
      }),
    },
    '/host-names': {
      get: operation('listHostNames', {
        tag,
        summary: 'The host names that the control plane looks up, and what they lead to',
        answers: { 200: { description: 'Of what is committed, and of what drains.', schema: hostNamesSchema } },
      }),
    },
    '/health': {
      get: operation('getHealth', {
        tag,
        summary: 'What is seen of the servers that are watched',
        query: { cluster: z.string().optional().describe('One cluster, which must be committed.') },
        answers: { 200: { description: 'Of what is committed.', schema: healthSchema } },
        problems: [404],
      }),
    },
    '/check': {
      post: operation('check', {
        tag,
        summary: 'Looks at every declared server once: who answers, and is what it is declared to be',
        description: `From the host of the control plane. Changes nothing. ${progressLines}`,
        query: {
          cluster: z.string().optional().describe('One cluster.'),
          ...viewQuery,
          timeout: z
            .string()
            .regex(/^([1-9][0-9]{0,3}ms|[1-9]s)$/)
            .optional()
            .describe('For connecting to a server, and again for its answers: `500ms`, `2s` unless told, at most `30s`.'),
        },
        body: { schema: configSchema, types, isOptional: true, example },
        answers: {
          200: {
            description: 'Also when no server answers.',
            schema: checkSchema,
            types: ['application/json', 'application/x-ndjson'],
          },
        },
        problems: [404, 503],
      }),
    },
  };
}

export const objectPaths: ZodOpenApiPathsObject = {
  ...describeKind(clusters),
  ...describeEndpoints(),
  ...describeOrders(),
  ...describeFailovers(),
  ...describeKind(listeners),
  ...describeKind(secrets),
  ...describeRotation(),
  ...describeConfig(),
};
