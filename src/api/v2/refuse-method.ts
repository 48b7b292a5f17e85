// The answer to a wrong method on a known path, as a problem.

import type { RequestHandler } from 'express';
import { patchTypes } from './objects.ts';
import { ProblemError } from './problem.ts';

/** A handler that answers 405, naming the `allowed` methods (RFC 9110, 15.5.6). */
export function refuseMethod(...allowed: readonly string[]): RequestHandler {
  const patch = allowed.includes('PATCH') ? { 'Accept-Patch': patchTypes.join(', ') } : {};
  const headers = { Allow: allowed.join(', '), ...patch };
  return (request) => {
    throw new ProblemError(405, `${request.method}: must be ${allowed.join(' or ')}`, {}, headers);
  };
}
