// GET /metrics: what Prometheus scrapes.

import express from 'express';
import type { Router } from 'express';
import { nextTurn } from '../xds/turns.ts';
import { refuseMethod } from './refuse-method.ts';

export interface MetricsSource {
  /** Media type of what {@link scrape} gives. */
  readonly contentType: string;
  scrape(): Promise<string>;
}

/** A router to be mounted at `/`. */
export function createMetricsApi(source: MetricsSource): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router
    .route('/metrics')
    .get(async (_request, response) => {
      await nextTurn();
      const text = await source.scrape();
      // Not `send`: it would rewrite the media type, which must be exactly this one.
      response.setHeader('Content-Type', source.contentType);
      response.end(text);
    })
    .all(refuseMethod('GET', 'HEAD'));
  return router;
}
