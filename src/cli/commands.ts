// The commands that ask a running control plane. Each is loaded when it is asked for.

export interface Command {
  /** One line for the help text. */
  readonly summary: string;
  readonly load: () => Promise<RunCommand>;
}

/**
 * Runs a command with the words after its name, and gives the exit code.
 * @throws Failure
 */
export type RunCommand = (argv: readonly string[]) => Promise<number>;

/** By name. */
export const commands: ReadonlyMap<string, Command> = new Map([
  [
    'status',
    {
      summary: 'Shows every connected Envoy: in sync, stale or rejected.',
      load: async () => (await import('./status.ts')).runStatus,
    },
  ],
  [
    'commit',
    {
      summary: 'Publishes what is staged; with --wait until every Envoy has it.',
      load: async () => (await import('./commit.ts')).runCommit,
    },
  ],
  [
    'retry',
    {
      summary: 'Sends what an Envoy rejected once more, to those that did.',
      load: async () => (await import('./retry.ts')).runRetry,
    },
  ],
]);

/** A line for each, for the help text. */
export function describeCommands(): string {
  return Array.from(commands, ([name, { summary }]) => `  ${name.padEnd(8)}${summary}\n`).join('');
}
