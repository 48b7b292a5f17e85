// Who is told to have made a change.

import { userInfo } from 'node:os';

import { parseValue } from '../process/arguments.ts';
import type { Preferences } from './preferences.ts';

const variable = 'CONTROLPLANE_AUTHOR';
const maxBytes = 255;

/** Throws an Error whose message is the rule that `text` breaks. */
export function parseAuthor(text: string): string {
  if (text.trim() === '') throw new Error('must not be empty');
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) throw new Error('must be text without control characters');
  if (Buffer.byteLength(text) > maxBytes) throw new Error(`must have at most ${maxBytes} bytes`);
  return text;
}

/**
 * What `--author` was given, else the variable, else what the user's file says, else the login name.
 * @throws UsageError
 */
export function readAuthor(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  preferences: Preferences,
): string {
  if (flag !== undefined) return flag;
  const inVariable = env[variable];
  if (inVariable !== undefined) return parseValue(variable, inVariable, parseAuthor);
  if (preferences.author !== undefined)
    return parseValue('author in the file of defaults', preferences.author, parseAuthor);
  return loginName();
}

// In a container the user may have no name.
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
