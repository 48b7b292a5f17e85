// A file that is there whole or not at all, and replaces none.

import { link, open, rm, stat } from 'node:fs/promises';

import { Failure } from '../process/failure.ts';
import { toPrintable } from './printable.ts';

/**
 * Makes the file, for its owner alone, of what `receive` gives, which is asked for nothing when it is there already.
 * @throws Failure; what `receive` throws. Then there is no file.
 */
export async function writeNewFile(path: string, receive: () => Promise<AsyncIterable<Buffer>>): Promise<void> {
  if ((await stat(path).catch(() => undefined)) !== undefined) throw isThere(path);
  const draft = `${path}.new-${process.pid}`;
  const file = await open(draft, 'wx', 0o600).catch((error: Error) => fail(path, error));
  try {
    try {
      for await (const piece of await receive()) await file.appendFile(piece).catch((error: Error) => fail(path, error));
      await file.sync().catch((error: Error) => fail(path, error));
    } finally {
      await file.close();
    }
    // Unlike a rename, never replaces a file that is there.
    await link(draft, path).catch((error: Error) => fail(path, error));
  } finally {
    await rm(draft, { force: true });
  }
}

function fail(path: string, error: NodeJS.ErrnoException): never {
  if (error.code === 'EEXIST') throw isThere(path);
  throw new Failure(toPrintable(`${path}: ${error.message}`));
}

function isThere(path: string): Failure {
  return new Failure(toPrintable(`${path}: is there already, and is not replaced`));
}
