// /api/v1: the original's five calls. JSON in; out comes 200 and nothing, or
// 500 and the reason as a line of text. The rules themselves are the inventory's.

import express from 'express';
import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import { CommitError, StoreError } from '../commit/published.ts';
import type { Desk } from '../commit/desk.ts';
import type { Change } from '../inventory/change.ts';
import { InventoryError } from '../inventory/errors.ts';
import { BodyError, readBody } from './body.ts';
import { JsonError, decodeFields } from './go-json.ts';
import { sendPlainText } from './plain-text.ts';
import { refuseMethod } from './refuse-method.ts';

/** The largest body that a call may send. */
export const maxBodyBytes = 1_048_576;

const endpointShape = { cluster: 'string', ipaddress: 'string', port: 'uint32' } as const;

/** What the five calls need. */
export type V1Desk = Pick<Desk, 'change' | 'commit'>;

// The original's calls do not say who calls.
const author = 'api/v1';

/**
 * The router of /api/v1, to be mounted there. What `desk` or the decoder
 * refuses is answered 500 with its message; what else is thrown goes on to the
 * app's error handler. Store failures are also logged: they are the operator's to mend.
 */
export function createV1(desk: V1Desk, log: Logger): Router {
  const stage = (parse: (body: string) => Change): RequestHandler => async (request, response) => {
    await desk.change(parse(await readBody(request, maxBodyBytes)), author);
    response.end();
  };
  const router = express.Router({ caseSensitive: true, strict: true });
  router
    .route('/cluster')
    .post(stage(parseAddCluster))
    .delete(stage(parseRemoveCluster))
    .all(refuseMethod('POST', 'DELETE'));
  router
    .route('/endpoint')
    .post(stage((body) => parseChangeEndpoint('add-endpoint', body)))
    .delete(stage((body) => parseChangeEndpoint('remove-endpoint', body)))
    .all(refuseMethod('POST', 'DELETE'));
  router
    .route('/commit')
    .post(async (_request, response) => {
      await desk.commit({ author, isUnguarded: true });
      response.end();
    })
    .all(refuseMethod('POST'));
  router.use(createRefusal(log));
  return router;
}

function parseAddCluster(body: string): Change {
  return { kind: 'add-cluster', ...decodeFields(body, { name: 'string', prefix: 'string' }) };
}

function parseRemoveCluster(body: string): Change {
  return { kind: 'remove-cluster', ...decodeFields(body, { name: 'string' }) };
}

function parseChangeEndpoint(kind: 'add-endpoint' | 'remove-endpoint', body: string): Change {
  const { cluster, ipaddress, port } = decodeFields(body, endpointShape);
  return { kind, cluster, address: ipaddress, port };
}

function createRefusal(log: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (!isRefusal(error)) {
      next(error);
      return;
    }
    if (error instanceof StoreError) log.error({ err: error }, 'the store failed');
    sendPlainText(response, 500, error.message);
  };
}

function isRefusal(error: unknown): error is Error {
  return [BodyError, JsonError, InventoryError, CommitError, StoreError].some((kind) => error instanceof kind);
}
