// Flags for passwords of Redis, which name secrets.

import type { FieldFlag, Patch } from './object-flags.ts';

/** Of a cluster or a server. */
export const upstreamAuthFlags: readonly FieldFlag[] = [
  {
    flags: '--auth-secret <SECRET>',
    path: ['upstream_auth', 'password', 'secret'],
    help: 'The secret with the password that servers ask for. Default: none',
  },
  {
    flags: '--auth-user <USER>',
    path: ['upstream_auth', 'username'],
    help: 'The ACL user that the password is of. Default: default',
  },
];

/** Of a listener. */
export const downstreamAuthFlags: readonly FieldFlag[] = [
  {
    flags: '--auth-secret <SECRET>',
    path: ['auth', 'passwords'],
    isList: true,
    parse: (secret) => ({ secret }),
    help: 'Of redis: a secret with a password that clients may give; several times for several.',
  },
  { flags: '--auth-user <USER>', path: ['auth', 'username'], help: 'Of redis: the user that clients may name.' },
];

/** Who has no password has no user either: what a patch would leave of that is removed. */
export function withoutEmptyAuth(patch: Patch): Patch {
  const upstream = patch['upstream_auth'] as { readonly password?: { readonly secret?: unknown } } | null | undefined;
  const downstream = patch['auth'] as { readonly passwords?: unknown } | null | undefined;
  return {
    ...patch,
    ...(upstream?.password?.secret === null && { upstream_auth: null }),
    ...(downstream?.passwords === null && { auth: null }),
  };
}
