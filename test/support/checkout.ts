// Where the files of this checkout are, for tests that read or run what is shipped.

import { join } from 'node:path';

/** The top folder, absolute. */
export const checkoutDir = join(import.meta.dirname, '../..');

/** Absolute path of a file of the checkout, from its path below the top folder. */
export function checkoutPath(path: string): string {
  return join(checkoutDir, path);
}
