import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { mergePatch } from '../../../src/api/v2/merge-patch.ts';

describe('merge patch, as the appendix of RFC 7396 has it', () => {
  const rows: readonly (readonly [original: string, patch: string, result: string])[] = [
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ];
  for (const [original, patch, result] of rows) {
    test(`${original} with ${patch}`, () => {
      const target = JSON.parse(original) as unknown;
      assert.deepEqual(mergePatch(target, JSON.parse(patch)), JSON.parse(result));
      assert.deepEqual(target, JSON.parse(original));
    });
  }

  test('no prototype is patched', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__":{"a":1},"b":{"__proto__":null}}')) as Record<string, unknown>;
    assert.deepEqual([Object.keys(merged), merged['a'], Object.getPrototypeOf(merged)], [['b'], undefined, Object.prototype]);
  });
});
