// A file of everything that is declared: from where it is read, what kind it is, and what is wrong with it.

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';

import type { ConfigFormat } from '../config-file/parse-config-text.ts';
import { FaultsError } from '../model/faults.ts';
import type { ConfigEntries } from '../model/objects.ts';
import { Failure } from '../process/failure.ts';
import type { Context } from './context.ts';
import type { FaultMessage } from './messages.ts';
import { toPrintable } from './printable.ts';
import { cut, describeFault } from './refusal.ts';

export interface ConfigText {
  /** As it is called in errors. */
  readonly name: string;
  readonly text: string;
  readonly type: 'application/json' | 'application/yaml';
}

/** @param file `-` is standard input. @throws Failure */
export async function readConfigText(context: Context, file: string): Promise<ConfigText> {
  const name = file === '-' ? 'standard input' : file;
  const bytes = file === '-' ? await context.readInput() : await readBytes(file);
  if (!isUtf8(bytes)) throw new Failure(toPrintable(`${name}: must be UTF-8`));
  const type = file.endsWith('.json') ? 'application/json' : 'application/yaml';
  return { name, text: bytes.toString('utf8'), type };
}

function readBytes(file: string): Promise<Buffer> {
  return readFile(file).catch((error: Error) => {
    throw new Failure(toPrintable(`${file}: ${error.message}`));
  });
}

/** What the text declares, or all that is wrong with it. */
export async function checkConfigText({ text, type }: ConfigText): Promise<ConfigEntries | readonly FaultMessage[]> {
  // It brings a parser for YAML, which apply does without.
  const { parseConfigText } = await import('../config-file/parse-config-text.ts');
  const format: ConfigFormat = type === 'application/json' ? 'json' : 'yaml';
  try {
    return parseConfigText(text, format);
  } catch (error) {
    if (error instanceof FaultsError) return error.faults;
    throw error;
  }
}

/** A line for each fault, with the place in the file. */
export function faultsFailure({ name }: ConfigText, faults: readonly FaultMessage[]): Failure {
  return new Failure(
    cut(faults.map((fault) => describeFault(fault, name)))
      .map(toPrintable)
      .join('\n'),
  );
}
