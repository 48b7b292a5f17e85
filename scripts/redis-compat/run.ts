// `npm run compat`: tries Redis commands and client libraries through a real Envoy, and writes what came of them into
// the documents. Takes some minutes. Libraries come by pip, npm and Maven (with a JDK); of those that can't be had here,
// what is known stays.

import { readFileSync, writeFileSync } from 'node:fs';

import { checkoutPath } from '../../test/support/checkout.ts';
import type { Scope } from '../../test/support/child-process.ts';
import { measureLibraries, writeLibraryResults } from './clients/results.ts';
import { documents, fillDocument } from './document.ts';
import { measure } from './measure.ts';

const cleanups: (() => Promise<void>)[] = [];
const scope: Scope = { after: (cleanup) => void cleanups.unshift(cleanup) };
try {
  const tell = (what: string): void => void process.stderr.write(`compat: ${what}\n`);
  const libraries = await measureLibraries(scope, tell);
  writeLibraryResults(libraries);
  const measured = { ...(await measure(scope, tell)), libraries };
  for (const [path, words] of documents) {
    const text = readFileSync(checkoutPath(path), 'utf8');
    const filled = fillDocument(text, words, measured);
    writeFileSync(checkoutPath(path), filled);
    process.stdout.write(`${path}: ${filled === text ? 'as it was' : 'changed'}\n`);
  }
} finally {
  for (const cleanup of cleanups) await cleanup();
}
