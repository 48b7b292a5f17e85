// Splits a command line into flags and values, alike for the daemon and its commands.

import { parseArgs } from 'node:util';

import { UsageError } from './failure.ts';

/**
 * Flag names with the values they were given, '' for a flag that takes none. As Go's flag package does it: one dash
 * or two, `-flag value` or `-flag=value`, the last one wins, a value may be empty or begin with a dash.
 * @param takesValue every flag there is, by its name without dashes.
 * @param takeWord is given what is no flag, in order; by default that is refused.
 * @throws UsageError
 */
export function readArguments(
  argv: readonly string[],
  takesValue: ReadonlyMap<string, boolean>,
  takeWord: (word: string) => void = refuseWord,
): Map<string, string> {
  const given = new Map<string, string>();
  for (const token of tokenize(argv, takesValue)) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      takeWord(argv[token.index] ?? '');
      continue;
    }
    const written = JSON.stringify(argv[token.index]);
    if (!takesValue.has(token.name)) throw new UsageError(`${written}: no such flag, see --help`);
    // A value of its own is taken from argv, where its leading dash is as it was written.
    const value = token.inlineValue === false ? argv[token.index + 1] : token.value;
    if (takesValue.get(token.name) !== (value !== undefined)) {
      throw new UsageError(`${written}: ${value === undefined ? 'a value must follow' : 'takes no value'}`);
    }
    given.set(token.name, value ?? '');
  }
  return given;
}

/**
 * What `parse` makes of a value.
 * @param source where the value came from: a flag with its dashes, or a variable.
 * @throws UsageError when `parse` throws: the message of its error is the rule that `text` breaks.
 */
export function parseValue<T>(source: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${source} ${JSON.stringify(text)}: ${(error as Error).message}`);
  }
}

function refuseWord(word: string): void {
  throw new UsageError(`${JSON.stringify(word)}: only flags are taken, see --help`);
}

/** Splits as parseArgs does, for which every flag has two dashes. */
function tokenize(argv: readonly string[], takesValue: ReadonlyMap<string, boolean>) {
  const args = argv.map((arg) => arg.replace(/^-(?=[^-])/, '--'));
  const types = Array.from(takesValue, ([name, takes]) => [name, { type: takes ? 'string' : 'boolean' }] as const);
  return parseArgs({ args, options: Object.fromEntries(types), strict: false, tokens: true }).tokens;
}
