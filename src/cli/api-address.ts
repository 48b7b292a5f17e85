// Where a command finds the control plane that it asks.

import { parseAddress } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { parseValue } from '../process/arguments.ts';
import type { Preferences } from './preferences.ts';

const variable = 'CONTROLPLANE_API_ADDRESS';
const fallback = '127.0.0.1:8000';

// The daemon's setting may say that it listens on all addresses: this one is among them.
const wildcardHosts: readonly string[] = ['0.0.0.0', '::'];

/**
 * The address that `--api` was given, else the daemon's own variable, else what the user's file says, else the default
 * port on this machine.
 * @throws UsageError
 */
export function readApiAddress(
  flag: Address | undefined,
  env: Readonly<Record<string, string | undefined>>,
  preferences: Preferences = {},
): Address {
  const address = flag ?? readElsewhere(env[variable], preferences.api);
  return wildcardHosts.includes(address.host) ? { ...address, host: '127.0.0.1' } : address;
}

function readElsewhere(inVariable: string | undefined, inFile: string | undefined): Address {
  if (inVariable !== undefined) return parseValue(variable, inVariable, parseAddress);
  return parseValue('api in the file of defaults', inFile ?? fallback, parseAddress);
}
