// RESP2 as it is read: whole, cut anywhere, and what is none.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { NotRespError, ReplyError, ReplyReader, encodeCommand } from '../../src/watch/resp.ts';
import type { Reply } from '../../src/watch/resp.ts';

function render(reply: Reply): string {
  if (reply === null) return '$-1\r\n';
  if (reply instanceof ReplyError) return `-${reply.message}\r\n`;
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  return `*${reply.length}\r\n${reply.map(render).join('')}`;
}

const { reply: anyReply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.constant(null),
    fc.constantFrom('ERR no', 'LOADING later').map((message) => new ReplyError(message)),
    fc.array(tie('reply'), { maxLength: 4 }),
  ),
}));

test('replies are read as they were written, wherever they are cut', () => {
  fc.assert(fc.property(fc.array(anyReply, { maxLength: 5 }), fc.array(fc.nat(200)), (replies, cuts) => {
    const bytes = Buffer.from(replies.map(render).join(''));
    const ends = [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
    const reader = new ReplyReader();
    const read = ends.flatMap((end, index) => reader.take(bytes.subarray(ends[index - 1] ?? 0, end)));
    assert.deepEqual(read, replies);
  }));
});

test('a status is a text, and a nil array is nil', () => {
  assert.deepEqual(new ReplyReader().take(Buffer.from('+OK\r\n*-1\r\n')), ['OK', null]);
});

test('a command is an array of texts, counted in bytes', () => {
  assert.equal(encodeCommand(['AUTH', 'é\r\n']), '*2\r\n$4\r\nAUTH\r\n$4\r\né\r\n\r\n');
});

describe('no RESP2 is', () => {
  const cases: readonly (readonly [what: string, text: string])[] = [
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n'],
    ['what TLS answers who speaks none', '\u0015\u0003\u0001'],
    ['a map of RESP3', '%1\r\n+a\r\n+b\r\n'],
    ['a length that is no number', '$x\r\n'],
    ['a line that ends otherwise', '+OK\rX'],
    ['a line without end', `+${'x'.repeat(70_000)}`],
    ['a text that is too long', '$99999999\r\n'],
    ['arrays without end', '*1\r\n'.repeat(20)],
  ];
  for (const [what, text] of cases) {
    test(what, () => assert.throws(() => new ReplyReader().take(Buffer.from(text, 'latin1')), NotRespError));
  }
});
