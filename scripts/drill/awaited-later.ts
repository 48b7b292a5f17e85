// Work that goes on while something else is awaited.

/** The same promise. When what is awaited before it fails, its own failure is no news, and ends no process. */
export function awaitedLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
