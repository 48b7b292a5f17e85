// A cluster as /api/v1 and the releases before the model take it, which is more than the model does: longer names and
// prefixes, more endpoints, and, long ago, addresses that nobody can connect to. What was taken can be read.

import { compareEndpoints } from '../inventory/cluster.ts';
import type { Cluster, Endpoint } from '../inventory/cluster.ts';
import { parseIpAddress } from '../net/ip-address.ts';
import type { Fields } from './fields.ts';

const maxPort = 65_535;

/**
 * The cluster, canonical and frozen. It is watched when it says so: what was stored before there was watching does not.
 * Throws an Error that says in a few words what is wrong with what is none.
 */
export function parseV1Cluster({ name, prefix, endpoints, watch, ...rest }: Fields): Cluster {
  if (!isFilledText(name)) throw new Error('no name');
  if (!isFilledText(prefix)) throw new Error('no prefix');
  if (!Array.isArray(endpoints)) throw new Error('no list of endpoints');
  if (watch !== undefined && watch !== 'on') throw new Error('watched otherwise than such clusters are');
  requireNothing(rest);
  const parsed = endpoints.map(parseEndpoint);
  if (!parsed.every((endpoint, index) => isAfter(parsed[index - 1], endpoint))) throw new Error('endpoints unsorted');
  const cluster = { name, prefix, endpoints: Object.freeze(canonicalize(parsed)) };
  return Object.freeze(watch === 'on' ? cluster : { ...cluster, watch: 'off' as const });
}

// Older versions stored IPv4-mapped addresses beside the IPv4 addresses that they are.
function canonicalize(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  if (endpoints.every(({ address }) => parseIpAddress(address) === address)) return endpoints;
  return endpoints
    .map(({ address, port }) => Object.freeze({ address: parseIpAddress(address) ?? address, port }))
    .sort(compareEndpoints)
    .filter((endpoint, index, sorted) => isAfter(sorted[index - 1], endpoint));
}

function parseEndpoint(value: unknown): Endpoint {
  const { address, port, ...rest } = typeof value === 'object' && value !== null ? (value as Fields) : {};
  if (!isIpAddress(address)) throw new Error('an endpoint without address');
  if (!isPort(port)) throw new Error('an endpoint without port');
  requireNothing(rest);
  return Object.freeze({ address, port });
}

function requireNothing(rest: Fields): void {
  const [field] = Object.keys(rest);
  if (field !== undefined) throw new Error(`${JSON.stringify(field)} is a field that it has not`);
}

function isAfter(before: Endpoint | undefined, endpoint: Endpoint): boolean {
  return before === undefined || compareEndpoints(before, endpoint) < 0;
}

function isFilledText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isIpAddress(value: unknown): value is string {
  return typeof value === 'string' && parseIpAddress(value) !== undefined;
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxPort;
}
