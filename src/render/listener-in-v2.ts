// What of listeners Envoys that speak v2 are not told, because that API has no field for it.

import type { HttpListener, Listener, RedisListener, TcpListener } from '../model/objects.ts';
import { listTargets } from '../model/redis-targets.ts';

/** One line each, which says what such an Envoy does instead. */
export function findListenersUnsupportedInV2(listeners: Iterable<Listener>): string[] {
  return Array.from(listeners).flatMap((listener) => {
    return findGaps(listener).map(([field, instead]) => {
      return `listener ${JSON.stringify(listener.name)}: ${field}: v2 has no such field, ${instead} there`;
    });
  });
}

type Gap = readonly [field: string, instead: string];

function findGaps(listener: Listener): Gap[] {
  if (listener.kind === 'tcp') return findTcpGaps(listener);
  return listener.kind === 'http' ? findHttpGaps(listener) : findRedisGaps(listener);
}

function findRedisGaps(listener: RedisListener): Gap[] {
  const { connection_rate_limit: rate, protocol, faults, custom_commands: customCommands } = listener;
  const hasFormatter = listTargets(listener).some((target) => target.key_formatter !== undefined);
  return [
    ...gap(hasFormatter, 'key_formatter', 'servers are sent the keys as they are'),
    ...gap(rate !== undefined, 'connection_rate_limit', 'connections have no limit'),
    ...gap(protocol === 'RESP3', 'protocol RESP3', 'clients speak RESP2'),
    ...gap(faults !== undefined, 'faults', 'no command fails or is late'),
    ...gap(customCommands !== undefined, 'custom_commands', 'these commands are refused'),
  ];
}

function findTcpGaps({ max_connection_duration: duration }: TcpListener): Gap[] {
  return gap(duration !== undefined, 'max_connection_duration', 'connections may grow old');
}

function findHttpGaps({ routes }: HttpListener): Gap[] {
  const hasHosts = typeof routes === 'object' && routes.some(({ hosts }) => hosts !== undefined);
  return gap(hasHosts, 'hosts without regard to ports', 'a Host with a port is another one');
}

function gap(isThere: boolean, field: string, instead: string): Gap[] {
  return isThere ? [[field, instead]] : [];
}
