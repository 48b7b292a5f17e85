// docs/redis-through-envoy.md says what client libraries do through a real Envoy, from results.json. ioredis, which is
// always here, does all of it again and must come out the same; the others are tried by `npm run compat` alone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { fullName, libraries, olderLibraries } from '../../scripts/redis-compat/clients/libraries.ts';
import { tryLibrary } from '../../scripts/redis-compat/clients/library-runs.ts';
import { listenerKinds, probesAt } from '../../scripts/redis-compat/clients/probes.ts';
import { readLibraryResults, tryAtAll } from '../../scripts/redis-compat/clients/results.ts';
import { startStage } from '../../scripts/redis-compat/clients/stage.ts';
import { checkoutPath } from '../support/checkout.ts';

const results = readLibraryResults();
const ioredis = libraries.find(({ name }) => name === 'ioredis')!;

describe('what is known of client libraries', () => {
  test('is known of the releases that are tried, and of all that is tried with them', () => {
    assert.deepEqual(results.newest.map(fullName), libraries.map(fullName));
    assert.deepEqual(results.older.map(fullName), olderLibraries.map(fullName));
    for (const library of results.newest) {
      for (const kind of listenerKinds) {
        const tried = probesAt(kind).map(({ name }) => name);
        assert.deepEqual(Object.keys(library[kind]), tried, `${fullName(library)} ${kind}`);
      }
    }
  });

  test('is of the releases that package.json and the pom name', () => {
    const { devDependencies } = JSON.parse(readFileSync(checkoutPath('package.json'), 'utf8'));
    assert.equal(ioredis.version, devDependencies.ioredis);
    const pom = readFileSync(checkoutPath('scripts/redis-compat/clients/drivers/pom.xml'), 'utf8');
    const versions = pom.matchAll(/<artifactId>(\w+)[\w-]*<\/artifactId>\s*<version>(\d+\.\d+\.\d+)/g);
    const inJava = libraries.filter(({ source }) => source?.by === 'maven');
    const named = inJava.map(({ name, version }) => [name.toLowerCase(), version]);
    assert.deepEqual(Array.from(versions, ([, ...found]) => found), named);
  });

  test('comes out again with ioredis, at listeners of both kinds', async (t) => {
    const stage = await startStage(t);
    assert.deepEqual(
      await tryAtAll(stage, ioredis, tryLibrary),
      results.newest.find(({ name }) => name === 'ioredis'),
    );
  });
});
