// Where a command finds the control plane that it asks.

import { parseAddress } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import { parseValue } from '../process/arguments.ts';

const variable = 'CONTROLPLANE_API_ADDRESS';
const fallback = '127.0.0.1:8000';

// The daemon's setting may say that it listens on all addresses: this one is among them.
const wildcardHosts: readonly string[] = ['0.0.0.0', '::'];

/**
 * The address that `--api` was given, else the daemon's own variable, else the default port on this machine.
 * @throws UsageError
 */
export function readApiAddress(
  given: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): Address {
  const flag = given.get('api');
  const address =
    flag === undefined
      ? parseValue(variable, env[variable] ?? fallback, parseAddress)
      : parseValue('--api', flag, parseAddress);
  return wildcardHosts.includes(address.host) ? { ...address, host: '127.0.0.1' } : address;
}
