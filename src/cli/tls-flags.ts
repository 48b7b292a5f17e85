// The flags for TLS: of a cluster to its servers, of a listener to its clients.

import { parseBoolean } from './object-flags.ts';
import type { FieldFlag, Patch } from './object-flags.ts';

const yes = { choices: ['true', 'false'], preset: 'true' } as const;

export const upstreamTlsFlags: readonly FieldFlag[] = [
  {
    flags: '--tls-ca <SECRET>',
    path: ['upstream_tls', 'ca'],
    parse: toReference,
    help: 'TLS to the servers, with certificates of this CA. Empty: no TLS.',
  },
  {
    flags: '--tls-insecure [YES]',
    path: ['upstream_tls', 'insecure'],
    ...yes,
    parse: (text) => (parseBoolean(text) ? true : null),
    help: 'TLS to whoever answers, unchecked.',
  },
  { flags: '--tls-sni <NAME>', path: ['upstream_tls', 'sni'], help: 'The name that the servers are asked for.' },
  {
    flags: '--tls-san <NAME>',
    path: ['upstream_tls', 'sans'],
    isList: true,
    help: "A name or IP address that their certificate may be for; several times for several. Default: the SNI; or any",
  },
  {
    flags: '--tls-certificate <SECRET>',
    path: ['upstream_tls', 'certificate'],
    parse: toReference,
    help: 'What is shown to the servers.',
  },
];

export const downstreamTlsFlags: readonly FieldFlag[] = [
  {
    flags: '--tls-certificate <SECRET>',
    path: ['tls', 'certificate'],
    parse: toReference,
    help: 'TLS to the clients, with this certificate. Empty: no TLS.',
  },
  {
    flags: '--tls-client-ca <SECRET>',
    path: ['tls', 'client_ca'],
    parse: toReference,
    help: 'Whose certificates clients must show.',
  },
  {
    flags: '--require-client-certificate [YES]',
    path: ['tls', 'require_client_certificate'],
    ...yes,
    parse: parseBoolean,
    help: 'Whether they must. Default: true with a client CA',
  },
];

/** A patch as it is meant: `any` is a word, and what checks the servers and what does not take each other's place. */
export function withWholeUpstreamTls(patch: Patch): Patch {
  const tls = patch['upstream_tls'] as Patch | undefined;
  if (tls === undefined) return patch;
  const whole = isOnly(tls['sans'], 'any') ? { ...tls, sans: 'any' } : tls;
  if (whole['insecure'] === true) return { ...patch, upstream_tls: { ca: null, sans: null, ...whole } };
  if (whole['ca'] === null) return { ...patch, upstream_tls: null };
  return { ...patch, upstream_tls: whole['ca'] === undefined ? whole : { insecure: null, ...whole } };
}

export function withWholeDownstreamTls(patch: Patch): Patch {
  const tls = patch['tls'] as Patch | undefined;
  return tls?.['certificate'] === null ? { ...patch, tls: null } : patch;
}

function toReference(secret: string): Patch {
  return { secret };
}

function isOnly(list: unknown, word: string): boolean {
  return Array.isArray(list) && list.length === 1 && list[0] === word;
}
