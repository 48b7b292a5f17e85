// Stopping on a signal: once in order, at once when asked again.

import type { Logger } from 'pino';

/** The whole of an orderly stop takes less than this. */
const stopWithinMs = 5_000;

/**
 * Runs `stop` on the first SIGTERM or SIGINT and exits 0 when it is done; a second signal exits at once,
 * and so does a stop that fails or hangs, with 1.
 */
export function stopOnSignal(log: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      log.warn({ signal }, 'second signal, exiting at once');
      process.exit(1);
    }
    isStopping = true;
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
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
