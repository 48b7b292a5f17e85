// Golden files: what a test expects, as JSON beside the tests. UPDATE_GOLDEN=1 in the
// environment writes down what is there now, and deletes the files that no test asks for.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export class GoldenFolder {
  readonly #path: string;
  readonly #isUpdating: boolean;

  constructor(path: string, isUpdating = process.env['UPDATE_GOLDEN'] === '1') {
    this.#path = path;
    this.#isUpdating = isUpdating;
  }

  /**
   * Compares `actual` with the file `name` below the folder, or writes it there. Throws an AssertionError
   * when they differ or there is no file.
   * @param actual anything that JSON has a form for; `undefined` and empty slots have none.
   */
  check(name: string, actual: unknown): void {
    const file = join(this.#path, name);
    const text = `${JSON.stringify(actual, null, 2)}\n`;
    if (this.#isUpdating) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return;
    }
    assert.equal(text, readGolden(file), `${name} is not as expected; UPDATE_GOLDEN=1 accepts it`);
  }

  /** Throws an AssertionError when the folder holds files besides `names`, or deletes them. */
  checkOrphans(names: readonly string[]): void {
    const entries = readdirSync(this.#path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const expected = new Set(names.map((name) => join(this.#path, name)));
    const orphans = files.filter((file) => !expected.has(file));
    if (!this.#isUpdating) assert.deepEqual(orphans, [], 'golden files without a test; UPDATE_GOLDEN=1 deletes them');
    for (const orphan of orphans) {
      rmSync(orphan);
      removeIfEmpty(dirname(orphan));
    }
  }
}

function readGolden(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    assert.fail(`no golden file (${(error as Error).message}); UPDATE_GOLDEN=1 writes it`);
  }
}

function removeIfEmpty(folder: string): void {
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
