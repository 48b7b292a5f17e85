// All that the documents tell of Redis through Envoy, but for client libraries, from servers that are started for it.

import type { Scope } from '../../test/support/child-process.ts';
import { measureCommands } from './command-table.ts';
import type { Measured } from './document.ts';
import { tellStories } from './stories.ts';

/** Takes about half a minute. `onProgress` is told what comes next; what is started ends with `scope`. */
export async function measure(
  scope: Scope,
  onProgress: (what: string) => void,
): Promise<Omit<Measured, 'libraries'>> {
  onProgress('every command');
  const tables = await measureCommands(scope);
  return { tables, sessions: await tellStories(scope, onProgress) };
}
