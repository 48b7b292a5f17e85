import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { tempDir } from '../support/temp-dir.ts';
import { GoldenFolder } from './golden-folder.ts';

const names = ['a/one.json'];

test('a golden file is compared as it stands', async (t) => {
  const folder = await createFolder(t);
  const golden = new GoldenFolder(folder, false);
  golden.check('a/one.json', { key: 1 });
  assert.throws(() => golden.check('a/one.json', { key: 2 }), assert.AssertionError);
  assert.throws(() => golden.check('a/one.json', { key: 1, other: 1 }), assert.AssertionError);
  assert.equal(readFileSync(join(folder, 'a/one.json'), 'utf8'), '{\n  "key": 1\n}\n');
});

test('a missing golden file fails the test and is not made up', async (t) => {
  const folder = await createFolder(t);
  assert.throws(() => new GoldenFolder(folder, false).check('a/new.json', 1), /UPDATE_GOLDEN=1/);
  assert.equal(existsSync(join(folder, 'a/new.json')), false);
});

test('an orphan fails the test and is kept', async (t) => {
  const folder = await createFolder(t);
  writeFileSync(join(folder, 'orphan.json'), '1\n');
  assert.throws(() => new GoldenFolder(folder, false).checkOrphans(names), /orphan\.json/);
  assert.equal(existsSync(join(folder, 'orphan.json')), true);
  new GoldenFolder(folder, false).checkOrphans([...names, 'orphan.json']);
});

test('an update rewrites what differs and deletes orphans', async (t) => {
  const folder = await createFolder(t);
  mkdirSync(join(folder, 'b'));
  writeFileSync(join(folder, 'b/orphan.json'), '1\n');
  const golden = new GoldenFolder(folder, true);
  golden.check('a/one.json', { key: 2 });
  golden.check('c/new.json', []);
  golden.checkOrphans([...names, 'c/new.json']);
  assert.equal(readFileSync(join(folder, 'a/one.json'), 'utf8'), '{\n  "key": 2\n}\n');
  assert.equal(readFileSync(join(folder, 'c/new.json'), 'utf8'), '[]\n');
  assert.equal(existsSync(join(folder, 'b')), false);
});

/** A folder with one golden file, `a/one.json`. */
async function createFolder(t: TestContext): Promise<string> {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a/one.json'), '{\n  "key": 1\n}\n');
  return folder;
}
