// Work that grows with the fleet is done in pieces. Of all such work, whoever asked for it, one piece is done in each
// round of the event loop: what else there is to do waits for no more than that.

import { setImmediate as nextRound } from 'node:timers/promises';

let last: Promise<void> = Promise.resolve();

/** Resolves when the caller may do a piece, in the order of asking; the piece ends with the turn of the event loop. */
export function nextTurn(): Promise<void> {
  last = last.then(() => nextRound());
  return last;
}
