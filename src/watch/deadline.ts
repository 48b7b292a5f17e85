// Work that must be over within a time of which the process was there.

/** It was not over in time. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/**
 * What comes of `work`; a {@link LateError} when it takes longer. A process that stood still meanwhile, stopped or busy,
 * gives it that time once more: what it was waiting for may have come long since, unread.
 */
export function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    const end = (): void => reject(new LateError(`not over within ${limitMs} ms`));
    let timer = setTimeout(() => {
      if (performance.now() - startMs < limitMs * 1.5) end();
      else timer = setTimeout(end, limitMs);
    }, limitMs);
    void work.then(resolve, reject).then(() => clearTimeout(timer));
  });
}
