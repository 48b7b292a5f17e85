// A folder in which a file is made until it is whole: a kill leaves no half-made one in its place.

import { closeSync, fsyncSync, linkSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const prefix = '.new-';
const workshopName = /^\.new-[A-Za-z0-9]{6}$/;

// One that is so old was left behind by a process that was killed.
const lifeMs = 600_000;

export class Workshop {
  readonly #path: string;
  readonly #folder: string;
  /** Where the file is to be made; empty, and for its owner alone. */
  readonly draft: string;

  /** @param path of the file once it is whole. @throws what the file system says. */
  constructor(path: string) {
    this.#path = path;
    this.#folder = mkdtempSync(join(dirname(path), prefix));
    this.draft = join(this.#folder, basename(path));
    closeSync(openSync(this.draft, 'wx', 0o600)); // SQLite would take 0644; its other files take their mode from it.
  }

  /** Durably. Unlike a rename, never replaces a file that is there: @throws EEXIST, and what else the system says. */
  putInPlace(): void {
    sync(this.draft);
    linkSync(this.draft, this.#path);
    syncDirectories(dirname(this.#path), dirname(this.#path));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Removes from a directory what starts that were killed left of the making of our files. */
export function removeOldWorkshops(directory: string, fileName: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory() && workshopName.test(entry.name)) removeIfOld(join(directory, entry.name), fileName);
  }
}

// A young one may be another start's, which then finds the file that is here, and gives up.
function removeIfOld(workshop: string, fileName: string): void {
  try {
    if (Date.now() - statSync(workshop).mtimeMs < lifeMs) return;
    if (!readdirSync(workshop).every((name) => name.startsWith(fileName))) return;
    rmSync(workshop, { recursive: true });
  } catch {
    // Another user's, or just gone: it is in nobody's way.
  }
}

/** Makes new entries durable in each directory from `deepest` up to its ancestor `highest`. */
export function syncDirectories(deepest: string, highest: string): void {
  for (let directory = deepest; ; directory = dirname(directory)) {
    sync(directory);
    if (directory === highest) return;
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
