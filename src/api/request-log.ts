// One debug line per request, written when the answer is out.

import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** Logs method, path (without the query), status and duration in ms; never a header or a body. */
export function createRequestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    if (log.isLevelEnabled('debug')) {
      const { method, path } = request;
      const startMs = performance.now();
      response.once('close', () => {
        const ms = Math.round(performance.now() - startMs);
        log.debug({ method, path, status: response.statusCode, ms }, 'request');
      });
    }
    next();
  };
}
