// IP addresses as operators write them, in one canonical spelling.

import { SocketAddress, isIPv4, isIPv6 } from 'node:net';

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

/**
 * Why nobody can connect to a canonical address: what kind of address it is (RFC 1122, 3.2.1.3; RFC 4291, 2.4 to 2.7).
 * Undefined: it may lead to a host. 169.254.0.0/16 is none of them: it needs no zone, and clouds and machines have
 * services there.
 */
export function findUndialable(address: string): string | undefined {
  return address.includes(':') ? findUndialableIPv6(address) : findUndialableIPv4(address);
}

function findUndialableIPv4(address: string): string | undefined {
  if (address === '0.0.0.0') return 'an unspecified address';
  if (address === '255.255.255.255') return 'the broadcast address';
  const firstByte = Number.parseInt(address, 10);
  return firstByte >= 224 && firstByte <= 239 ? 'a multicast address' : undefined;
}

function findUndialableIPv6(address: string): string | undefined {
  if (address === '::') return 'an unspecified address';
  const [firstGroup = ''] = address.split(':', 1);
  if (/^ff..$/u.test(firstGroup)) return 'a multicast address';
  return /^fe[89ab].$/u.test(firstGroup) ? 'a link-local IPv6 address' : undefined;
}
