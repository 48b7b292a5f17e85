import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { JsonError, decodeFields } from '../../src/api/go-json.ts';

const shape = { cluster: 'string', ipaddress: 'string', port: 'uint32' } as const;
const zero = { cluster: '', ipaddress: '', port: 0 };

// Each of these was also fed to Go's json.Decoder, with a struct of the same fields.
const decoded: readonly [string, string, Partial<typeof zero>][] = [
  ['every field', '{"cluster":"a","ipaddress":"b","port":6379}', { cluster: 'a', ipaddress: 'b', port: 6379 }],
  ['white space anywhere', ' \t\r\n{ "cluster" : "a" , "port"\n:\t1 } ', { cluster: 'a', port: 1 }],
  ['null', 'null', {}],
  ['null and more', 'nullx', {}],
  ['an empty object', '{}', {}],
  ['null in a field', '{"cluster":null,"port":null}', {}],
  ['null does not undo an earlier value', '{"cluster":"a","cluster":null}', { cluster: 'a' }],
  ['keys in any case', '{"CLUSTER":"a","IpAddress":"b","PORT":7}', { cluster: 'a', ipaddress: 'b', port: 7 }],
  ['keys by simple case folding', '{"clu\u017fter":"a"}', { cluster: 'a' }],
  ['but no full case folding', '{"ipaddre\u00df":"a"}', {}],
  ['an escaped key', '{"\\u0063luster":"a"}', { cluster: 'a' }],
  ['the last of a repeated key', '{"cluster":"a","CLUSTER":"b","cluster":"c"}', { cluster: 'c' }],
  ['the last of a repeated key, in another case', '{"cluster":"a","CLUSTER":"b"}', { cluster: 'b' }],
  ['unknown keys', '{"a":[1,{"cluster":"x","b":"]}"}],"__proto__":{"port":1},"cluster":"a"}', { cluster: 'a' }],
  ['only the first value: text after it', '{"cluster":"a"} trailing', { cluster: 'a' }],
  ['only the first value: an object after it', '{"cluster":"a"}{"cluster":"b"}', { cluster: 'a' }],
  ['brackets and quotes in strings', '{"cluster":"}\\"]{","port":1}}', { cluster: '}"]{', port: 1 }],
  ['a backslash at the end of a string', '{"cluster":"a\\\\"}', { cluster: 'a\\' }],
  ['escapes', '{"cluster":"\\n\\u00e9\\ud83d\\ude00"}', { cluster: '\n\u00e9\u{1f600}' }],
  ['an unpaired surrogate', '{"cluster":"a\\ud800"}', { cluster: 'a\ufffd' }],
  ['port 0', '{"port":0}', { port: 0 }],
  ['a port over 65535, which is not for the decoder to refuse', '{"port":65536}', { port: 65_536 }],
  ['the largest integer', '{"port":4294967295}', { port: 4_294_967_295 }],
];

const refused: readonly [string, string, string | RegExp][] = [
  ['nothing', '', 'empty body: must be a JSON object'],
  ['only white space', ' \r\n', 'empty body: must be a JSON object'],
  ['an array', '[{"cluster":"a"}]', 'body [{"cluster":"a"}]: must be a JSON object'],
  ['a string', '"cluster"', 'body "cluster": must be a JSON object'],
  ['a number', '5', 'body 5: must be a JSON object'],
  ['a boolean', 'false', 'body false: must be a JSON object'],
  ['a form', 'cluster=a', /^malformed JSON: /],
  ['an object cut short', '{"cluster":"a"', /^malformed JSON: /],
  ['a string cut short', '{"cluster":"a', /^malformed JSON: /],
  ['a trailing comma', '{"cluster":"a",}', /^malformed JSON: /],
  ['a bracket that does not match', '{"cluster":"a"]', /^malformed JSON: /],
  ['single quotes', "{'cluster':'a'}", /^malformed JSON: /],
  ['a line end in a string', '{"cluster":"a\nb"}', /^malformed JSON: [^\n]+$/],
  ['a byte order mark', '\ufeff{}', /^malformed JSON: /],
  ['a leading zero', '{"port":06379}', /^malformed JSON: /],
  ['an error in an unknown key', '{"cluster":"a","x":tru}', /^malformed JSON: /],
  ['an error after a wrong type', '{"port":"1","x":}', /^malformed JSON: /],
  ['deep nesting', `{"x":${'['.repeat(10_000)}`, 'malformed JSON: nested deeper than 10000 levels'],
  ['a number for text', '{"cluster":5}', 'cluster 5: must be a string'],
  ['an array for text', '{"cluster":[ "a",\n"b" ]}', 'cluster [ "a", "b" ]: must be a string'],
  ['a wrong type that a later value would mend', '{"cluster":true,"cluster":"a"}', 'cluster true: must be a string'],
  ['the first of two wrong types', '{"cluster":1,"port":"x"}', 'cluster 1: must be a string'],
  ['a long value', `{"cluster":[${'1,'.repeat(500)}1]}`, `cluster [${'1,'.repeat(31)}1...: must be a string`],
  ['a port beyond 32 bits', '{"port":4294967296}', 'port 4294967296: too large'],
  ...['"6379"', '1e3', '6379.0', '0.5', '-0', '-1', 'true', '{}', '[6379]'].map(
    (source): [string, string, string] => [
      `port ${source}`,
      `{"PORT":${source}}`,
      `port ${source}: must be a whole number, written in digits alone`,
    ],
  ),
];

suite('decodeFields', () => {
  for (const [name, text, expected] of decoded) {
    test(`takes ${name}`, () => assert.deepEqual(decodeFields(text, shape), { ...zero, ...expected }));
  }

  for (const [name, text, message] of refused) {
    test(`refuses ${name}`, () => assert.throws(() => decodeFields(text, shape), { name: 'JsonError', message }));
  }

  test('gives back any text that JSON.stringify wrote, whatever follows it', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.nat(), fc.jsonValue(), fc.string(), (cluster, ipaddress, port, other, tail) => {
        const body = JSON.stringify({ other, cluster, ipaddress, port }, null, port % 3);
        const expected = { cluster: cluster.toWellFormed(), ipaddress: ipaddress.toWellFormed(), port };
        assert.deepEqual(decodeFields(body + tail, shape), expected);
      }),
    );
  });

  test('refuses what is cut short anywhere, in one line', () => {
    const body = '{"cluster":"a\\n\\u00e9","x":[null,{"y":-1.5e+3}],"port":6379}';
    for (let length = 0; length < body.length; length += 1) {
      assert.throws(
        () => decodeFields(body.slice(0, length), shape),
        (error) => error instanceof JsonError && /^.+$/u.test(error.message),
        body.slice(0, length),
      );
    }
  });
});
