// Values of secrets that a file does not hold itself: `value_from` and its like, read where `apply` runs.

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { ConfigEntries, DeclaredSecret, SecretEntry, SecretFrom } from '../model/objects.ts';
import { checkConfigText, faultsFailure } from './config-text.ts';
import type { ConfigText } from './config-text.ts';
import type { Context } from './context.ts';
import type { FaultMessage } from './messages.ts';

type Source = Extract<SecretFrom, { readonly value_from: unknown }>['value_from'];

// A file without any is sent as it is, and needs no parser here.
const mayHaveSource = /\b(?:value|chain|key)_from\b/u;

/**
 * The file with the values that it says where to find. @param path of the file, to whose folder the names of others are
 * relative; `-` is standard input. @throws Failure
 */
export async function readSources(context: Context, text: ConfigText, path: string): Promise<ConfigText> {
  if (!mayHaveSource.test(text.text)) return text;
  const checked = await checkConfigText(text);
  if (!('clusters' in checked)) throw faultsFailure(text, checked);
  const faults: FaultMessage[] = [];
  const read = async (pointer: string, source: Source): Promise<string> => {
    try {
      return await readSource(context, source, path === '-' ? '.' : dirname(path));
    } catch (error) {
      faults.push({ pointer, value: source, rule: (error as Error).message });
      return '';
    }
  };
  const secrets: SecretEntry[] = [];
  for (const [index, entry] of (checked.secrets ?? []).entries()) {
    secrets.push(await resolveEntry(entry, `/secrets/${index}`, read));
  }
  if (faults.length > 0) throw faultsFailure(text, faults);
  return { name: text.name, text: await format({ ...checked, secrets }), type: 'application/json' };
}

async function format(config: ConfigEntries): Promise<string> {
  const { formatConfig } = await import('../config-file/format-config.ts');
  return [...formatConfig(config, 'json')].join('');
}

async function resolveEntry(
  entry: SecretEntry,
  pointer: string,
  read: (pointer: string, source: Source) => Promise<string>,
): Promise<SecretEntry> {
  if ('chain_from' in entry) {
    const { chain_from: chain, key_from: key, ...rest } = entry;
    const [chainText, keyText] = [await read(`${pointer}/chain_from`, chain), await read(`${pointer}/key_from`, key)];
    return { ...rest, chain: chainText, key: keyText };
  }
  if (!('value_from' in entry)) return entry;
  const { value_from: source, ...rest } = entry;
  const value = await read(`${pointer}/value_from`, source);
  return { ...rest, value: rest.kind === 'password' ? withoutLastNewline(value) : value } as DeclaredSecret;
}

async function readSource(context: Context, { env, file }: Source, folder: string): Promise<string> {
  if (file !== undefined) return readFile(resolve(folder, file), 'utf8');
  const value = context.env[env ?? ''];
  if (value === undefined) throw new Error('must be a variable that is set');
  return value;
}

/** Files of one line end with a newline, which is not part of a password. */
export function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/u, '');
}
