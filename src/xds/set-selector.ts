// Who decides what a stream is sent, and when: by what kind of stream it is.

import type { Dialect } from '../snapshot/dialect.ts';
import type { ResourceKind } from '../snapshot/resource.ts';
import { ListenerPacing } from './listener-pacing.ts';
import type { ListenerPause } from './listener-pacing.ts';
import { MakeBeforeBreak } from './make-before-break.ts';
import type { MakeBeforeBreakTimes, SetSelector } from './make-before-break.ts';
import { NewestAtOnce } from './newest-at-once.ts';
import type { OtherWays } from './other-ways.ts';
import { PacedListeners } from './paced-listeners.ts';
import type { Watch } from './watch.ts';

export interface StreamOrder {
  readonly selector: SetSelector;
  /** Undefined on a stream without listeners. */
  readonly pacing: ListenerPacing | undefined;
}

export interface OrderOptions extends MakeBeforeBreakTimes {
  readonly listenerPause: ListenerPause;
}

/**
 * @param onlyKind of a stream of one type; undefined: it is aggregated.
 * @param watchOf the watches of the stream.
 */
export function createOrder(
  onlyKind: ResourceKind | undefined,
  dialect: Dialect,
  watchOf: (kind: ResourceKind) => Watch | undefined,
  otherWays: OtherWays,
  options: OrderOptions,
): StreamOrder {
  if (onlyKind !== undefined && onlyKind !== 'listener') {
    return { selector: new NewestAtOnce(dialect, otherWays), pacing: undefined };
  }
  const pacing = new ListenerPacing(options.listenerPause, options.inForceBoundMs);
  const order =
    onlyKind === undefined
      ? new MakeBeforeBreak(dialect, watchOf, otherWays, options, pacing)
      : new NewestAtOnce(dialect, otherWays);
  return { selector: new PacedListeners(order, pacing), pacing };
}
