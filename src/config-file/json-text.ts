// JSON text to a value. Of a key that is there twice the last one counts.

import { findJsonError } from './json-error.ts';
import { MalformedTextError } from './malformed-text.ts';
import { placeAt } from './place.ts';

/** @throws MalformedTextError */
export function parseJsonText(text: string): unknown {
  return parse(text.startsWith('\ufeff') ? text.slice(1) : text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const offset = findJsonError(text);
    const [char] = text.slice(offset);
    const rule = char === undefined ? 'must be JSON: it ends too early' : 'must be JSON: this can not be here';
    throw new MalformedTextError([{ pointer: '', value: char, rule, ...placeAt(text, offset) }]);
  }
}
