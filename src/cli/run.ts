// Runs a command with the words of its command line.

import type { Command } from 'commander';

import type { CommandEntry, Context } from './context.ts';
import { HelpShown, defineCommand } from './define.ts';

/**
 * Gives the exit code.
 * @param words those after the command's name.
 * @throws Failure
 */
export async function runCommandLine(entry: CommandEntry, words: readonly string[], context: Context): Promise<number> {
  const build = await entry.load();
  const command = build(context);
  const program = defineCommand(context, 'controlplane').addCommand(command);
  try {
    await program.parseAsync([command.name(), ...spellOut(command, words)], { from: 'user' });
  } catch (error) {
    if (!(error instanceof HelpShown)) throw error;
  }
  return context.exitCode;
}

/**
 * The words with two dashes before every flag that has a long name: one dash is enough for it, as it is for those of
 * the daemon. Values, also those that begin with a dash, stay as they are.
 */
export function spellOut(command: Command, words: readonly string[]): string[] {
  const [first = '', ...rest] = words;
  const inner = command.commands.find((each) => each.name() === first);
  if (inner !== undefined) return [first, ...spellOut(inner, rest)];
  const spelled: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') return [...spelled, ...words.slice(index)];
    const {
      dashes = '',
      name = '',
      value,
    } = /^(?<dashes>--?)(?<name>[^-=][^=]*)(?<value>=.*)?$/su.exec(word)?.groups ?? {};
    const option = command.options.find(
      ({ long, short }) => long === `--${name}` || short === dashes + name || short === `--${name}`,
    );
    if (option === undefined) {
      spelled.push(word);
      continue;
    }
    spelled.push(`${option.long}${value ?? ''}`);
    if (option.required && value === undefined && index + 1 < words.length) spelled.push(words[(index += 1)] ?? '');
  }
  return spelled;
}
