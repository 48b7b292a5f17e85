// The file with a user's own defaults: where the control plane is, as whom, in which form.

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { UsageError } from '../process/failure.ts';

const variable = 'CONTROLPLANE_CONFIG';
const keys = ['api', 'api_ca', 'author', 'output'] as const;

/** What the file says; flags and variables go before it. Values are not checked. */
export type Preferences = Readonly<Partial<Record<(typeof keys)[number], string>>>;

/**
 * Reads the file that CONTROLPLANE_CONFIG names, else `controlplane/config.yaml` in the user's folder for such files,
 * which may be missing. A variable that is set but empty: no file.
 * @throws UsageError
 */
export async function readPreferences(env: Readonly<Record<string, string | undefined>>): Promise<Preferences> {
  const named = env[variable];
  if (named === '') return {};
  const path = named ?? join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'controlplane', 'config.yaml');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (named === undefined && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw new UsageError(`${path}: ${error.message}`);
  });
  return text === undefined ? {} : parsePreferences(path, text);
}

async function parsePreferences(path: string, text: string): Promise<Preferences> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${path}: must hold keys and values, such as api: 127.0.0.1:8000`);
  }
  for (const [key, each] of Object.entries(value)) {
    if (!keys.some((known) => known === key)) {
      throw new UsageError(`${path}: ${JSON.stringify(key)}: no such key, only ${keys.join(', ')}`);
    }
    if (typeof each !== 'string') throw new UsageError(`${path}: ${key} ${JSON.stringify(each)}: must be text`);
  }
  return value;
}
