// Who asked for something that takes a while may go away before it is there.

import type { Response } from 'express';

/** Aborted when the connection of the answer closes. */
export function signalWhenGone(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
