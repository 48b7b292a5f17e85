import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Staging } from '../../src/commit/staging.ts';
import { toEdits } from '../../src/inventory/edits.ts';
import type { ObjectEdit } from '../../src/inventory/edits.ts';
import { parseListener } from '../../src/model/parse.ts';

function listeners(from: number, count: number): ObjectEdit[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `l${from + index}`;
    return { kind: 'listener', name, after: parseListener({ name, address: `0.0.0.0:${1 + from + index}` }) };
  });
}

test('no more is staged than can be committed; what is there can be changed, and replaced by others', () => {
  const nothing = { committed: { clusters: [], listeners: [], secrets: [] }, staged: [], draining: [], routes: undefined, orders: [] };
  const staging = new Staging({ lastEntry: 0, revision: 0, ...nothing });
  const deed = { author: 'test', atMs: 0 };
  const full = toEdits(listeners(0, 1_000));
  staging.requireRoom(full);
  staging.noteStaged(full, deed, 1);
  staging.requireRoom(full);
  const refusal = { name: 'InventoryError', code: 'too-many-objects', message: 'listeners: at most 1000 are taken' };
  assert.throws(() => staging.requireRoom(toEdits(listeners(1_000, 1))), refusal);
  staging.noteStaged(toEdits([{ kind: 'listener', name: 'l0', after: undefined }]), deed, 2);
  staging.requireRoom(toEdits(listeners(1_000, 1)));
  assert.throws(() => staging.requireRoom(toEdits(listeners(1_000, 2))), refusal);
});
