// The program: the daemon, or with a word first a command that asks a running one.
// What is not needed is not loaded, so that commands, help and usage errors come at once.

import { commands, describeCommands } from './cli/commands.ts';
import type { CommandEntry } from './cli/context.ts';
import { Failure, UsageError } from './process/failure.ts';

async function run(argv: readonly string[]): Promise<void> {
  const [word, ...words] = argv;
  if (word === undefined || word.startsWith('-')) {
    await serve(argv);
    return;
  }
  const command = commands.get(word);
  if (command === undefined) throw new UsageError(`${JSON.stringify(word)}: no such command, see --help`);
  process.exitCode = await ask(command, words);
}

async function ask(command: CommandEntry, words: readonly string[]): Promise<number> {
  const { stdout, stderr, stdin, env } = process;
  stdout.on('error', endEarly);
  const { runCommandLine } = await import('./cli/run.ts');
  return runCommandLine(command, words, {
    env,
    stdout,
    stderr,
    hasColors: stdout.isTTY && stdout.hasColors(),
    readInput: async () => Buffer.concat(await Array.fromAsync(stdin as AsyncIterable<Buffer>)),
    commands,
    exitCode: 0,
  });
}

// Who reads the output may have seen enough of it, as head has.
function endEarly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

async function serve(argv: readonly string[]): Promise<void> {
  const { parseSettings } = await import('./process/settings.ts');
  const settings = parseSettings(argv, process.env, describeCommands());
  if ('print' in settings) {
    process.stdout.write(settings.print);
    return;
  }
  const { runDaemon } = await import('./daemon.ts');
  await runDaemon(settings);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`controlplane: ${error.message}\n`);
  process.exit(error.exitCode);
}
