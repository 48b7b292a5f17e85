// The file of --secret-key-file: 32 random bytes in base64, for their owner alone; made whole or not at all.

import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { keyBytes } from './vault.ts';

/** A key file, or what it has to open, can't be used; `message` is one line for an operator. Nothing was changed. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
}

/** There is no key to be changed. */
export class NoSecretKeyError extends Error {
  override readonly name = 'NoSecretKeyError';
}

const othersMay = 0o077;
// 32 bytes, and a newline of whoever wrote it.
const written = /^[A-Za-z0-9+/]{43}=$/u;

export class KeyFile {
  readonly path: string;
  readonly #nextPath: string;

  constructor(path: string) {
    this.path = resolve(path);
    this.#nextPath = `${this.path}.new`;
  }

  /** Undefined: there is no such file. @throws SecretKeyError */
  read(): Buffer | undefined {
    return readKey(this.path);
  }

  /** The key that is to follow, while it does not yet. @throws SecretKeyError */
  readNext(): Buffer | undefined {
    return readKey(this.#nextPath);
  }

  /** The key that is there, or a new one, on disk. @throws SecretKeyError */
  readOrMake(): Buffer {
    return readOrMake(this.path);
  }

  /** As {@link readOrMake}, beside it. */
  readOrMakeNext(): Buffer {
    return readOrMake(this.#nextPath);
  }

  /** The key that was to follow is the key. @throws SecretKeyError */
  promoteNext(): void {
    run(this.path, () => {
      renameSync(this.#nextPath, this.path);
      syncDirectoryOf(this.path);
    });
  }
}

function readKey(path: string): Buffer | undefined {
  return run(path, () => {
    const file = openIfThere(path);
    if (file === undefined) return undefined;
    try {
      const { mode } = fstatSync(file);
      if ((mode & othersMay) !== 0) {
        const octal = (mode & 0o777).toString(8).padStart(4, '0');
        throw new SecretKeyError(`${path} has mode ${octal}: a secret key must be for its owner alone, as 0600 is`);
      }
      return parseKey(path, readFileSync(file, 'latin1'));
    } finally {
      closeSync(file);
    }
  });
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseKey(path: string, text: string): Buffer {
  if (!written.test(text.trim())) throw new SecretKeyError(`${path} is no secret key: must be ${keyBytes} bytes in base64`);
  return Buffer.from(text, 'base64');
}

function readOrMake(path: string): Buffer {
  return (
    readKey(path) ??
    run(path, () => {
      const key = randomBytes(keyBytes);
      const draft = `${path}.draft-${process.pid}`;
      rmSync(draft, { force: true });
      const file = openSync(draft, 'wx', 0o600);
      try {
        writeSync(file, `${key.toString('base64')}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      try {
        // Unlike a rename, never replaces a key that is there.
        linkSync(draft, path);
      } finally {
        rmSync(draft);
      }
      syncDirectoryOf(path);
      return key;
    })
  );
}

function syncDirectoryOf(path: string): void {
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function run<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SecretKeyError) throw error;
    throw new SecretKeyError(`the secret key file ${path} can't be used: ${(error as Error).message}`, { cause: error });
  }
}
