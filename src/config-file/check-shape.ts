// What no schema looks at: how deep a value goes, and keys that mean something else to JavaScript.

import { FaultsError, toPointer } from '../model/faults.ts';

// An object has six at most; whoever walks a value may recurse.
const maxDepth = 32;

/** @throws FaultsError when lists and objects are nested too deep, or a key is `__proto__` */
export function checkShape(value: unknown, path: readonly PropertyKey[] = []): void {
  if (typeof value !== 'object' || value === null) return;
  if (path.length >= maxDepth) refuse(path, undefined, `must be nested at most ${maxDepth} levels deep`);
  for (const [key, field] of Object.entries(value)) {
    if (key === '__proto__') refuse([...path, key], undefined, 'no such field');
    if (typeof field === 'object') checkShape(field, [...path, key]);
  }
}

function refuse(path: readonly PropertyKey[], value: unknown, rule: string): never {
  throw new FaultsError([{ pointer: toPointer(path), value, rule }]);
}
