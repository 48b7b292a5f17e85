// /api/v2: JSON out, with the status code that fits, and errors as problems (RFC 9457).

import express from 'express';
import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import { StoreError } from '../../commit/published.ts';
import type { Desk } from '../../commit/desk.ts';
import { SecretKeyError } from '../../secrets/key-file.ts';
import type { DeclaredObject } from '../../model/objects.ts';
import type { NameSource } from '../../watch/find-names.ts';
import { createBackupHandler } from './backup.ts';
import { createCheckHandler } from './check.ts';
import { createClientsHandler } from './clients.ts';
import type { ClientsParts } from './clients.ts';
import { createCommit } from './commit.ts';
import { createConfigGetHandler, createConfigPutHandler } from './config.ts';
import { createDiffHandler, createPlanHandler, createRevisionDiffHandler } from './diff.ts';
import { addDocs } from './docs.ts';
import {
  createEndpointDeleteHandler,
  createEndpointGetHandler,
  createEndpointListHandler,
  createEndpointPatchHandler,
  createEndpointPutHandler,
} from './endpoints.ts';
import { createEventsHandler } from './events.ts';
import type { EventsParts } from './events.ts';
import { createFailoverHandler, createFailoversHandler } from './failovers.ts';
import type { FailoverHandlerParts } from './failovers.ts';
import { createHealthHandler } from './health.ts';
import { createHostNamesHandler } from './host-names.ts';
import { createLogHandler } from './log.ts';
import { createOrderHandler, createOrdersHandler } from './orders.ts';
import { clusterType, listenerType, secretType } from './object-type.ts';
import type { ObjectType, PlainObjectType } from './object-type.ts';
import {
  createDeleteHandler,
  createGetHandler,
  createListHandler,
  createPatchHandler,
  createPutHandler,
} from './objects.ts';
import type { Named } from './objects.ts';
import { ProblemError, sendProblem } from './problem.ts';
import { createPublishing } from './publish.ts';
import type { PublishParts } from './publish.ts';
import { refuseMethod } from './refuse-method.ts';
import { createRestore, restoreParameters } from './restore.ts';
import type { ReadBackup } from './restore.ts';
import { createRetryHandler } from './retry.ts';
import type { RetryParts } from './retry.ts';
import { createRevisionHandler, createRevisionsHandler } from './revisions.ts';
import { createRollback } from './rollback.ts';
import { createRotateKeyHandler, createSecretPatchHandler, createSecretPutHandler } from './secrets.ts';
import type { Secrets } from './secrets.ts';
import { createDiscardHandler, createStagedHandler } from './staged.ts';
import { toProblem } from './to-problem.ts';

export interface V2Parts
  extends Omit<ClientsParts, 'desk'>, PublishParts, RetryParts, EventsParts, FailoverHandlerParts {
  readonly desk: Desk;
  readonly readBackup: ReadBackup;
  readonly secrets: Secrets;
  readonly names: NameSource;
  readonly log: Logger;
}

