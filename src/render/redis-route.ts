// Where redis_proxy sends keys, as its messages: a route, and what of each command goes elsewhere besides.

import type { CatchAllRoute, Mirror, RedisRoute } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';

/** A Route message; that of the catch-all has no prefix. v2 has no key_formatter. */
export function buildRedisRoute(
  { key_formatter: keyFormatter, mirrors = [], ...rest }: RedisRoute | CatchAllRoute,
  apiVersion: ApiVersion,
): PlainMessage {
  const { prefix, cluster, remove_prefix }: Partial<RedisRoute> = rest;
  return {
    ...(prefix !== undefined && { prefix }),
    cluster,
    ...(remove_prefix === true && { remove_prefix }),
    ...(mirrors.length > 0 && { request_mirror_policy: mirrors.map(buildMirror) }),
    ...(keyFormatter !== undefined && apiVersion === 'v3' && { key_formatter: keyFormatter }),
  };
}

function buildMirror({ cluster, percent = 100, exclude_reads: excludesReads }: Mirror): PlainMessage {
  return {
    cluster,
    ...(percent < 100 && { runtime_fraction: buildFraction(percent) }),
    ...(excludesReads === true && { exclude_read_commands: true }),
  };
}

/** A RuntimeFractionalPercent that no runtime overrides. @param percent a whole number up to 100. */
export function buildFraction(percent: number): PlainMessage {
  return { default_value: { numerator: percent, denominator: 'HUNDRED' } };
}
