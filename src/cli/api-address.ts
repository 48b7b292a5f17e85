// Where a command finds the control plane that it asks.

import { readFile } from 'node:fs/promises';

import { formatAddress, parseAddress } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { parseValue } from '../process/arguments.ts';
import { UsageError } from '../process/failure.ts';
import type { Preferences } from './preferences.ts';

/** An address as it was written: with `http://` or `https://` before it, or neither. */
export interface ApiUrl extends Address {
  readonly scheme: 'http' | 'https' | undefined;
}

/** A control plane's API. */
export interface ApiAddress extends Address {
  /** Undefined: it is asked in the clear. */
  readonly tls?: ApiTrust | undefined;
}

/** Whose certificates are taken: those of the CAs in a file, in PEM; undefined: those that this system knows. */
export interface ApiTrust {
  readonly ca: Buffer | undefined;
}

const variable = 'CONTROLPLANE_API_ADDRESS';
const caVariable = 'CONTROLPLANE_API_CA';
const fallback = '127.0.0.1:8000';

// The daemon's setting may say that it listens on all addresses: this one is among them.
const wildcardHosts: readonly string[] = ['0.0.0.0', '::'];

/** As `host:port` with or without a scheme. Throws an Error whose message is the rule that `text` breaks. */
export function parseApiUrl(text: string): ApiUrl {
  const [, scheme, rest = text] = /^(https?):\/\/([^/]*)\/?$/u.exec(text) ?? [];
  return { ...parseAddress(rest), scheme: scheme as ApiUrl['scheme'] };
}

/** The values of `--api` and `--api-ca`. */
export interface ApiFlags {
  readonly api?: ApiUrl | undefined;
  readonly apiCa?: string | undefined;
}

/**
 * The address that `--api` was given, else the daemon's own variable, else what the user's file says, else the default
 * port on this machine; the CA in the same order. It is asked with TLS when its scheme says so and, without a scheme,
 * when there is a CA.
 * @throws UsageError
 */
export async function readApiAddress(
  flags: ApiFlags,
  env: Readonly<Record<string, string | undefined>>,
  preferences: Preferences = {},
): Promise<ApiAddress> {
  const { scheme, host: written, port } = flags.api ?? readElsewhere(env[variable], preferences.api);
  const host = wildcardHosts.includes(written) ? '127.0.0.1' : written;
  const [source, path] = findAuthorities(flags.apiCa, env[caVariable], preferences.api_ca);
  if (scheme === 'http' || (scheme === undefined && path === '')) return { host, port };
  return { host, port, tls: { ca: await readAuthorities(source, path) } };
}

/** For messages: as {@link parseApiUrl} reads it. */
export function formatApiAddress(api: ApiAddress): string {
  return `${api.tls === undefined ? '' : 'https://'}${formatAddress(api)}`;
}

function readElsewhere(inVariable: string | undefined, inFile: string | undefined): ApiUrl {
  if (inVariable !== undefined) return parseValue(variable, inVariable, parseApiUrl);
  return parseValue('api in the file of defaults', inFile ?? fallback, parseApiUrl);
}

function findAuthorities(
  flag: string | undefined,
  inVariable: string | undefined,
  inFile: string | undefined,
): readonly [source: string, path: string] {
  if (flag !== undefined) return ['--api-ca', flag];
  return inVariable === undefined ? ['api_ca in the file of defaults', inFile ?? ''] : [caVariable, inVariable];
}

async function readAuthorities(source: string, path: string): Promise<Buffer | undefined> {
  if (path === '') return undefined;
  try {
    const bytes = await readFile(path);
    const { X509Certificate } = await import('node:crypto');
    return new X509Certificate(bytes) && bytes;
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`${source} ${JSON.stringify(path)}: must be a certificate in PEM: ${message}`);
  }
}
