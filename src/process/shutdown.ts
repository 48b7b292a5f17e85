// Stopping on a signal: once in order, at once when asked again.

import type { Readable } from 'node:stream';

import type { Logger } from 'pino';

/** The whole of an orderly stop takes less than this. */
const stopWithinMs = 5_000;

// Set by the launcher, see docs/adr/0020-back-by-itself.md.
const launcherVariable = 'LAUNCHER_ON_STDIN';

/**
 * Runs `stop` on the first SIGTERM, SIGINT or SIGHUP and exits 0 when it is done; a second signal exits at once,
 * and so does a stop that fails or hangs, with 1. What the launcher was sent counts as if it came here; what came to
 * both counts once. When the launcher is gone it exits at once.
 */
export function stopOnSignal(log: Logger, stop: () => Promise<void>): void {
  let asked = 0;
  const count = (): ((signal: string) => void) => {
    let times = 0;
    return (signal) => {
      times += 1;
      if (times <= asked) return;
      asked = times;
      if (asked === 1) stopInOrder(log, signal, stop);
      else exitAtOnce(log, signal);
    };
  };
  const launcher = process.env[launcherVariable] === undefined ? undefined : process.stdin;
  const onSignal = count();
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // That it is to be ignored, as under nohup, only the launcher knows.
  process.on('SIGHUP', launcher === undefined ? onSignal : () => undefined);
  if (launcher !== undefined) followLauncher(log, launcher, count());
}

function followLauncher(log: Logger, launcher: Readable, onSignal: (signal: string) => void): void {
  launcher.setEncoding('utf8').on('data', (lines: string) => lines.trimEnd().split('\n').forEach(onSignal));
  launcher.on('close', () => {
    log.fatal('the launcher is gone, exiting at once; what was answered is on disk');
    process.exit(1);
  });
}

function stopInOrder(log: Logger, signal: string, stop: () => Promise<void>): void {
  log.info({ signal }, 'stopping');
  setTimeout(() => {
    log.error('stopping took too long, exiting');
    process.exit(1);
  }, stopWithinMs).unref();
  stop().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error({ err: error }, 'stopping failed');
      process.exit(1);
    },
  );
}

function exitAtOnce(log: Logger, signal: string): void {
  log.warn({ signal }, 'second signal, exiting at once');
  process.exit(1);
}