/** The router of /api/v2, to be mounted there. It answers every path below. */
export function createV2(parts: V2Parts): Router {
  const { desk, readBackup, secrets } = parts;
  const router = express.Router({ caseSensitive: true, strict: true });
  const publishing = createPublishing(parts);
  const clients = createClientsHandler(parts);

  addObjects(router, desk, clusterType, changesOf(desk, clusterType));
  router.route('/clusters/:name/endpoints').get(createEndpointListHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router
    .route('/clusters/:name/endpoints/:endpoint')
    .get(createEndpointGetHandler(desk))
    .put(createEndpointPutHandler(desk))
    .patch(createEndpointPatchHandler(desk))
    .delete(createEndpointDeleteHandler(desk))
    .all(refuseMethod('GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'));
  const order = createOrderHandler(parts);
  router.route('/clusters/:name/endpoints/:endpoint/orders').post(order).all(refuseMethod('POST'));
  router.route('/clusters/:name/failover').post(createFailoverHandler(parts)).all(refuseMethod('POST'));
  router.route('/failovers').get(createFailoversHandler(parts)).all(refuseMethod('GET', 'HEAD'));
  router.route('/orders').get(createOrdersHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  addObjects(router, desk, listenerType, changesOf(desk, listenerType));
  addObjects(router, desk, secretType, {
    put: createSecretPutHandler(desk, secrets),
    patch: createSecretPatchHandler(desk),
  });
  router.route('/rotate-key').post(createRotateKeyHandler(secrets)).all(refuseMethod('POST'));
  router
    .route('/config')
    .get(createConfigGetHandler(desk))
    .put(createConfigPutHandler(desk, secrets))
    .all(refuseMethod('GET', 'HEAD', 'PUT'));

  router.route('/staged').get(createStagedHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router.route('/discard').post(createDiscardHandler(desk)).all(refuseMethod('POST'));
  router.route('/diff').get(createDiffHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router.route('/plan').post(createPlanHandler(desk)).all(refuseMethod('POST'));
  router.route('/commit').post(publishing(createCommit(desk))).all(refuseMethod('POST'));
  router.route('/rollback').post(publishing(createRollback(desk))).all(refuseMethod('POST'));
  router.route('/revisions').get(createRevisionsHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router.route('/revisions/:revision').get(createRevisionHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router.route('/revisions/:from/diff/:to').get(createRevisionDiffHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router.route('/log').get(createLogHandler(desk)).all(refuseMethod('GET', 'HEAD'));

  router.route('/backup').get(createBackupHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  const restore = publishing(createRestore(desk, readBackup), restoreParameters);
  router.route('/restore').post(restore).all(refuseMethod('POST'));

  router.route('/clients').get(clients).all(refuseMethod('GET', 'HEAD'));
  router.route('/health').get(createHealthHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router.route('/events').get(createEventsHandler(parts)).all(refuseMethod('GET', 'HEAD'));
  router.route('/host-names').get(createHostNamesHandler(desk)).all(refuseMethod('GET', 'HEAD'));
  router.route('/check').post(createCheckHandler(desk, secrets, parts.names, parts.stopping)).all(refuseMethod('POST'));
  router.route('/retry').post(createRetryHandler(parts)).all(refuseMethod('POST'));
  addDocs(router);

  router.use((request) => {
    throw new ProblemError(404, `${request.baseUrl}${request.path}: no such resource`);
  });
  router.use(createErrorHandler(parts.log));
  return router;
}

/** How objects are changed. */
interface Changes {
  readonly put: RequestHandler<Named>;
  readonly patch: RequestHandler<Named>;
}

function changesOf<T extends DeclaredObject>(desk: Desk, type: PlainObjectType<T>): Changes {
  return { put: createPutHandler(desk, type), patch: createPatchHandler(desk, type) };
}

function addObjects<T extends DeclaredObject>(
  router: Router,
  desk: Desk,
  type: ObjectType<T>,
  { put, patch }: Changes,
): void {
  router.route(`/${type.plural}`).get(createListHandler(desk, type)).all(refuseMethod('GET', 'HEAD'));
  router
    .route(`/${type.plural}/:name`)
    .get(createGetHandler(desk, type))
    .put(put)
    .patch(patch)
    .delete(createDeleteHandler(desk, type))
    .all(refuseMethod('GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'));
}

function createErrorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = toProblem(error) ?? toFailure(error);
    if (!(error instanceof ProblemError) && problem.status >= 500) {
      log.error({ err: error, method: request.method, path: request.originalUrl }, 'request failed');
    }
    // Too late to say what went wrong: a cut answer is the one sign that is left.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.removeHeader('ETag');
    response.set(problem.headers);
    sendProblem(response, problem.status, problem.message, problem.members);
  };
}

function toFailure(error: unknown): ProblemError {
  if (error instanceof StoreError || error instanceof SecretKeyError) return new ProblemError(503, error.message);
  return new ProblemError(500, 'internal error');
}
