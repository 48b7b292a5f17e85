import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FieldError, JsonMessage } from '../../src/proto/json-message.ts';
import { parseNodeFilter } from '../../src/xds/node-filter.ts';

const nodeIds = ['envoy-1', 'envoy-12', 'Envoy-1', 'sidecar-1', 'a.b'];
const exact = { node_id: { exact: 'a.b' } };

function filter(...matchers: readonly object[]): string[] {
  return [...parse(...matchers)(new Set(nodeIds))];
}

function parse(...matchers: readonly object[]): ReturnType<typeof parseNodeFilter> {
  return parseNodeFilter(new JsonMessage({ node_matchers: matchers }).messages('node_matchers'));
}

describe('node matchers', () => {
  const cases: readonly (readonly [nodeId: object, matching: readonly string[]])[] = [
    [{ exact: 'envoy-1' }, ['envoy-1']],
    [{ exact: 'envoy-1', ignore_case: true }, ['envoy-1', 'Envoy-1']],
    [{ exact: 'ENVOY-1', ignoreCase: true }, ['envoy-1', 'Envoy-1']],
    [{ exact: 'envoy' }, []],
    [{ prefix: 'envoy-1' }, ['envoy-1', 'envoy-12']],
    [{ suffix: '-1' }, ['envoy-1', 'Envoy-1', 'sidecar-1']],
    [{ contains: 'car' }, ['sidecar-1']],
    [{ contains: '' }, nodeIds],
    [{ safe_regex: { regex: 'envoy-\\d' } }, ['envoy-1']],
    [{ safeRegex: { regex: 'envoy|a.b' } }, ['a.b']],
    [{ safe_regex: { google_re2: {}, regex: '[eE]nvoy-1' }, ignore_case: true }, ['envoy-1', 'Envoy-1']],
    [{ safe_regex: { regex: '' } }, []],
  ];
  for (const [nodeId, matching] of cases) {
    test(`${JSON.stringify(nodeId)} matches ${matching.join(' ') || 'nothing'}`, () => {
      assert.deepEqual(filter({ node_id: nodeId }), matching);
    });
  }

  test('none match every node, and so does one that says nothing', () => {
    assert.deepEqual(filter(), nodeIds);
    assert.deepEqual(filter({}), nodeIds);
  });

  test('are alternatives', () => {
    assert.deepEqual(filter({ node_id: { exact: 'a.b' } }, { nodeId: { prefix: 'side' } }), ['sidecar-1', 'a.b']);
  });

  const refusals: readonly (readonly [matcher: object, words: RegExp])[] = [
    [{ node_metadatas: [{}] }, /^node_matchers\[0\]\.node_metadatas: not supported/u],
    [{ node_id: {} }, /^node_matchers\[0\]\.node_id: must have one of exact, prefix, suffix, contains, safe_regex$/u],
    [{ node_id: { custom: {} } }, /must have one of exact/u],
    [{ node_id: { exact: 'a', prefix: 'a' } }, /must have one of exact/u],
    [{ node_id: { exact: 1 } }, /^node_matchers\[0\]\.node_id\.exact: must be a string$/u],
    [{ node_id: { safe_regex: { regex: '(' } } }, /^node_matchers\[0\]\.node_id\.safe_regex\.regex: .*group/u],
    [{ node_id: { safe_regex: { regex: 'x)|(envoy' } } }, /^node_matchers\[0\]\.node_id\.safe_regex\.regex: /u],
    // RE2 has it, JavaScript has not: without strictness it would match the letters "pN".
    [{ node_id: { safe_regex: { regex: '\\pN' } } }, /Invalid property name/u],
    [{ node_id: 'a' }, /^node_matchers\[0\]\.node_id: must be a JSON object$/u],
  ];
  for (const [matcher, words] of refusals) {
    test(`refuses ${JSON.stringify(matcher)}`, () => {
      assert.throws(() => parse(matcher), (error) => error instanceof FieldError && words.test(error.message));
    });
  }

  test('are 100 at most', () => {
    assert.deepEqual(filter(...Array.from({ length: 100 }, () => exact)), ['a.b']);
    const message = 'node_matchers: 101 matchers, at most 100 are taken';
    assert.throws(() => filter(...Array.from({ length: 101 }, () => exact)), { message });
  });

  test('give up when all ids together take too long, each of them a bit less', () => {
    const select = parse({ node_id: { safe_regex: { regex: '(a+)+' } } });
    // The next one takes twice as long, until it is too long, alone or with those before it.
    const ids = Array.from({ length: 64 }, (_, index) => `${'a'.repeat(index)}!`);
    assert.throws(() => ids.forEach((id) => select(new Set([id]))), (error) => error instanceof FieldError);
  });

  test('give up on a regular expression that takes for ever', () => {
    const select = parse({ node_id: { safe_regex: { regex: '(a+)+' } } });
    assert.throws(() => select(new Set([`${'a'.repeat(64)}!`])), (error) => error instanceof FieldError);
    assert.deepEqual([...select(new Set(['aaa']))], ['aaa']);
  });
});
