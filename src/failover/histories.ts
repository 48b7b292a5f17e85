// Whether two servers have the same writes, as far as each has come. Pure.

import type { History } from '../effective/seen.ts';

/**
 * Offsets can be compared: both are of one history, or one is of that which the other branched off from, and not beyond
 * that place: master_replid2 and second_repl_offset in INFO
 * (redis.io/docs/latest/operate/oss_and_stack/management/replication).
 */
export function areOfOneHistory(a: History, b: History): boolean {
  return a.id === b.id || isPrefix(a, b) || isPrefix(b, a);
}

function isPrefix(early: History, late: History): boolean {
  const { former } = late;
  return former !== undefined && former.id === early.id && early.offset !== undefined && early.offset <= former.end;
}
