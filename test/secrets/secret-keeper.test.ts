// The key of a data directory: when it is made, when it is missed, and that a change of it can end at any moment.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { noEdits } from '../../src/inventory/edits.ts';
import type { DeclaredSecret } from '../../src/model/objects.ts';
import { NoSecretKeyError, SecretKeyError } from '../../src/secrets/key-file.ts';
import { SecretKeeper } from '../../src/secrets/secret-keeper.ts';
import { BackupError, StoreError } from '../../src/store/log-store.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { createMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { tempDir } from '../support/temp-dir.ts';

const hunter: DeclaredSecret = { name: 'a', kind: 'password', value: 'hunter2' };
const clear = { kind: 'password', value: 'hunter2' };

async function openKeeper(store: LogStore, keyFile: string | undefined): Promise<SecretKeeper> {
  return SecretKeeper.open({ store, keyFile }, await store.load());
}

async function keep(store: LogStore, keeper: SecretKeeper, secret: DeclaredSecret = hunter): Promise<void> {
  const after = await keeper.seal(secret);
  const { lastEntry } = await store.load();
  const edits = { ...noEdits, secrets: [{ name: after.name, after }] };
  await store.append(lastEntry, { type: 'stage', author: 'ann', atMs: 0, edits });
}

/** What is staged, opened. */
async function opened(store: LogStore, keeper: SecretKeeper): Promise<unknown[]> {
  const { staged } = await store.load();
  return staged.map(({ after }) => (after !== undefined && 'sealed' in after ? keeper.open(after) : after));
}

async function start(t: TestContext): Promise<{ store: LogStore; keyFile: string; keeper: SecretKeeper }> {
  const store = createMemoryLogStore();
  const keyFile = join(await tempDir(t), 'secret.key');
  return { store, keyFile, keeper: await openKeeper(store, keyFile) };
}

describe('the key', () => {
  test('is made with the first secret, for its owner alone', async (t) => {
    const { store, keyFile, keeper } = await start(t);
    assert.equal(existsSync(keyFile), false);
    await keep(store, keeper);
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.match(readFileSync(keyFile, 'utf8'), /^[A-Za-z0-9+/]{43}=\n$/u);
    assert.deepEqual(await opened(store, await openKeeper(store, keyFile)), [clear]);
  });

  test('is made once, however many ask at the same time', async (t) => {
    const { store, keyFile, keeper } = await start(t);
    const sealed = await Promise.all([keeper.seal(hunter), keeper.seal(hunter), keeper.seal(hunter)]);
    assert.equal(new Set(sealed.map(({ fingerprint }) => fingerprint)).size, 1);
    await keep(store, keeper);
    assert.deepEqual(await opened(store, await openKeeper(store, keyFile)), [clear]);
  });

  test('may be brought along', async (t) => {
    const { store, keyFile, keeper } = await start(t);
    writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    const brought = readFileSync(keyFile);
    await keep(store, keeper);
    assert.deepEqual(readFileSync(keyFile), brought);
  });

  test('is not needed where nothing is kept', async () => {
    const store = createMemoryLogStore();
    const keeper = await openKeeper(store, undefined);
    await keep(store, keeper);
    assert.deepEqual(await opened(store, keeper), [clear]);
    await assert.rejects(keeper.rotateKey(), NoSecretKeyError);
  });

  const spoiled: readonly (readonly [what: string, spoil: (keyFile: string) => void, message: RegExp])[] = [
    ['missing', (keyFile) => rmSync(keyFile), /^there are secrets, and the secret key file \S+ is not there: /],
    [
      'another one',
      (keyFile) => writeFileSync(keyFile, randomBytes(32).toString('base64')),
      /is not the key that they were kept with: put it back/,
    ],
    ['readable by others', (keyFile) => chmodSync(keyFile, 0o640), /has mode 0640: a secret key must be for its owner/],
    ['no key', (keyFile) => writeFileSync(keyFile, 'hunter2'), /is no secret key: must be 32 bytes in base64$/],
  ];
  for (const [what, spoil, message] of spoiled) {
    test(`is missed at a start when it is ${what}, and nothing is made in its place`, async (t) => {
      const { store, keyFile, keeper } = await start(t);
      await keep(store, keeper);
      spoil(keyFile);
      const before = existsSync(keyFile) ? readFileSync(keyFile) : undefined;
      await assert.rejects(openKeeper(store, keyFile), (error) => {
        assert.ok(error instanceof SecretKeyError);
        assert.match(error.message, message);
        return !error.message.includes('hunter2');
      });
      assert.deepEqual(existsSync(keyFile) ? readFileSync(keyFile) : undefined, before);
    });
  }
});

