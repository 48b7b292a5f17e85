// Flags for who says which server of a replicated cluster takes the writes.

import { parseJsonObject, parseNumber } from './object-flags.ts';
import type { FieldFlag, Patch } from './object-flags.ts';

/** Those of one way, which go when another is chosen. */
const flagsByWay: Readonly<Record<string, readonly FieldFlag[]>> = {
  sentinel: [
    { flags: '--sentinel-master <NAME>', path: ['failover', 'master'], help: 'The name by which Sentinels know it.' },
    {
      flags: '--sentinels <ADDRESSES>',
      path: ['failover', 'sentinels'],
      parse: (text) => text.split(',').map((each) => each.trim()),
      help: 'All of them, as 10.0.0.5:26379,10.0.0.6:26379,10.0.0.7:26379.',
    },
    {
      flags: '--sentinel-nat <SAID=REAL>',
      path: ['failover', 'nat_map'],
      isRecord: true,
      help: 'An address as Sentinels say it, and the one to connect to; several times for several.',
    },
    {
      flags: '--sentinel-secret <SECRET>',
      path: ['failover', 'password', 'secret'],
      help: 'The secret with the password that Sentinels ask for. Default: none',
    },
    {
      flags: '--sentinel-user <USER>',
      path: ['failover', 'username'],
      help: 'The ACL user that the password is of. Default: default',
    },
    {
      flags: '--sentinel-tls <JSON>',
      path: ['failover', 'tls'],
      parse: parseJsonObject,
      help: 'TLS to the Sentinels: fields as {"ca":{"secret":"ca"},"sans":"any"}; those left out stay.',
    },
  ],
  controlplane: [
    {
      flags: '--failover-down-after <DURATION>',
      path: ['failover', 'down_after'],
      help: 'By controlplane: so long the primary must not have answered. Default: 10s',
    },
    {
      flags: '--failover-cooldown <DURATION>',
      path: ['failover', 'cooldown'],
      help: 'By controlplane: so long after a failover none follows by itself. Default: 1h',
    },
    {
      flags: '--failover-max-lag <BYTES>',
      path: ['failover', 'max_lag'],
      parse: parseNumber,
      help: 'By controlplane: a replica that is further behind is not promoted. Default: no limit',
    },
  ],
};

export const failoverFlags: readonly FieldFlag[] = [
  {
    flags: '--failover <BY>',
    path: ['failover', 'by'],
    choices: ['none', ...Object.keys(flagsByWay)],
    help: 'Of a replicated one: who says which server takes the writes. Default: none',
  },
  ...Object.values(flagsByWay).flat(),
];

/** A patch as it is meant: what is of another way than the chosen one goes, and a user without a password. */
export function withWholeFailover(patch: Patch): Patch {
  const failover = patch['failover'] as Patch | undefined;
  if (failover === undefined) return patch;
  const { by, password } = failover as { readonly by?: unknown; readonly password?: { readonly secret?: unknown } };
  if (by === null || by === 'none') return { ...patch, failover: null };
  const whole = password?.secret === null ? { ...failover, username: null, password: null } : failover;
  if (typeof by !== 'string') return { ...patch, failover: whole };
  const others = Object.entries(flagsByWay).flatMap(([way, flags]) => (way === by ? [] : flags));
  const gone = Object.fromEntries(others.map(({ path: [, field = ''] }) => [field, null]));
  return { ...patch, failover: { ...gone, ...whole } };
}
