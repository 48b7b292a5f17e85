// Secrets whose values are known, in whatever way a text quotes them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { createKnownSecretFinder } from '../../src/xds/known-secrets.ts';
import { describeNack } from '../../src/xds/nack-text.ts';
import { redact } from '../../src/xds/redaction.ts';
import { makePair } from '../support/test-vault.ts';

const hard = 'pä"ss\\ 語😀/1\n2';
const { key } = makePair({ name: 'edge', keyOptions: ['-newkey', 'rsa:2048'] });
const values = { passwords: [hard, 'swordfish', 'abc', 'fishmonger'], privateKeys: [key] };
const findKnown = createKnownSecretFinder(() => values);

const show = (text: string): string => redact(text, [findKnown]);

/** As protobuf's text format writes bytes. */
function inOctal(text: string): string {
  const bytes = Array.from(Buffer.from(text));
  return bytes.map((byte) => (byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, '0')}` : inC(byte))).join('');
}

function inC(byte: number): string {
  const character = String.fromCharCode(byte);
  return /["'\\]/u.test(character) ? `\\${character}` : character;
}

function inAscii(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return JSON.stringify(text).slice(1, -1).length === text.length && units.every((unit) => unit < 128)
    ? text
    : units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const inBase64 = (text: string): string => Buffer.from(text).toString('base64');

const quotings: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  'in JSON': inJson,
  'in JSON, all of it escaped': inAscii,
  'in JSON in JSON': (value) => inJson(inJson(value)),
  'in JSON in JSON in JSON': (value) => inJson(inJson(inJson(value))),
  'in the text format of protobuf': inOctal,
  'in a text in the text format': (value) => inOctal(inOctal(value)),
  'in a URL': encodeURIComponent,
  'in base64': inBase64,
  'in base64 without padding': (value) => inBase64(value).replace(/=+$/u, ''),
  'in base64 for URLs': (value) => Buffer.from(value).toString('base64url'),
  'in base64 in JSON with its slashes escaped': (value) => inBase64(value).replaceAll('/', '\\/'),
  'after one byte in base64': (value) => inBase64(`:${value}`),
  'after a user in base64': (value) => inBase64(`al:${value}`),
};

describe('a password', () => {
  for (const [how, quoteIn] of Object.entries(quotings)) {
    test(`is found ${how}`, () => {
      for (const value of [hard, 'swordfish']) {
        const quoted = quoteIn(value);
        assert.equal(show(`no "${quoted}", no`), 'no "[redacted]", no', quoted);
      }
    });
  }

  test('is found whatever it is, and whatever is around it', () => {
    const anyValue = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 });
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const anyQuoting = fc.constantFrom(...Object.values(quotings));
    fc.assert(
      fc.property(anyValue, text, text, anyQuoting, (value, before, after, quoteIn) => {
        fc.pre(value.isWellFormed());
        const quoted = quoteIn(value);
        const values = { passwords: [value], privateKeys: [] };
        const found = createKnownSecretFinder(() => values)(`${before}\n${quoted}\n${after}`);
        const start = before.length + 1;
        assert.ok(found.some((range) => range.start <= start && range.end >= start + quoted.length));
      }),
      { numRuns: 300 },
    );
  });

  test('that is too short to be told from other text is left, and so is a part of one', () => {
    const text = 'abc abcd swordfis wordfish inN3b3Jk and so on';
    assert.equal(show(text), text);
  });

  test('beside another, or with one in it, is found with it', () => {
    assert.equal(show('swordfishswordfish'), '[redacted][redacted]');
    assert.equal(show('no swordfishmonger.'), 'no [redacted].');
  });

  test('is another one when others are published, and the old one is none', () => {
    let now = { passwords: ['the old one'], privateKeys: [] as string[] };
    const find = createKnownSecretFinder(() => now);
    const showNow = (): string => redact('the old one, the new one', [find]);
    assert.equal(showNow(), '[redacted], the new one');
    now = { passwords: ['the new one'], privateKeys: [] };
    assert.equal(showNow(), 'the old one, [redacted]');
  });
});

describe('a private key', () => {
  const lines = key.trim().split('\n').slice(1, -1);

  for (const [how, quoted] of Object.entries({
    'as it is': key,
    'in JSON': inJson(key),
    'in the text format of protobuf': inOctal(key),
    'with other ends of lines': key.replaceAll('\n', '\r\n'),
    'in a single line': lines.join(''),
    'line by line': lines.join(' and then '),
  })) {
    test(`is found ${how}, all of it`, () => {
      const shown = show(`inline: ${quoted}`);
      for (const line of lines) assert.ok(!shown.includes(line), shown);
    });
  }
});

describe('a NACK', () => {
  test('is told without them, however long it is and wherever they are', () => {
    const padding = 'Error adding/updating cluster(s) a: '.repeat(20);
    for (const value of [hard, 'swordfish']) {
      for (const quoteIn of Object.values(quotings)) {
        const quoted = quoteIn(value);
        const told = describeNack(`${padding}bad ${quoted} here`, findKnown);
        assert.ok(told.endsWith('bad [redacted] here'), told);
      }
    }
  });

  test('that is cut shows no beginning of one', () => {
    const sixteenKb = 16 * 1024;
    for (let shift = 0; shift < 12; shift += 1) {
      const filler = 'swordfish'.repeat(sixteenKb).slice(0, sixteenKb - shift * 9);
      const told = describeNack(`${filler}swordfish`, findKnown);
      assert.doesNotMatch(told, /swor|fish/u);
    }
  });

  test('of many long repetitions takes no long time', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `${'a'.repeat(60)}${index}`);
    const find = createKnownSecretFinder(() => ({ passwords: many, privateKeys: [] }));
    assert.match(describeNack('a'.repeat(100_000), find), /^a+…$/u);
  });
});
