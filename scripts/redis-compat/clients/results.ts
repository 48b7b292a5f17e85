// What came of the client libraries when they were last tried, in results.json: not every machine can have all of them,
// and trying them takes minutes. `npm run compat` writes it; a test holds it to new runs of the library that is always
// here.

import { readFileSync, writeFileSync } from 'node:fs';

import { checkoutPath } from '../../../test/support/checkout.ts';
import type { Scope } from '../../../test/support/child-process.ts';
import { install } from './install.ts';
import { fullName, libraries, olderLibraries } from './libraries.ts';
import type { Library } from './libraries.ts';
import { tryLibrary, tryToConnect } from './library-runs.ts';
import type { Place, Result, Results } from './library-runs.ts';
import { listenerKinds } from './probes.ts';
import type { ListenerKind } from './probes.ts';
import { startStage } from './stage.ts';

type Tried<T> = Pick<Library, 'name' | 'version'> & Readonly<Record<ListenerKind, T>>;

export interface LibraryResults {
  /** All probes. */
  readonly newest: readonly Tried<Results>[];
  /** Connecting. */
  readonly older: readonly Tried<Result>[];
}

const path = checkoutPath('scripts/redis-compat/clients/results.json');

export function readLibraryResults(): LibraryResults {
  return JSON.parse(readFileSync(path, 'utf8')) as LibraryResults;
}

export function writeLibraryResults(results: LibraryResults): void {
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

/**
 * Installs every library and tries it, which takes some minutes. One that can't be had here keeps what is known of that
 * release; throws when nothing is. `onProgress` is told what comes next, and what can't be had.
 */
export async function measureLibraries(scope: Scope, onProgress: (what: string) => void): Promise<LibraryResults> {
  const known = readLibraryResults();
  const stage = await startStage(scope);
  const measure = async <T>(all: readonly Library[], known: readonly Tried<T>[], attempt: Attempt<T>) => {
    const measured: Tried<T>[] = [];
    for (const library of all) {
      onProgress(fullName(library));
      try {
        if (library.source !== undefined) await install(library.source);
      } catch (error) {
        const before = known.find((each) => fullName(each) === fullName(library));
        if (before === undefined) throw error;
        onProgress(`${fullName(library)} can't be had, what is known of it stays: ${(error as Error).message}`);
        measured.push(before);
        continue;
      }
      measured.push(await tryAtAll(stage, library, attempt));
    }
    return measured;
  };
  return {
    newest: await measure(libraries, known.newest, tryLibrary),
    older: await measure(olderLibraries, known.older, tryToConnect),
  };
}

type Attempt<T> = (place: Place, library: Library, kind: ListenerKind) => Promise<T>;

/** At listeners of both kinds. */
export async function tryAtAll<T>(place: Place, library: Library, attempt: Attempt<T>): Promise<Tried<T>> {
  const byKind: Partial<Record<ListenerKind, T>> = {};
  for (const kind of listenerKinds) byKind[kind] = await attempt(place, library, kind);
  return { name: library.name, version: library.version, ...(byKind as Record<ListenerKind, T>) };
}
