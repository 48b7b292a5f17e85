// How a command is defined: commander's commands and options, with our help, our words for what is wrong, and values
// that are checked as flags of the daemon are.

import { Command, Option } from 'commander';
import type { CommanderError } from 'commander';

import { parseValue } from '../process/arguments.ts';
import { UsageError } from '../process/failure.ts';
import type { Context } from './context.ts';

const helpWidth = 120;

/** Thrown when the help was asked for, and printed. */
export class HelpShown extends Error {
  override readonly name = 'HelpShown';
}

/** A command without flags. What is wrong with the words that it is given is a {@link UsageError}. */
export function defineCommand(context: Context, name: string): Command {
  const command = new Command(name);
  return command
    .helpOption('-h, --help', 'Prints this text.')
    .helpCommand(false)
    .configureHelp({
      helpWidth,
      commandUsage: (each) => withoutBrackets(`${pathOf(each)} ${each.usage()}`),
      optionTerm: (option) => withoutBrackets(option.flags),
      subcommandTerm: (each) => each.name(),
    })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => helpWidth,
    })
    .exitOverride((error) => {
      throw explain(command, error);
    });
}

/** An option whose value, or each of whose values, `parse` reads: the message of its error is the rule. */
export function option<T>(flags: string, description: string, parse?: (text: string) => T): Option {
  const made = new Option(flags, description);
  return parse === undefined ? made : made.argParser((text) => parseValue(made.long ?? flags, text, parse));
}

/** An option whose value is one of `choices`, which the help names and shells complete. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const made = new Option(flags, description).choices(choices);
  return made.argParser((text) => parseValue(made.long ?? flags, text, (each) => parseChoice(each, choices)));
}

/** Throws an Error whose message is the rule that `text` breaks. */
export function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
  return choice;
}

/** Of 0 or more. Throws an Error whose message is the rule that `text` breaks. */
export function parseWholeNumber(text: string): number {
  if (!/^\d{1,15}$/u.test(text)) throw new Error('must be a whole number');
  return Number(text);
}

/** Examples and what else stands at the end of a help text. */
export function helpEnd(examples: readonly string[], ...paragraphs: readonly string[]): string {
  const lines = examples.map((example) => `  controlplane ${example}`);
  return ['', 'Examples:', ...lines, ...paragraphs.flatMap((paragraph) => ['', paragraph])].join('\n');
}

/** From `controlplane` on. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

// As the daemon's flags are shown.
function withoutBrackets(text: string): string {
  return text.replaceAll(/[<>]/gu, '');
}

function explain(command: Command, { code, message }: CommanderError): Error {
  if (code === 'commander.helpDisplayed') return new HelpShown();
  const [, quoted = ''] = /'(.*?)'(?:\n|$| )/su.exec(message) ?? [];
  switch (code) {
    case 'commander.unknownOption':
      return new UsageError(explainFlag(command, quoted, message));
    case 'commander.optionMissingArgument':
      return new UsageError(
        `${JSON.stringify(quoted.split(/[ ,]/u).findLast((each) => each.startsWith('--')))}: a value must follow`,
      );
    case 'commander.excessArguments':
      return new UsageError(explainWord(command));
    case 'commander.missingArgument':
      return new UsageError(`${quoted} is missing, see --help`);
    case 'commander.unknownCommand':
      return new UsageError(`${JSON.stringify(quoted)}: no such command${suggestionOf(message)}, see --help`);
    case 'commander.help':
      return new UsageError(`one of ${command.commands.map((each) => each.name()).join(', ')} must follow, see --help`);
    default:
      return new UsageError(message.replace(/^error: /u, ''));
  }
}

function explainFlag(command: Command, written: string, message: string): string {
  const [name] = written.split('=');
  const isKnown = command.options.some(({ long, short }) => long === name || short === name);
  const rule = isKnown ? 'takes no value' : `no such flag${suggestionOf(message)}, see --help`;
  return `${JSON.stringify(written)}: ${rule}`;
}

function explainWord({ args, registeredArguments: known }: Command): string {
  const [first] = known;
  const word = JSON.stringify(args[known.length]);
  if (first === undefined) return `${word}: only flags are taken, see --help`;
  const names = known.map((each) => each.name().toLowerCase()).join(' and one ');
  return `${word}: only one ${names} is taken, see --help`;
}

function suggestionOf(message: string): string {
  const [, suggestion] = /\(Did you mean (.*)\?\)/u.exec(message) ?? [];
  return suggestion === undefined ? '' : `, did you mean ${suggestion}`;
}
