// Numbers of revisions in paths and parameters.

import { parseCount } from './page.ts';
import { ProblemError } from './problem.ts';

/** 0: before the first commit. @throws Error with the rule as its message */
export const parseRevision = parseCount(0, Number.MAX_SAFE_INTEGER);

/** Of a path. @throws ProblemError (404) */
export function readRevision(text: string): number {
  try {
    return parseRevision(text);
  } catch {
    throw new ProblemError(404, `revision ${JSON.stringify(text.slice(0, 64))}: no such revision`);
  }
}
