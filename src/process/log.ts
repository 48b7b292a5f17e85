// The daemon's log: pino, which hands over each line at once. Settings in, a logger out.

import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { StandardOutput } from './log-output.ts';
import type { LogOutput } from './log-output.ts';
import type { Settings } from './settings.ts';

// C1 controls, format characters, which are invisible or turn the direction of what follows, and separators of lines.
// The other controls are escaped or left out by JSON and by pino-pretty.
const misleading = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A logger that writes JSON lines (`level` by name, `time` in ISO 8601, `msg`, then the caller's keys in snake_case)
 * or lines for people. Errors go under the key `err`. Characters that a terminal obeys, that can't be seen or that
 * break or turn a line are written as `\u....`, whoever sent them.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<Settings, 'logLevel' | 'logFormat'>,
  output: LogOutput = new StandardOutput(),
): Logger {
  const format = logFormat ?? (output.isTerminal ? 'pretty' : 'json');
  const options = {
    level: logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = pino(options, format === 'json' ? createJsonStream(output) : createPrettyStream(output));
  output.onResumed = (lines) => log.warn({ lines }, 'log lines were dropped, nothing took them');
  return log;
}

function createJsonStream(output: LogOutput): DestinationStream {
  return { write: (line) => output.write(line.replace(misleading, escapeCharacter)) };
}

/** Formats in this process: pino-pretty as a transport or a stream of its own would write after an exit. */
function createPrettyStream(output: LogOutput): DestinationStream {
  const format = prettyFactory({ colorize: output.hasColors, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return { write: (line) => output.write(format(line).replace(misleading, escapeCharacter)) };
}

// By UTF-16 code unit, as JSON has it.
function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
