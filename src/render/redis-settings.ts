// How redis_proxy speaks to servers (ConnPoolSettings), and the settings that it has beside that and its routes.

import { defaultOpTimeout } from '../model/defaults.ts';
import type { RedisListener } from '../model/objects.ts';
import type { PlainMessage } from '../proto/protos.ts';
import type { ApiVersion } from '../snapshot/dialect.ts';
import { buildDuration } from './duration.ts';

/** The ConnPoolSettings message. v2 has no limit for the rate of connections. */
export function buildSettings(listener: Partial<RedisListener>, apiVersion: ApiVersion): PlainMessage {
  const {
    op_timeout: opTimeout = defaultOpTimeout,
    enable_hashtagging,
    enable_redirection,
    buffer,
    max_upstream_unknown_connections: maxUnknown,
    command_stats: hasCommandStats,
    connection_rate_limit: perSecond,
  } = listener;
  return {
    op_timeout: buildDuration(opTimeout),
    ...(enable_hashtagging === true && { enable_hashtagging }),
    ...(enable_redirection === true && { enable_redirection }),
    ...(buffer !== undefined && {
      max_buffer_size_before_flush: buffer.max_bytes,
      ...(buffer.flush_timeout !== undefined && { buffer_flush_timeout: buildDuration(buffer.flush_timeout) }),
    }),
    ...(maxUnknown !== undefined && { max_upstream_unknown_connections: { value: maxUnknown } }),
    ...(hasCommandStats === true && { enable_command_stats: true }),
    ...(perSecond !== undefined && apiVersion === 'v3' && {
      connection_rate_limit: { connection_rate_limit_per_sec: perSecond },
    }),
  };
}

/** What a RedisProxy message says of the protocol and its commands; v2 has none of it. */
export function buildCommandSettings(
  { custom_commands: customCommands, protocol }: RedisListener,
  apiVersion: ApiVersion,
): PlainMessage {
  if (apiVersion === 'v2') return {};
  return {
    ...(customCommands !== undefined && { custom_commands: [...customCommands] }),
    ...(protocol === 'RESP3' && { protocol_version: protocol }),
  };
}
