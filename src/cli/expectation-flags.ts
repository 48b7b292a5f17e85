// --at-least and --expect, alike for all commands that take them.

import type { Option } from 'commander';

import { parseAtLeast, parseExpect } from '../text/expected-nodes.ts';
import type { Query } from './api-client.ts';
import { option } from './define.ts';

export function expectationOptions(): Option[] {
  return [
    option('--at-least <N>', 'So many Envoys, told apart by their node ids, must be in sync.', parseAtLeast),
    option('--expect <NODE[,NODE...]>', 'These must be, by their node ids.', parseExpect),
  ];
}

export interface ExpectationValues {
  readonly atLeast?: number;
  readonly expect?: readonly string[];
}

/** What was given of them, as the API has it in a query. */
export function expectationQuery({ atLeast, expect }: ExpectationValues): Query {
  return { at_least: atLeast, expect: expect?.join(',') };
}
