// The RESP2 parser: whatever the pieces in which bytes come, and as redis-cli shows it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseReply, showReply } from './resp.ts';

const replies: readonly [bytes: string, shown: string][] = [
  ['+OK\r\n', 'OK'],
  ['-no upstream host\r\n', '(error) no upstream host'],
  [':-3\r\n', '(integer) -3'],
  ['$-1\r\n', '(nil)'],
  ['$0\r\n\r\n', '""'],
  ['$5\r\na\r\nb"\r\n', '"a\\r\\nb\\""'],
  ['$3\r\n\u20ac\r\n', '"\u20ac"'],
  ['*-1\r\n', '(nil)'],
  ['*0\r\n', '(empty array)'],
  ['*3\r\n$1\r\na\r\n$-1\r\n:7\r\n', '1) "a"\n2) (nil)\n3) (integer) 7'],
];

for (const [bytes, shown] of replies) {
  test(`${JSON.stringify(bytes)} is shown as ${shown.replaceAll('\n', ' ')}`, () => {
    const whole = Buffer.from(bytes);
    const parsed = parseReply(Buffer.concat([whole, Buffer.from('+next')]));
    assert.equal(parsed?.length, whole.length);
    assert.equal(showReply(parsed.reply), shown);
    for (let length = 0; length < whole.length; length++) {
      assert.equal(parseReply(whole.subarray(0, length)), undefined, `with ${length} bytes it is incomplete`);
    }
  });
}

test('bytes that are no RESP2 reply are refused', () => {
  assert.throws(() => parseReply(Buffer.from('HTTP/1.1 400\r\n')), /not a RESP2 reply: "HTTP\/1.1 400"/);
});
