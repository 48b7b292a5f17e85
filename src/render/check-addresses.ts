// Where listeners bind: which of them would take each other's connections, or those of the stand-in.

import type { Listener } from '../model/objects.ts';
import { formatAddress, isHostName, isLoopback, parseIpAndPort } from '../net/address.ts';
import type { Address } from '../net/address.ts';
import type { RenderOptions } from './options.ts';

interface Bound {
  readonly name: string;
  readonly address: Address;
}

/** One line for each listener that is in the way of another one, or of the stand-in. */
export function findAddressProblems(
  listeners: readonly Listener[],
  { redisEmptyListener }: Pick<RenderOptions, 'redisEmptyListener'>,
): string[] {
  const bound = listeners.flatMap(({ name, address }) => {
    return address === undefined ? [] : [{ name, address: parseIpAndPort(address) }];
  });
  const samePort = [...Map.groupBy(bound, ({ address }) => address.port).values()];
  return samePort.flatMap((group) => [
    ...group
      .filter(({ address }) => isInWay(address, redisEmptyListener))
      .map((each) => describeStandIn(each, redisEmptyListener)),
    ...group.flatMap((each, index) => {
      const other = group.slice(0, index).find(({ address }) => overlap(each.address.host, address.host));
      return other === undefined ? [] : [describe(each, other)];
    }),
  ]);
}

function isInWay({ host, port }: Address, standIn: Address): boolean {
  return port === standIn.port && (isLoopback(host) || isWildcard(host));
}

/** True when no machine can bind both. A host name, which only the control plane's own can have, may be any address. */
export function areInWay(a: Address, b: Address): boolean {
  if (a.port !== b.port) return false;
  return isHostName(a.host) || isHostName(b.host) || overlap(a.host, b.host);
}

/** True when some address is both. Listeners on `::` take IPv4 too, those on 0.0.0.0 nothing but IPv4. */
function overlap(a: string, b: string): boolean {
  return a === b || covers(a, b) || covers(b, a);
}

function covers(wildcard: string, host: string): boolean {
  return wildcard === '::' || (wildcard === '0.0.0.0' && !host.includes(':'));
}

function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}

function describe({ name, address }: Bound, other: Bound): string {
  const [what, where] = [`listener ${JSON.stringify(other.name)}`, formatAddress(other.address)];
  return `listener ${JSON.stringify(name)}: address ${formatAddress(address)} is in the way of ${what}, ${where}`;
}

function describeStandIn({ name, address }: Bound, standIn: Address): string {
  const text = `address ${formatAddress(address)} has the port of --redis-empty-listener ${formatAddress(standIn)}`;
  return `listener ${JSON.stringify(name)}: ${text}`;
}
