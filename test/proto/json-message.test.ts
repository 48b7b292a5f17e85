import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FieldError, JsonMessage } from '../../src/proto/json-message.ts';

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof FieldError, String(error));
    assert.match(error.message, /^[^\n]+$/u);
    return error.message;
  }
  return assert.fail('not refused');
}

describe('JsonMessage', () => {
  test('finds a field by its name in protos/ and in lowerCamelCase', () => {
    const names = ['resource_names', 'resourceNames'];
    for (const name of names) {
      assert.deepEqual(new JsonMessage({ [name]: ['a', 'b'] }).strings('resource_names'), ['a', 'b']);
    }
  });

  test('takes null for absent', () => {
    const message = new JsonMessage({ node: null, resource_names: null, version_info: null, ignore_case: null });
    assert.equal(message.message('node'), undefined);
    assert.deepEqual(message.strings('resource_names'), []);
    assert.equal(message.string('version_info'), '');
    assert.equal(message.bool('ignore_case'), false);
    assert.equal(message.has('node'), false);
    assert.deepEqual(new JsonMessage({}).messages('node_matchers'), []);
  });

  test('reads whole numbers, in quotes too', () => {
    const message = JsonMessage.parse('{"majorNumber":1,"minor_number":"40"}');
    assert.deepEqual(['major_number', 'minor_number', 'patch'].map((name) => message.uint32(name)), [1, 40, 0]);
  });

  test('reads nested messages', () => {
    const message = JsonMessage.parse('{"nodeMatchers":[{"nodeId":{"exact":"n","ignoreCase":true}}]}');
    const nodeId = message.messages('node_matchers')[0]?.message('node_id');
    assert.deepEqual([nodeId?.string('exact'), nodeId?.bool('ignore_case'), nodeId?.has('exact')], ['n', true, true]);
    assert.equal(nodeId?.pathOf('exact'), 'node_matchers[0].node_id.exact');
    assert.deepEqual([nodeId?.pathOf(), message.pathOf()], ['node_matchers[0].node_id', '']);
  });

  test('does not see what an object has by nature', () => {
    assert.equal(new JsonMessage({}).has('constructor'), false);
    assert.equal(JsonMessage.parse('{"__proto__":{"version_info":"1"}}').string('version_info'), '');
  });

  const refusals: readonly (readonly [text: string, read: (message: JsonMessage) => unknown, words: string])[] = [
    ['{"node":3}', (message) => message.message('node'), 'node: must be a JSON object'],
    ['{"node":[]}', (message) => message.message('node'), 'node: must be a JSON object'],
    ['{"node":{"id":7}}', (message) => message.message('node')?.string('id'), 'node.id: must be a string'],
    ['{"names":"a"}', (message) => message.strings('names'), 'names: must be a list'],
    ['{"names":["a",1]}', (message) => message.strings('names'), 'names[1]: must be a string'],
    ['{"names":[null]}', (message) => message.strings('names'), 'names[0]: must be a string'],
    ['{"nodes":[1]}', (message) => message.messages('nodes'), 'nodes[0]: must be a JSON object'],
    ['{"n":-1}', (message) => message.uint32('n'), 'n: must be a whole number from 0 to 4294967295'],
    ['{"n":1.5}', (message) => message.uint32('n'), 'n: must be a whole number from 0 to 4294967295'],
    ['{"n":"4294967296"}', (message) => message.uint32('n'), 'n: must be a whole number from 0 to 4294967295'],
    ['{"n":""}', (message) => message.uint32('n'), 'n: must be a whole number from 0 to 4294967295'],
    ['{"flag":"true"}', (message) => message.bool('flag'), 'flag: must be true or false'],
  ];
  for (const [text, read, words] of refusals) {
    test(`refuses a wrong type: ${text}`, () => {
      const message = JsonMessage.parse(text);
      assert.equal(refusal(() => read(message)), words);
    });
  }

  for (const text of ['', ' \r\n']) {
    test(`refuses an empty text: ${JSON.stringify(text)}`, () => {
      assert.equal(refusal(() => JsonMessage.parse(text)), 'empty body: must be a JSON object');
    });
  }

  for (const text of ['{', 'node', '{"a":1}}', '\u0000', '{"a":\n}']) {
    test(`refuses what is no JSON: ${JSON.stringify(text)}`, () => {
      assert.match(refusal(() => JsonMessage.parse(text)), /^malformed JSON: ./u);
    });
  }

  for (const text of ['[]', 'null', '"a"', '1']) {
    test(`refuses JSON that is no object: ${text}`, () => {
      assert.equal(refusal(() => JsonMessage.parse(text)), 'request: must be a JSON object');
    });
  }
});
