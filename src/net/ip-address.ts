// IP addresses as operators write them, in one canonical spelling.

import { BlockList, SocketAddress, isIPv4, isIPv6 } from 'node:net';

const mappedPrefix = '::ffff:';

/**
 * The canonical spelling of an IPv4 or IPv6 address (`::1` for `0:0:0:0:0:0:0:1`), or undefined when `text` is
 * neither. An IPv4-mapped one is the IPv4 address that it maps (`10.0.0.1` for `::ffff:10.0.0.1`): the same host, and
 * Envoy reaches it in that spelling only. Zone ids are refused: Envoy can't dial them.
 */
export function parseIpAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = address.slice(mappedPrefix.length);
  return address.startsWith(mappedPrefix) && isIPv4(mapped) ? mapped : address;
}

// No host can be reached by these (RFC 1122, 3.2.1.3; RFC 4291, 2.4 to 2.7), or not without a zone. 169.254.0.0/16 is
// not among them: it needs no zone, and clouds and machines have services there.
const undialable: readonly (readonly [kind: string, addresses: BlockList])[] = [
  ['a multicast address', listAddresses(['224.0.0.0', 4], ['ff00::', 8])],
  ['the broadcast address', listAddresses(['255.255.255.255', 32])],
  ['an unspecified address', listAddresses(['0.0.0.0', 32], ['::', 128])],
  ['a link-local IPv6 address', listAddresses(['fe80::', 10])],
];

/** Why nobody can connect to a canonical address: what kind of address it is. Undefined: it may lead to a host. */
export function findUndialable(address: string): string | undefined {
  return undialable.find(([, addresses]) => addresses.check(address, familyOf(address)))?.[0];
}

function listAddresses(...networks: readonly (readonly [network: string, prefixLength: number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefixLength] of networks) list.addSubnet(network, prefixLength, familyOf(network));
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
