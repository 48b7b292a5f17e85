// Flags for how Envoys keep up with the topology of a Redis Cluster.

import { parseNumber } from './object-flags.ts';
import type { FieldFlag } from './object-flags.ts';

export const refreshFlags: readonly FieldFlag[] = [
  {
    flags: '--refresh-rate <DURATION>',
    path: ['refresh', 'rate'],
    help: 'Of a redis_cluster: how often each Envoy asks for its servers. Default: 1s',
  },
  { flags: '--refresh-timeout <DURATION>', path: ['refresh', 'timeout'], help: 'For the answer. Default: 1s' },
  {
    flags: '--redirect-interval <DURATION>',
    path: ['refresh', 'redirect_interval'],
    help: 'How long it does not ask again for the reasons below. Default: 1s',
  },
  {
    flags: '--redirect-threshold <N>',
    path: ['refresh', 'redirect_threshold'],
    parse: parseNumber,
    help: 'It asks at once after so many MOVED or ASK. Default: 1',
  },
  {
    flags: '--failure-threshold <N>',
    path: ['refresh', 'failure_threshold'],
    parse: parseNumber,
    help: 'Likewise, of commands that failed; 0: never. Default: 1',
  },
  {
    flags: '--degraded-threshold <N>',
    path: ['refresh', 'degraded_threshold'],
    parse: parseNumber,
    help: 'Likewise, of commands to servers that are degraded; 0: never. Default: 1',
  },
];
