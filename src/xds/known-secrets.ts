// Secrets whose values we know, found in a text however it quotes them: as they are, escaped, in base64. Never a part
// of one: who may send texts and see what is redacted could guess it character by character.

import { readingsOf, toLatin1 } from './escaped-text.ts';
import type { Bytes } from './escaped-text.ts';
import type { Range, SecretFinder } from './redaction.ts';

/** What must not be shown. */
export interface SecretValues {
  readonly passwords: readonly string[];
  /** In PEM. */
  readonly privateKeys: readonly string[];
}

/** Shorter ones, in bytes of UTF-8, are anywhere in any text: they are found by how they are spelled alone. */
export const minKnownBytes = 4;

/** How values may be written, by their first {@link minKnownBytes} bytes; long texts are searched in one pass. */
type Index = ReadonlyMap<string, readonly string[]>;

const isBase64 = (character: string | undefined): boolean => /^[A-Za-z0-9+/_=-]$/u.test(character ?? '');

/** @param read gives the same object as long as the values are the same: they are looked at once, when first needed. */
export function createKnownSecretFinder(read: () => SecretValues): SecretFinder {
  let known: { readonly values: SecretValues; readonly plain: Index; readonly base64: Index } | undefined;
  return (text) => {
    const values = read();
    if (known?.values !== values) {
      const plain = indexOf([...values.passwords.map(toLatin1), ...values.privateKeys.flatMap(linesOf)]);
      known = { values, plain, base64: indexOf(values.passwords.flatMap(inBase64)) };
    }
    const { plain, base64 } = known;
    if (plain.size === 0) return [];
    return readingsOf(text).flatMap((bytes) => {
      return [...find(bytes, plain), ...findBase64(bytes, base64)].map((range) => placeOf(range, bytes));
    });
  };
}

function indexOf(forms: readonly string[]): Index {
  const index = new Map<string, string[]>();
  for (const form of new Set(forms)) {
    if (form.length < minKnownBytes) continue;
    const beginning = form.slice(0, minKnownBytes);
    const others = index.get(beginning);
    if (others === undefined) index.set(beginning, [form]);
    else others.push(form);
  }
  return index;
}

// Each alone, so that it does not matter how a text writes the end of a line.
function linesOf(pem: string): string[] {
  const bodies = Array.from(pem.matchAll(/-----BEGIN [^-]+-----([^-]*)/gu), ([, body = '']) => body);
  return bodies.flatMap((body) => body.split(/\s+/u));
}

// Of a text that has the value in it the middle is the same, wherever in it that begins: three ways, in two alphabets.
function inBase64(value: string): string[] {
  const bytes = Buffer.from(value);
  if (bytes.length < minKnownBytes) return [];
  return [0, 1, 2].flatMap((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((shifted.length * 8) / 6)];
    return (['base64', 'base64url'] as const).map((alphabet) => shifted.toString(alphabet).slice(from, to));
  });
}

/** In bytes, as the next. */
function find({ latin1 }: Bytes, index: Index): Range[] {
  const found: Range[] = [];
  for (let start = 0; start + minKnownBytes <= latin1.length; start += 1) {
    for (const end of endsAt(latin1, start, index)) found.push({ start, end });
  }
  return found;
}

// All that hangs together: the characters at both ends have some bits of the value.
function findBase64({ latin1 }: Bytes, index: Index): Range[] {
  const found: Range[] = [];
  for (let at = 0; at + minKnownBytes <= latin1.length; at += 1) {
    let [start, [end]] = [at, endsAt(latin1, at, index)];
    if (end === undefined) continue;
    while (isBase64(latin1[start - 1])) start -= 1;
    while (isBase64(latin1[end])) end += 1;
    found.push({ start, end });
    at = end;
  }
  return found;
}

function endsAt(latin1: string, start: number, index: Index): number[] {
  const forms = index.get(latin1.slice(start, start + minKnownBytes)) ?? [];
  return forms.filter((form) => latin1.startsWith(form, start)).map((form) => start + form.length);
}

function placeOf({ start, end }: Range, { starts, ends }: Bytes): Range {
  return { start: starts[start] ?? 0, end: ends[end - 1] ?? 0 };
}
