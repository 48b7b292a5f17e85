// How Envoys authenticate to servers changes: told, since they connect anew for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SortedByName } from '../../src/collections/sorted-by-name.ts';
import { findAuthChanges } from '../../src/commit/auth-changes.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster } from '../../src/model/parse.ts';
import type { Secret } from '../../src/model/objects.ts';
import { sealed } from '../support/test-vault.ts';
import { makeAuthority } from '../support/certificates.ts';

const clusters = SortedByName.of([
  parseCluster({ name: 'guarded', upstream_auth: { password: { secret: 'pw' } } }),
  parseCluster({ name: 'encrypted', upstream_tls: { ca: { secret: 'ca' }, sni: 'redis.internal' } }),
]);

function changesBy(before: Secret, after: Secret): readonly string[] {
  const state = (secret: Secret) => ({ clusters, secrets: SortedByName.of([secret]) });
  const edits = { ...noEdits, secrets: [{ name: after.name, after }] };
  return findAuthChanges(state(before), edits, state(after)).map(({ message }) => message);
}

test('by a password, of the clusters that have it', () => {
  const password = (value: string): Secret => sealed({ name: 'pw', kind: 'password', value });
  const [message, ...others] = changesBy(password('a'), password('b'));
  assert.match(message ?? '', /^cluster "guarded": how Envoys authenticate changes/);
  assert.deepEqual([others, changesBy(password('a'), password('a'))], [[], []]);
});

test('not by a CA, which Envoys are told of by itself', () => {
  const ca = (): Secret => sealed({ name: 'ca', kind: 'ca', value: makeAuthority().chain });
  const [before, after] = [ca(), ca()];
  assert.notEqual(before.fingerprint, after.fingerprint);
  assert.deepEqual(changesBy(before, after), []);
});
