// Reads a secret from the place on where it begins: how far it goes.

import type { Range } from './redaction.ts';

/** The secrets from `at` on, in order; none when what stands there is no secret. Takes time in proportion to them. */
export type Reader = (text: string, at: number) => readonly Range[];

// What follows a field's name in talk of it: `password: must not be empty`, `AUTH failed`.
const talk = new Set(
  ('a an and any are as at before but by called can cannot command contains does error expected failed failure filter for from ' +
    'has header in invalid is it length level method missing must no not of on only or policy proto protocol provider ' +
    'rejected required server service should state string than the this to too type unknown value was when with without'
  ).split(' '),
);

// Of a user; more are not looked at.
const maxRules = 32;

const openQuote = /(\\*)(["'])/y;
const word = /(?:[^\s"'\\]|\\(?![\\"'nrt]))+/y;
const gap = /(?:\s|\\{1,4}[rnt]|\$\d{1,9}(?=[\s\\]))+/y;
const base64 = /[\w+/=.-]+/y;

/** A quoted text or a word, or a list of them. */
export const readValue: Reader = (text, at) => {
  if (text[at] === '[') return [{ start: at, end: endOf(text, ']', at) }];
  const quoted = readQuoted(text, at);
  return quoted.length > 0 ? quoted : readWord(text, at);
};

/**
 * A quoted text with its quotes, to the end of `text` when it was cut off. Where the text that it stands in was quoted
 * too, so often as the backslashes before the quote tell, it ends with a quote that has as many.
 */
export const readQuoted: Reader = (text, at) => {
  const [open, backslashes = '', mark = '"'] = matchAt(openQuote, text, at) ?? [];
  if (open === undefined) return [];
  const depth = backslashes.length;
  let end = at + open.length;
  for (;;) {
    end = text.indexOf(mark, end);
    if (end < 0) return [{ start: at, end: text.length }];
    const before = countBackslashes(text, at + open.length, end);
    // With fewer the quote is of the text around it, which was cut off.
    if (before < depth) return [{ start: at, end: end - before }];
    end += 1;
    // A backslash or a quote that belongs to the value has twice as many and one more, at each level.
    if ((before - depth) % (2 * (depth + 1)) === 0) return [{ start: at, end }];
  }
};

/** What stands up to a white space or a quote, without the punctuation after it. */
export const readWord: Reader = (text, at) => {
  const [found = ''] = matchAt(word, text, at) ?? [];
  const secret = found.replace(/[,;:.)}\]]{1,100}$/u, '');
  const isTalk = secret === '' || secret.startsWith('{') || talk.has(secret.toLowerCase());
  return isTalk ? [] : [{ start: at, end: at + secret.length }];
};

/** One value or two: of a user and a password it can't be told which is alone. */
export const readArguments: Reader = (text, at) => {
  const [first] = readValue(text, at);
  if (first === undefined) return [];
  const [blank] = matchAt(gap, text, first.end) ?? [];
  const [second] = blank === undefined ? [] : readValue(text, first.end + blank.length);
  return [{ start: at, end: second?.end ?? first.end }];
};

/** Of the rules of an ACL those that add or remove a password, or its hash. */
export const readAclRules: Reader = (text, at) => {
  const found: Range[] = [];
  let end = at;
  for (let index = 0; index < maxRules; index += 1) {
    end += matchAt(/(?:\s|\\{1,4}[rnt]|\$\d{1,9}(?=[\s\\])|\\*["'])*/y, text, end)?.[0].length ?? 0;
    const [rule] = matchAt(word, text, end) ?? [];
    if (rule === undefined) break;
    if (/^[><#!]./u.test(rule)) found.push({ start: end, end: end + rule.length });
    end += rule.length;
  }
  return found;
};

/** What stands before the last `@` up to a white space or a quote. */
export const readUserInfo: Reader = (text, at) => {
  const [found = ''] = matchAt(word, text, at) ?? [];
  const length = found.lastIndexOf('@');
  return length <= 0 ? [] : [{ start: at, end: at + length }];
};

/** From its first line to its last, or to the end when it was cut off. */
export const readPrivateKey: Reader = (text, at) => {
  const last = text.indexOf('-----END', at);
  return [{ start: at, end: last < 0 ? text.length : endOf(text, '-----', last + '-----END'.length) }];
};

export const readBase64: Reader = (text, at) => {
  const [found = ''] = matchAt(base64, text, at) ?? [];
  return [{ start: at, end: at + found.length }];
};

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + mark.length;
}

function countBackslashes(text: string, from: number, to: number): number {
  let start = to;
  while (start > from && text[start - 1] === '\\') start -= 1;
  return to - start;
}
