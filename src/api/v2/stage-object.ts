// One object staged: what is to be is worked out of what is, when the call's turn has come.

import type { Desk } from '../../commit/desk.ts';
import { noEdits } from '../../inventory/edits.ts';
import { contentOf } from '../../model/canonical.ts';
import type { DeclaredObject } from '../../model/objects.ts';
import type { ObjectType } from './object-type.ts';

export interface Staged<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** @param decide undefined: it is to go. What it throws, this rejects with, and nothing has changed. */
export async function stageObject<T extends DeclaredObject>(
  desk: Desk,
  type: ObjectType<T>,
  name: string,
  author: string,
  decide: (before: T | undefined) => T | undefined,
): Promise<Staged<T>> {
  let staged: Staged<T> = { before: undefined, after: undefined };
  await desk.stage((declared) => {
    const before = type.get(declared, 'staged', name);
    const after = decide(before);
    staged = { before, after };
    return isSame(before, after) ? noEdits : type.edit(name, after);
  }, author);
  return staged;
}

export function isSame(a: DeclaredObject | undefined, b: DeclaredObject | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && contentOf(a) === contentOf(b));
}
