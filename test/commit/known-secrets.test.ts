import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SortedByName } from '../../src/collections/sorted-by-name.ts';
import { KnownSecrets } from '../../src/commit/known-secrets.ts';
import type { Secret } from '../../src/model/objects.ts';
import { makePair, openSecret, sealed } from '../support/test-vault.ts';

const passwordOf = (name: string, value: string): Secret => sealed({ name, kind: 'password', value });
const edit = (secret: Secret) => [[secret.name, secret] as const];

test('passwords and private keys are known, that were replaced and removed too, and CAs are none', () => {
  const pair = makePair({ name: 'edge' });
  const first = SortedByName.of<Secret>([
    passwordOf('a', 'first'),
    passwordOf('b', 'other'),
    sealed({ name: 'ca', kind: 'ca', value: pair.chain }),
    sealed({ name: 'edge', kind: 'certificate', ...pair }),
  ]);
  const known = new KnownSecrets(openSecret);
  assert.deepEqual(known.values(), { passwords: [], privateKeys: [] });
  known.notePublished(first);
  assert.deepEqual(known.values(), { passwords: ['first', 'other'], privateKeys: [pair.key] });
  const replaced = first.with(edit(passwordOf('a', 'second')));
  known.notePublished(replaced);
  assert.deepEqual(known.values().passwords, ['second', 'other', 'first']);
  known.notePublished(replaced.with([['edge', undefined]]));
  assert.deepEqual(known.values(), { passwords: ['second', 'other', 'first'], privateKeys: [pair.key] });
});

test('they are opened when asked for, once until others are published', () => {
  let opened = 0;
  const known = new KnownSecrets((secret) => {
    opened += 1;
    return openSecret(secret);
  });
  const secrets = SortedByName.of<Secret>([passwordOf('a', 'first'), passwordOf('b', 'other')]);
  known.notePublished(secrets);
  assert.equal(opened, 0);
  const values = known.values();
  known.notePublished(secrets.with([]));
  assert.equal(known.values(), values);
  assert.equal(opened, 2);
});

test('of those that were replaced the last thousand are kept', () => {
  const known = new KnownSecrets(openSecret);
  for (let round = 0; round < 1_010; round += 1) {
    known.notePublished(SortedByName.of<Secret>([passwordOf('a', `value ${round}`)]));
  }
  const { passwords } = known.values();
  assert.deepEqual([passwords.length, passwords[0], passwords[1], passwords.at(-1)], [
    1_001,
    'value 1009',
    'value 9',
    'value 1008',
  ]);
});
