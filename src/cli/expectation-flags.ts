// --at-least and --expect, alike for all commands that take them.

import { parseValue } from '../process/arguments.ts';
import { parseAtLeast, parseExpect } from '../text/expected-nodes.ts';

/** For `takesValue`. */
export const expectationFlags: readonly (readonly [name: string, takesValue: true])[] = [
  ['at-least', true],
  ['expect', true],
];

export const expectationHelp = `  --at-least N
        So many Envoys, told apart by their node ids, must be in sync.
  --expect NODE[,NODE...]
        These must be, by their node ids.
`;

/** What was given of them, as a query of the API; '' when nothing was. @throws UsageError */
export function readExpectation(given: ReadonlyMap<string, string>): string {
  const query = new URLSearchParams();
  const [atLeast, expect] = [given.get('at-least'), given.get('expect')];
  if (atLeast !== undefined) query.set('at_least', `${parseValue('--at-least', atLeast, parseAtLeast)}`);
  if (expect !== undefined) query.set('expect', parseValue('--expect', expect, parseExpect).join(','));
  return query.toString();
}
