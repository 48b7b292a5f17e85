// docs/redis-through-envoy.md says what Redis commands do through a real Envoy: it is run again and must come out the
// same. Of client libraries it says what is in results.json, which client-libraries.test.ts holds to real runs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readLibraryResults } from '../../scripts/redis-compat/clients/results.ts';
import { documents, fillDocument } from '../../scripts/redis-compat/document.ts';
import { measure } from '../../scripts/redis-compat/measure.ts';
import { checkoutPath } from '../support/checkout.ts';

test('the pages tell what commands through Envoy really do; npm run compat writes down what they do now', async (t) => {
  const measured = { ...(await measure(t, () => {})), libraries: readLibraryResults() };
  for (const [path, words] of documents) {
    const text = readFileSync(checkoutPath(path), 'utf8');
    assert.equal(text, fillDocument(text, words, measured), path);
  }
});
