// The HTTP side of the daemon: mounts each API version beside the others and
// answers what none of them knows. Knows neither sockets nor settings.

import express from 'express';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { createPageGuard } from './page-guard.ts';
import { sendPlainText } from './plain-text.ts';
import { refuseMethod } from './refuse-method.ts';
import { createRequestLog } from './request-log.ts';
import { createV1 } from './v1.ts';
import type { V1Desk } from './v1.ts';

/** A part of the API below a path, such as `/api/v2`; what it does not answer itself goes on to the next. */
export type Mount = readonly [path: string, handler: RequestHandler];

/**
 * The app for `http.createServer`. Nothing that a request does throws out of
 * it: an unexpected error is logged with its stack and answered 500.
 * @param isReady asked on each `GET /healthz`, which answers 503 while it is false.
 * @param mounts what is served beside /healthz and /api/v1.
 * @param names by which this API may be called, see {@link createPageGuard}.
 */
export function createApi(
  desk: V1Desk,
  log: Logger,
  isReady: () => boolean = () => true,
  mounts: readonly Mount[] = [],
  names: readonly string[] = [],
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.use(createRequestLog(log));
  app.use(createPageGuard(names));
  app
    .route('/healthz')
    .get((_request, response) => {
      if (isReady()) sendPlainText(response, 200, 'ok');
      else sendPlainText(response, 503, 'not ready');
    })
    .all(refuseMethod('GET', 'HEAD'));
  app.use('/api/v1', createV1(desk, log));
  for (const [path, handler] of mounts) app.use(path, handler);
  app.use((_request, response) => sendPlainText(response, 404, '404 page not found'));
  app.use(createFailure(log));
  return app;
}

// Express tells an error handler by its four parameters.
function createFailure(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    log.error({ err: error, method: request.method, path: request.path }, 'request failed');
    sendPlainText(response, 500, 'internal error');
  };
}
