// `at_least` and `expect`: whom the caller wants to see in sync.

import { parseAtLeast, parseExpect } from '../../text/expected-nodes.ts';
import type { Expectation } from '../../xds/expectation.ts';
import { parseParameter } from './query.ts';

export interface ExpectationQuery {
  readonly at_least?: string;
  readonly expect?: string;
}

/** Undefined when neither is given. @throws ProblemError (400) */
export function readExpectation({ at_least: atLeast, expect }: ExpectationQuery): Expectation | undefined {
  if (atLeast === undefined && expect === undefined) return undefined;
  return {
    atLeast: atLeast === undefined ? undefined : parseParameter('at_least', atLeast, parseAtLeast),
    nodeIds: expect === undefined ? [] : parseParameter('expect', expect, parseExpect),
  };
}
