// xDS over HTTP on the API port: discovery by polling (REST-JSON), and client status.

import express from 'express';
import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import { isPrivateConnection } from '../net/private-connection.ts';
import { FieldError, JsonMessage } from '../proto/json-message.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import type { DiscoveryFetch } from '../xds/fetch.ts';
import { BodyError, readBody } from './body.ts';
import { CallLimit } from './call-limit.ts';
import { sendPlainText } from './plain-text.ts';
import { refuseMethod } from './refuse-method.ts';

export interface DiscoveryParts {
  readonly discovery: Pick<DiscoveryFetch, 'answer'>;
  /** Who is given passwords and private keys. */
  readonly secretsFor: 'private' | 'any';
  /** Takes a ClientStatusRequest, gives a ClientStatusResponse in JSON. Rejects with a FieldError. */
  readonly renderClientStatus: (request: JsonMessage) => Promise<string>;
}

// Envoy sends its whole node each time, with every extension that is compiled in: some 80 KB.
const maxBodyBytes = 4_194_304;

// A request for client status names nodes.
const maxStatusBodyBytes = 65_536;

// Each may have ten thousand clients to be told, and not read.
const maxStatusReaders = 8;

const collections: readonly (readonly [name: string, kind: ResourceKind])[] = [
  ['clusters', 'cluster'],
  ['endpoints', 'endpoint'],
  ['listeners', 'listener'],
  ['routes', 'route'],
  ['secrets', 'secret'],
];

const pollingPaths: ReadonlyMap<string, { readonly apiVersion: ApiVersion; readonly kind: ResourceKind }> = new Map(
  (['v2', 'v3'] as const).flatMap((apiVersion) =>
    collections.map(([name, kind]) => [`/${apiVersion}/discovery:${name}`, { apiVersion, kind }] as const),
  ),
);

/** True for the paths that Envoy polls. */
export function isPollingPath(path: string): boolean {
  return pollingPaths.has(path);
}

/** A router to be mounted at `/`. A request that can't be used is answered 400 with the reason as a line of text. */
export function createDiscoveryApi({ discovery, secretsFor, renderClientStatus }: DiscoveryParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const post = (path: string, handler: RequestHandler): void => {
    // A colon begins a parameter unless it is escaped.
    router.route(path.replace(':', '\\:')).post(handler).all(refuseMethod('POST'));
  };
  for (const [path, { apiVersion, kind }] of pollingPaths) {
    post(path, createFetchHandler({ discovery, secretsFor }, apiVersion, kind));
  }
  const limit = new CallLimit(maxStatusReaders);
  post('/v3/discovery:client_status', async (request, response) => {
    const body = await readBody(request, maxStatusBodyBytes);
    if (limit.isReached) {
      sendPlainText(response, 503, `${maxStatusReaders} answers are on their way: ask again later`);
      return;
    }
    const message = JsonMessage.parse(body);
    const answer = async (): Promise<void> => {
      response.type('json').send(await renderClientStatus(message));
      // It is held until the client has read it.
      if (!response.closed) await new Promise((resolve) => response.once('close', resolve));
    };
    await limit.count(answer());
  });
  router.use(answerBadRequest);
  return router;
}

function createFetchHandler(
  { discovery, secretsFor }: Pick<DiscoveryParts, 'discovery' | 'secretsFor'>,
  apiVersion: ApiVersion,
  kind: ResourceKind,
): RequestHandler {
  return async (request, response) => {
    const body = await readBody(request, maxBodyBytes);
    const isGivenSecrets = secretsFor === 'any' || isPrivateConnection(request.socket);
    const answer = discovery.answer(apiVersion, kind, JsonMessage.parse(body), isGivenSecrets);
    if (answer.kind === 'response') response.type('json').send(answer.body);
    else if (answer.kind === 'unchanged') response.status(304).end();
    else sendPlainText(response, 503, 'nothing is published yet');
  };
}

// Express tells an error handler by its four parameters.
const answerBadRequest: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (error instanceof FieldError || error instanceof BodyError) sendPlainText(response, 400, error.message);
  else next(error);
};
