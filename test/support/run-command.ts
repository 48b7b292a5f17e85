// Programs that run to their end: cli.sh, validators.

import { execFile } from 'node:child_process';

import type { ChildOptions } from './child-process.ts';
import { GENEROUS_MS } from './wait-until.ts';

/** What a program left behind. `status` is its exit code. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions extends ChildOptions {
  /** Default {@link GENEROUS_MS}. */
  readonly withinMs?: number;
}

/** Runs a program without a shell. Throws when it can't be started, is ended by a signal or takes too long. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const settings = {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.withinMs ?? GENEROUS_MS,
      maxBuffer: 16 * 1024 * 1024,
    };
    execFile(command, args, settings, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      if (typeof status === 'number') resolve({ status, stdout, stderr });
      else reject(new Error(`${command} ${args.join(' ')}: ${error?.message}\n${stderr}`, { cause: error }));
    });
  });
}
