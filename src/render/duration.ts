// Durations as messages.

import type { PlainMessage } from '../proto/protos.ts';
import { parseDuration } from '../text/duration.ts';

/** A google.protobuf.Duration. @param text of a checked object, such as `500ms`. */
export function buildDuration(text: string): PlainMessage {
  const ms = parseDuration(text, Number.MAX_SAFE_INTEGER);
  return { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 };
}
