// Socket addresses as an operator writes them: text to value and back.
// Says nothing about whether the address can be bound or reached.

import { isIPv4, isIPv6 } from 'node:net';

import { parseIpAddress } from './ip-address.ts';

/**
 * `host` is an IP address (IPv6 without brackets) or a host name, never empty;
 * `port` is 0..65535, 0 meaning any free one.
 */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A text that is no address; `message` is the rule it breaks, without the text. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

const allAddresses = '::';
const maxPort = 65_535;
const hostName = /^(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i;
const serverName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i;
const maxNameLength = 253;
const lastLabelOfDigits = /(^|\.)\d+\.?$/;

/**
 * Parses `host:port`, `[v6]:port` or `:port`. The last means all addresses, as in Go, and gives the
 * host `::`, on which Node and grpc-js listen for both families. Throws {@link AddressError}.
 */
export function parseAddress(text: string): Address {
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<host>[^:]*)):(?<port>\d+)$/.exec(text)?.groups;
  if (parts === undefined) throw new AddressError('must be HOST:PORT, [IPV6]:PORT or :PORT');
  const { v6, host = '' } = parts;
  const port = Number(parts['port']);
  if (port > maxPort) throw new AddressError(`the port must be 0 to ${maxPort}`);
  if (v6 !== undefined) {
    if (!isIPv6(v6)) throw new AddressError('the brackets must hold an IPv6 address');
    return { host: v6, port };
  }
  if (host === '') return { host: allAddresses, port };
  if (!isIPv4(host) && !isHostName(host)) throw new AddressError('the host must be an IP address or a host name');
  return { host, port };
}

/**
 * Parses `ip:port` or `[v6]:port`, for a socket that another host binds: no name, which it may resolve otherwise, and
 * no IPv6 zone. The host is in its canonical spelling, see {@link parseIpAddress}. Throws {@link AddressError}.
 */
export function parseIpAndPort(text: string): Address {
  const { host, port } = parseAddress(text);
  const address = parseIpAddress(host);
  if (text.startsWith(':') || address === undefined) {
    throw new AddressError('must be an IP address and a port, such as 0.0.0.0:6379');
  }
  return { host: address, port };
}

/**
 * The canonical spelling of a host that is connected to: an IP address, see {@link parseIpAddress}, or a name (RFC 1123)
 * in lower case; one that ends in a dot is complete, and stays so. Undefined when `text` is neither.
 */
export function parseServerHost(text: string): string | undefined {
  return parseIpAddress(text) ?? (isServerName(text) ? text.toLowerCase() : undefined);
}

/** Parses `ip:port`, `[v6]:port` or `name:port`, see {@link parseServerHost}. Throws {@link AddressError}. */
export function parseServerAddress(text: string): Address {
  const { host, port } = parseAddress(text);
  const server = parseServerHost(host);
  if (text.startsWith(':') || server === undefined) {
    throw new AddressError('must be an IP address or a host name, and a port, such as 10.0.0.1:6379');
  }
  return { host: server, port };
}

/** True for the name of a host, of labels of letters, digits and hyphens (RFC 1123, 2.1). */
export function isServerName(text: string): boolean {
  return text.length <= maxNameLength && serverName.test(text) && !lastLabelOfDigits.test(text);
}

/** The text that {@link parseAddress} reads back: IPv6 in brackets, which is also how URLs and gRPC targets have it. */
export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A server as it is told of: ADDRESS:PORT. */
export function serverNameOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return formatAddress({ host: address, port });
}

/** True for an address that only the same host reaches. @param ip an IP address, IPv6 in its canonical spelling. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || /^127\./.test(ip);
}

/** Whether `text` may name a host. One that ends in digits alone is a mistyped IPv4 address (256.0.0.1, 10.0.0). */
export function isHostName(text: string): boolean {
  return hostName.test(text) && !lastLabelOfDigits.test(text);
}
