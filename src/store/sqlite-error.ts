// What SQLite and the file system say, in words for the operator who has to act on it.

import { StoreError, UnusableFileError } from './log-store.ts';

/** Primary result codes, sqlite.org/rescode.html; the low byte of the extended code that node:sqlite gives. */
const busy = 5;
const ioError = 10;
const full = 13;
const outOfReach = new Set([3, 7, 8, ioError, 14, 23]); // PERM, NOMEM, READONLY, IOERR, CANTOPEN, AUTH
const shortRead = 522; // IOERR_SHORT_READ: a file that ends too early, not a disk that fails

/**
 * The StoreError for `error`, thrown while the file at `path` was opened or read: in use, out of reach, or damaged.
 * Gives a StoreError back as it is.
 */
export function explainReadError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = resultCode(error);
  if (code === busy) return inUse(path, error);
  if (code !== undefined && outOfReach.has(code) && errcodeOf(error) !== shortRead) {
    return new StoreError(`${path} can't be opened: ${reasonOf(error)}`, { cause: error });
  }
  return damaged(path, reasonOf(error), error);
}

/** The StoreError for `error`, thrown while the file at `path` was written: nothing of the change was kept. */
export function explainWriteError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = resultCode(error);
  if (code === busy) return inUse(path, error);
  const reason = code === full ? 'the disk is full' : reasonOf(error);
  return new StoreError(`${path} can't be written: ${reason}`, { cause: error });
}

/** The StoreError for a file whose content can't be trusted, which was left as it is. */
export function damaged(path: string, reason: string, cause?: unknown): StoreError {
  const fault = `damaged (${reason})`;
  const remedy = `restore it from a backup, or move it and the ${path}-* files beside it away to start with nothing`;
  return new UnusableFileError(`${path} is ${fault} and was left as it is: ${remedy}`, fault, { cause });
}

function inUse(path: string, cause: unknown): StoreError {
  const question = 'does a control plane run on this data directory?';
  return new StoreError(`${path} is in use by another process: ${question}`, { cause });
}

function resultCode(error: unknown): number | undefined {
  const code = errcodeOf(error);
  return code === undefined ? undefined : code & 0xff;
}

function errcodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
}

/** One line, whatever a file's content put into the message. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = resultCode(error) === ioError ? ' (is the disk full or failing?)' : '';
  return message.replaceAll(/\s+/g, ' ') + hint;
}
