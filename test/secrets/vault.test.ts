// What is sealed opens again, with its key alone, as what it was alone, and says nothing of the value.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { contentOf } from '../../src/model/canonical.ts';
import type { DeclaredSecret } from '../../src/model/objects.ts';
import { parseSealedSecret } from '../../src/model/parse.ts';
import { Vault, VaultError } from '../../src/secrets/vault.ts';
import { unwrapKey, wrapKey } from '../../src/secrets/wrapping.ts';
import { makePair } from '../support/test-vault.ts';

const vault = new Vault(randomBytes(32));

function password(name: string, value: string): DeclaredSecret {
  return { name, kind: 'password', value };
}

const names = fc.string({ minLength: 1, maxLength: 20 });

describe('a vault', () => {
  test('opens what it sealed, in whatever script', () => {
    fc.assert(
      fc.property(names, fc.string({ unit: 'binary', minLength: 1 }), (name, value) => {
        const sealed = vault.seal(password(name, value));
        assert.deepEqual(vault.open(sealed), { kind: 'password', value });
        assert.deepEqual(parseSealedSecret(JSON.parse(contentOf(vault.seal(password('n', value))))), vault.seal(password('n', value)));
      }),
    );
  });

  test('gives the same for the same, and otherwise something else', () => {
    fc.assert(
      fc.property(names, names, fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (a, b, x, y) => {
        const [one, other] = [vault.seal(password(a, x)), vault.seal(password(b, y))];
        assert.equal(one.sealed === other.sealed, a === b && x === y);
        assert.equal(one.fingerprint === other.fingerprint, x === y);
      }),
    );
  });

  test('makes fingerprints that nobody guesses without its key', () => {
    const other = new Vault(randomBytes(32));
    assert.notEqual(vault.seal(password('a', '1234')).fingerprint, other.seal(password('a', '1234')).fingerprint);
  });

  test('does not tell how long a password is', () => {
    const lengths = ['x', 'x'.repeat(100), 'x'.repeat(200)].map((value) => vault.seal(password('a', value)).sealed.length);
    assert.equal(new Set(lengths).size, 1);
  });

  test('opens nothing of another key, another name, another kind, or with one bit changed', () => {
    const sealed = vault.seal(password('a', 'hunter2'));
    const bytes = Buffer.from(sealed.sealed, 'base64');
    const turned = Array.from(bytes, (byte, index) => Buffer.from(bytes.with(index, byte ^ 1)).toString('base64'));
    for (const other of [
      { ...sealed, name: 'b' },
      { ...sealed, kind: 'ca' as const },
      { ...sealed, sealed: '' },
      ...turned.map((text) => ({ ...sealed, sealed: text })),
    ]) {
      assert.throws(() => vault.open(other), VaultError);
    }
    assert.throws(() => new Vault(randomBytes(32)).open(sealed), VaultError);
  });

  test('tells of a certificate whose it is and when it ends', () => {
    const ca = makePair({ name: 'ca.test', days: 9 });
    const { chain, key } = makePair({ name: 'redis.test', issuer: ca });
    const sealed = vault.seal({ name: 'c', kind: 'certificate', chain, key });
    assert.deepEqual([sealed.subject, sealed.sans], ['CN=redis.test', ['DNS:redis.test']]);
    // The issuer ends first.
    const alone = vault.seal({ name: 'ca', kind: 'ca', value: ca.chain });
    assert.equal(sealed.not_after, alone.not_after);
    assert.deepEqual(vault.open(sealed), { kind: 'certificate', chain, key });
    const later = makePair({ name: 'later.test', days: 50 });
    const both = vault.seal({ name: 'cas', kind: 'ca', value: ca.chain + later.chain });
    assert.equal(both.subject, 'CN=later.test');
    assert.equal(both.not_after, vault.seal({ name: 'l', kind: 'ca', value: later.chain }).not_after);
  });
});

test('a wrapped key comes out with the key that wrapped it alone', () => {
  const [dataKey, fileKey] = [randomBytes(32), randomBytes(32)];
  const wrapped = wrapKey(dataKey, fileKey);
  assert.deepEqual(unwrapKey(wrapped, fileKey), dataKey);
  assert.notEqual(wrapKey(dataKey, fileKey), wrapped);
  for (const [text, key] of [[wrapped, randomBytes(32)], ['', fileKey], [`AAAA${wrapped.slice(4)}`, fileKey]] as const) {
    assert.equal(unwrapKey(text, key), undefined);
  }
});
