// A prompt: runs commands as a person would type them, and prints each with what it really answered.

import { startChild, type Child, type Scope } from '../../test/support/child-process.ts';
import { runCommand } from '../../test/support/run-command.ts';

export interface ShellOptions {
  /** Programs started in the background are killed when it ends. */
  readonly scope: Scope;
  readonly cwd: string;
  /** Variables that the commands may use, beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes one or more lines without the last newline. */
  readonly print: (lines: string) => void;
}

export class Shell {
  readonly #options: ShellOptions;
  readonly #env: Record<string, string>;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#env = { ...options.env };
  }

  /** One that runs commands as this one does, and shows nothing of them. */
  silent(): Shell {
    return new Shell({ ...this.#options, env: this.#env, print: () => {} });
  }

  /** Prints what comes next, as a comment. */
  say(...lines: readonly string[]): void {
    this.#options.print(`\n${lines.map((line) => `# ${line}`).join('\n')}`);
  }

  /** Sets variables for all commands that follow. */
  export(variables: Readonly<Record<string, string>>): void {
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    this.#options.print(`$ export ${words.join(' ')}`);
    Object.assign(this.#env, variables);
  }

  /**
   * Runs a line of bash to its end, whatever its exit code. Throws unless all of `expected` is found in what it
   * printed (stdout and stderr together): a demo that shows something else than it says has failed.
   */
  async run(command: string, ...expected: readonly RegExp[]): Promise<void> {
    this.#options.print(`$ ${command}`);
    const { cwd, print } = this.#options;
    const { stdout } = await runCommand('bash', ['-c', `exec 2>&1\n${command}`], { cwd, env: this.#env });
    const output = showable(stdout);
    if (output !== '') print(output);
    for (const pattern of expected) {
      if (!pattern.test(output)) throw new Error(`the last command should have answered ${pattern}`);
    }
  }

  /** Starts a line of bash in the background; the program takes the place of its shell, so the child is the program. */
  start(command: string): Child {
    this.#options.print(`$ ${command} &`);
    const { scope, cwd } = this.#options;
    const [program = command] = command.split(' ');
    return startChild(scope, program, 'bash', ['-c', `exec ${command}`], { cwd, env: this.#env });
  }

  /** Prints what a program in the background has printed from `start` (a length of its output) on. */
  showOutput(child: Child, start = 0): void {
    this.#options.print(showable(child.output.slice(start)));
  }
}

// HTTP headers end in CR LF, which a terminal shows as one line end and a document as two.
function showable(output: string): string {
  return output.replaceAll('\r', '').trimEnd();
}
