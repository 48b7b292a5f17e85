// What a drill is: something happens to servers under load, and a report of what came of it.

import type { Scope } from '../../test/support/child-process.ts';
import type { Report } from './report.ts';
import type { Settings } from './stage.ts';

export interface Scenario {
  /** Chooses it on the command line. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** All that it starts ends with `scope`. @throws Error when something does not happen that must */
  readonly run: (scope: Scope, settings: Settings) => Promise<Report>;
}

/** It can't be played on this host; the message says why. */
export class NotHereError extends Error {
  override readonly name = 'NotHereError';
}
