// Servers that a test starts: their output is kept for failure messages, and none of them outlives the test.

import { spawn, type ChildProcess } from 'node:child_process';

import { waitUntil, type WaitOptions } from './wait-until.ts';

/** Where to hang clean-up: a TestContext, or `{ after }` of node:test for a whole file. */
export interface Scope {
  after(callback: () => Promise<void>): void;
}

export interface ChildOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Exit code, the signal that ended the program, or `not started`. */
export type ExitStatus = number | NodeJS.Signals | 'not started';

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
// A runner that gives up on a file sends a signal; without a handler there would be no exit event.
process.once('SIGTERM', () => process.exit(143));
process.once('SIGINT', () => process.exit(130));

/** One running program; made by {@link startChild}. */
export class Child {
  readonly name: string;
  /** Resolves when the program has ended and all of its output is here. */
  readonly ended: Promise<ExitStatus>;
  readonly #process: ChildProcess;
  #output = '';
  #status: ExitStatus | undefined;

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.ended = new Promise((resolve) => {
      const end = (status: ExitStatus): void => {
        running.delete(child);
        this.#status ??= status;
        resolve(this.#status);
      };
      child.once('error', (error) => {
        this.#output += error.message;
        end('not started');
      });
      child.once('close', (code, signal) => end(code ?? signal ?? 'not started'));
    });
  }

  /** Process id; undefined when the program could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** All of stdout and stderr so far, in order of arrival. */
  get output(): string {
    return this.#output;
  }

  /**
   * Like {@link waitUntil}, but waits no longer than the program lives, and a failure shows how the program fares and
   * its last output.
   */
  async until<T>(
    what: string,
    probe: () => T | Promise<T>,
    options: Pick<WaitOptions, 'withinMs'> = {},
  ): Promise<NonNullable<T>> {
    try {
      return await waitUntil(what, probe, { ...options, abandonWhen: () => this.#status !== undefined });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.#describe()}`, { cause: error });
    }
  }

  /** Resolves with the first match in the output. */
  async untilOutput(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(`${this.name} prints ${pattern}`, () => pattern.exec(this.#output));
  }

  /** Sends a signal and does not wait (SIGSTOP, SIGCONT). */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends a signal and waits until the program has ended; safe to repeat. */
  async end(signal: NodeJS.Signals): Promise<ExitStatus> {
    this.signal(signal);
    return this.ended;
  }

  #describe(): string {
    const state = this.#status === undefined ? 'is running' : `has ended (${this.#status})`;
    const tail = this.#output.trimEnd().split('\n').slice(-15).join('\n  ');
    return `${this.name} ${state}; its last output:\n  ${tail}`;
  }
}

/** Starts a program without a shell and without standard input; it is killed when `scope` ends. */
export function startChild(
  scope: Scope,
  name: string,
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Child {
  const spawned = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(spawned);
  const child = new Child(name, spawned);
  scope.after(async () => void (await child.end('SIGKILL')));
  return child;
}
