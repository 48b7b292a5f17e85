// The primary among the servers of a group that replicates: named by address and port, and always one of them.

import { formatAddress, parseServerAddress, parseServerHost } from '../net/address.ts';

interface Server {
  readonly address: string;
  readonly port: number;
}

/** As an operator writes it: who is primary, and who there is. */
interface Group {
  readonly primary?: string | undefined;
  readonly endpoints?: readonly Server[] | undefined;
}

interface CanonicalGroup<T extends Server> extends Pick<Group, 'primary'> {
  readonly endpoints: readonly T[];
}

/** What is wrong with the primary of a group, as a rule for it; undefined: nothing. */
export function findPrimaryFault({ primary: named, endpoints = [] }: Group): string | undefined {
  if (named === undefined) return endpoints.length === 0 ? undefined : 'is required: one of the endpoints, as ADDRESS:PORT';
  if (!isServerAddress(named)) return undefined;
  const wanted = canonicalPrimary(named);
  const isThere = endpoints.some(({ address, port }) => nameOf(parseServerHost(address) ?? address, port) === wanted);
  return isThere ? undefined : 'must be the address and port of one of the endpoints';
}

/** In one spelling. @param text for which holds {@link isServerAddress}. */
export function canonicalPrimary(text: string): string {
  return formatAddress(parseServerAddress(text));
}

/** The primary of a group in its canonical form; undefined: it has no server. */
export function primaryOf<T extends Server>(group: CanonicalGroup<T>): T | undefined {
  return group.endpoints.find((endpoint) => isPrimary(group, endpoint));
}

/** Of a group in its canonical form. */
export function replicasOf<T extends Server>(group: CanonicalGroup<T>): readonly T[] {
  return group.endpoints.filter((endpoint) => !isPrimary(group, endpoint));
}

/** @param server in its canonical form, as the primary. */
export function isPrimary({ primary: named }: Pick<Group, 'primary'>, { address, port }: Server): boolean {
  return nameOf(address, port) === named;
}

/** True for IP:PORT, [IPV6]:PORT or NAME:PORT, of what may be a server. */
export function isServerAddress(text: string): boolean {
  try {
    return parseServerAddress(text).port > 0;
  } catch {
    return false;
  }
}

function nameOf(host: string, port: number): string {
  return formatAddress({ host, port });
}
