// /api/v2: JSON out, with the status code that fits, and errors as problems (RFC 9457).

import express from 'express';
import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import { CommitError, StoreError } from '../../commit/control.ts';
import { createClientsHandler } from './clients.ts';
import type { ClientsParts } from './clients.ts';
import { createCommitHandler } from './commit.ts';
import type { CommitParts } from './commit.ts';
import { ProblemError, sendProblem } from './problem.ts';
import { createRetryHandler } from './retry.ts';
import type { RetryParts } from './retry.ts';

export interface V2Parts extends ClientsParts, CommitParts, RetryParts {
  readonly log: Logger;
}

/** The router of /api/v2, to be mounted there. It answers every path below. */
export function createV2(parts: V2Parts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router
    .route('/clients')
    .get(createClientsHandler(parts))
    .all(refuseMethod('GET', 'HEAD'));
  router
    .route('/commit')
    .post(createCommitHandler(parts))
    .all(refuseMethod('POST'));
  router
    .route('/retry')
    .post(createRetryHandler(parts))
    .all(refuseMethod('POST'));
  router.use((request) => {
    throw new ProblemError(404, `${request.baseUrl}${request.path}: no such resource`);
  });
  router.use(createErrorHandler(parts.log));
  return router;
}

function refuseMethod(...allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.set('Allow', allowed.join(', '));
    throw new ProblemError(405, `${request.method}: must be ${allowed.join(' or ')}`);
  };
}

function createErrorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const status = statusOf(error);
    const isOurs = status >= 500 && !(error instanceof ProblemError);
    if (isOurs) log.error({ err: error, method: request.method, path: request.originalUrl }, 'request failed');
    // Too late to say what went wrong: a cut answer is the one sign that is left.
    if (response.headersSent) response.destroy();
    else sendProblem(response, status, status === 500 ? 'internal error' : (error as Error).message);
  };
}

function statusOf(error: unknown): number {
  if (error instanceof ProblemError) return error.status;
  if (error instanceof CommitError) return 409;
  if (error instanceof StoreError) return 503;
  return 500;
}
