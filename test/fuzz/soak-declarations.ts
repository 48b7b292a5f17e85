// The part of the soak that is about declarations: as many as one likes, some hundred at each start of Envoy.

import { describeRejected, findRejected, randomDeclarations } from './find-rejected.ts';

const batchSize = 200;

/** What Envoy rejects, with what replays it; undefined: nothing. @param log is told of each batch. */
export async function soakDeclarations(
  seed: number,
  count: number,
  log: (line: string) => void,
): Promise<string | undefined> {
  const startMs = performance.now();
  for (let first = 0; first < count; first += batchSize) {
    const size = Math.min(batchSize, count - first);
    const rejected = await findRejected(randomDeclarations({ seed, first, count: size }));
    if (rejected !== undefined) return describeRejected(seed, rejected);
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    log(`${first + size} declarations in ${seconds} s, seed ${seed}`);
  }
  return undefined;
}
