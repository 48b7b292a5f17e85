// What no schema looks at: how deep a value goes, how much it is, and keys that mean something else to JavaScript.

import { FaultsError, toPointer } from '../model/faults.ts';

// An object has six at most; whoever walks a value may recurse.
const maxDepth = 32;

// A cluster of 10,000 endpoints has 60,000, and some labels. Each may break a rule, and then costs some hundred bytes.
const maxValues = 250_000;

type Path = readonly PropertyKey[];

/**
 * To be asked of each object that is declared, before its schema.
 * @param path where it is.
 * @throws FaultsError when lists and objects are nested too deep, there are too many values, or a key is `__proto__`
 */
export function checkShape(value: unknown, path: Path = []): void {
  let values = 0;
  const visit = (each: unknown, at: Path): void => {
    if (typeof each !== 'object' || each === null) return;
    if (at.length >= maxDepth) refuse(at, `must be nested at most ${maxDepth} levels deep`);
    for (const key of Object.keys(each)) {
      if (key === '__proto__') refuse([...at, key], 'no such field');
      values += 1;
      if (values > maxValues) refuse(path, `must have at most ${maxValues} values`);
      const field: unknown = Reflect.get(each, key);
      if (typeof field === 'object') visit(field, [...at, key]);
    }
  };
  visit(value, path);
}

function refuse(path: Path, rule: string): never {
  throw new FaultsError([{ pointer: toPointer(path), value: undefined, rule }]);
}
