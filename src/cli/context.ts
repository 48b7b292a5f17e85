// What a command is given of its surroundings, so that a test can give it others.

import type { Command } from 'commander';

/** Standard output or standard error. */
export interface Output {
  readonly isTTY?: boolean;
  /** @param done called when it is out: who has much to write waits for it. */
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown;
}

export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether standard output shows colours. */
  readonly hasColors: boolean;
  /** All of standard input. */
  readonly readInput: () => Promise<Buffer>;
  /** By name; for what speaks of all of them. */
  readonly commands: ReadonlyMap<string, CommandEntry>;
  /** What the run ends with, one of `exitCodes`; 0 unless a command sets it. */
  exitCode: number;
}

/** Makes a command with its flags, help and action. */
export type BuildCommand = (context: Context) => Command;

export interface CommandEntry {
  /** One line for the help text; undefined: not for people. */
  readonly summary?: string;
  readonly load: () => Promise<BuildCommand>;
}
