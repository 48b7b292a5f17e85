// IP addresses as operators write them, in one canonical spelling.

import { SocketAddress, isIPv4, isIPv6 } from 'node:net';

/**
 * The canonical spelling of an IPv4 or IPv6 address (`::1` for `0:0:0:0:0:0:0:1`),
 * or undefined when `text` is neither. Zone ids are refused: Envoy can't dial them.
 */
export function parseIpAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}
