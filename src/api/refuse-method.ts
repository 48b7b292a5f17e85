// The answer to a wrong method on a known path: 405 without a body.

import type { RequestHandler } from 'express';

/** A handler that answers 405, empty, naming the `allowed` methods (RFC 9110, section 15.5.6). */
export function refuseMethod(...allowed: readonly string[]): RequestHandler {
  return (_request, response) => {
    response.status(405).set('Allow', allowed.join(', ')).end();
  };
}
