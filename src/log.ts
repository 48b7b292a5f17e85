// The daemon's log: pino, written synchronously so that the last line before an exit is not lost.
// Settings in, a logger out.

import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Settings } from './settings.ts';

const maxUnwrittenBytes = 1_048_576;

/** Where log lines go. */
export interface LogOutput {
  readonly isTerminal: boolean;
  /** Whether it shows colours; false on anything but a terminal. */
  readonly hasColors: boolean;
  /** Takes whole lines, each with its newline, and has written them when it returns. Never throws. */
  write(lines: string): void;
}

/**
 * A logger that writes JSON lines (`level` by name, `time` in ISO 8601, `msg`, then the caller's keys in snake_case)
 * or lines for people. Errors go under the key `err`.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<Settings, 'logLevel' | 'logFormat'>,
  output: LogOutput = openStdout(),
): Logger {
  const format = logFormat ?? (output.isTerminal ? 'pretty' : 'json');
  const options = {
    level: logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, format === 'json' ? output : createPrettyStream(output));
}

/** Formats in this process: pino-pretty as a transport or a stream of its own would write after an exit. */
function createPrettyStream(output: LogOutput): DestinationStream {
  const format = prettyFactory({ colorize: output.hasColors, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return { write: (line) => output.write(format(line)) };
}

function openStdout(): LogOutput {
  const { isTTY: isTerminal = false } = process.stdout;
  const stream = pino.destination({ dest: process.stdout.fd, sync: true, maxLength: maxUnwrittenBytes });
  // The daemon outlives a full disk under its log: lines wait for the next write, and past the bound are dropped.
  stream.on('error', () => undefined);
  return {
    isTerminal,
    hasColors: isTerminal && process.stdout.hasColors(),
    write: (lines) => void stream.write(lines),
  };
}
