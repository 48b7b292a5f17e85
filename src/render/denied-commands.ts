// Redis commands that Envoy refuses instead of passing them on: faults of redis_proxy that always happen.

import type { ApiVersion } from '../snapshot/dialect.ts';
import type { PlainMessage } from '../proto/protos.ts';

/**
 * The part of a RedisProxy message that denies `commands` (in lower case); empty when there are none. The v2 API has
 * no such field.
 */
export function buildDeniedCommands(apiVersion: ApiVersion, commands: readonly string[]): PlainMessage {
  if (commands.length === 0 || apiVersion === 'v2') return {};
  const always = { default_value: { numerator: 100, denominator: 'HUNDRED' } };
  return { faults: [{ fault_type: 'ERROR', fault_enabled: always, commands: [...commands] }] };
}