describe('a change of the key', () => {
  test('leaves what is sealed as it is, and the old key opens nothing more', async (t) => {
    const { store, keyFile, keeper } = await start(t);
    await keep(store, keeper);
    const [before, old] = [await store.load(), readFileSync(keyFile)];
    await keeper.rotateKey();
    await keep(store, keeper, { ...hunter, name: 'b' });
    assert.deepEqual((await store.load()).staged[0], before.staged[0]);
    assert.notDeepEqual(readFileSync(keyFile), old);
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.deepEqual(await opened(store, await openKeeper(store, keyFile)), [clear, clear]);
    writeFileSync(keyFile, old);
    await assert.rejects(openKeeper(store, keyFile), SecretKeyError);
  });

  test('asks for a key', async (t) => {
    const { keeper } = await start(t);
    await assert.rejects(keeper.rotateKey(), /^NoSecretKeyError: there is no key yet/);
  });

  test('may end before the store has it: the old key is the key', async (t) => {
    const { store, keyFile, keeper } = await start(t);
    await keep(store, keeper);
    const failing = { keepSecretKey: () => Promise.reject(new StoreError('the disk is full')) };
    const unlucky = SecretKeeper.open({ store: failing, keyFile }, await store.load());
    await assert.rejects(unlucky.rotateKey(), StoreError);
    assert.ok(existsSync(`${keyFile}.new`));
    const next = await openKeeper(store, keyFile);
    assert.deepEqual(await opened(store, next), [clear]);
    // The key that was made is used the next time.
    const made = readFileSync(`${keyFile}.new`);
    await next.rotateKey();
    assert.deepEqual(readFileSync(keyFile), made);
    assert.deepEqual(await opened(store, await openKeeper(store, keyFile)), [clear]);
  });

  test('may end before the key has its place: the next start puts it there', async (t) => {
    const { store, keyFile, keeper } = await start(t);
    await keep(store, keeper);
    copyFileSync(keyFile, `${keyFile}.old`);
    await keeper.rotateKey();
    renameSync(keyFile, `${keyFile}.new`);
    renameSync(`${keyFile}.old`, keyFile);
    assert.deepEqual(await opened(store, await openKeeper(store, keyFile)), [clear]);
    assert.equal(existsSync(`${keyFile}.new`), false);
    assert.deepEqual(await opened(store, await openKeeper(store, keyFile)), [clear]);
  });
});

describe('a backup', () => {
  async function backedUp(t: TestContext) {
    const made = await start(t);
    await keep(made.store, made.keeper);
    return { ...made, state: await made.store.load() };
  }

  test('of another data directory is sealed anew, when the key file opens it', async (t) => {
    const source = await backedUp(t);
    const target = await start(t);
    copyFileSync(source.keyFile, target.keyFile);
    await keep(target.store, target.keeper, { ...hunter, value: 'other' });
    const { staged } = await target.keeper.adopt(source.state);
    const [adopted] = staged.map(({ after }) => after);
    assert.ok(adopted !== undefined && 'sealed' in adopted);
    assert.deepEqual(target.keeper.open(adopted), clear);
    assert.deepEqual(adopted, await target.keeper.seal(hunter));
  });

  test('of this one stays as it is', async (t) => {
    const { keeper, state } = await backedUp(t);
    assert.equal(await keeper.adopt(state), state);
  });

  test('that the key file does not open is refused, and so is one where there is no key file', async (t) => {
    const { state } = await backedUp(t);
    const stranger = await start(t);
    await keep(stranger.store, stranger.keeper);
    await assert.rejects(stranger.keeper.adopt(state), (error) => {
      return error instanceof BackupError && error.message.includes(`${stranger.keyFile} does not open them`);
    });
    const memory = await openKeeper(createMemoryLogStore(), undefined);
    await assert.rejects(memory.adopt(state), /there is no key file: start with the --secret-key-file/);
  });
});
