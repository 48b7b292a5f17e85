// Commands that Envoy fails or delays instead of passing them on: faults of redis_proxy.

import type { RedisFault } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildDuration } from './duration.ts';
import { buildFraction } from './redis-route.ts';

/**
 * The part of a RedisProxy message that denies `denied` commands (in lower case) always, and makes the faults of a
 * listener; empty when there are none. Of the faults for a command Envoy makes the first that the draw falls to, so
 * what is denied stands first. The v2 API has no such field.
 */
export function buildFaults(
  apiVersion: ApiVersion,
  denied: readonly string[],
  drills: readonly RedisFault[] = [],
): PlainMessage {
  if (apiVersion === 'v2') return {};
  const denials: readonly RedisFault[] = denied.length === 0 ? [] : [{ type: 'error', percent: 100, commands: denied }];
  const faults = [...denials, ...drills];
  return faults.length === 0 ? {} : { faults: faults.map(buildFault) };
}

function buildFault({ type, percent, delay, commands = [] }: RedisFault): PlainMessage {
  return {
    fault_type: type === 'error' ? 'ERROR' : 'DELAY',
    fault_enabled: buildFraction(percent),
    ...(delay !== undefined && { delay: buildDuration(delay) }),
    commands: [...commands],
  };
}
