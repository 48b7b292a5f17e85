// One cluster as a row of the database: its name as the key, the rest as JSON.
// A row is checked as it is read, since what it says is published to every Envoy.

import { compareEndpoints } from '../inventory/cluster.ts';
import type { DrainingCluster } from '../inventory/draining.ts';
import type { Cluster, Endpoint } from '../inventory/cluster.ts';
import { parseIpAddress } from '../net/ip-address.ts';

export interface ClusterRow {
  readonly name: string;
  /** JSON: `{"prefix": string, "endpoints": [{"address": string, "port": number}, ...]}`. */
  readonly content: string;
}

const maxPort = 65_535;

/** The row that {@link parseClusterRow} reads back as an equal cluster. */
export function renderClusterRow(cluster: Cluster): ClusterRow {
  return { name: cluster.name, content: JSON.stringify(contentOf(cluster)) };
}

/**
 * The content of a row that is read back as the cluster, with what {@link parseWasCatchAll} and {@link parseFollowed}
 * read.
 */
export function renderDrainingContent({ cluster, wasCatchAll, followed }: DrainingCluster): string {
  return JSON.stringify({ ...contentOf(cluster), ...(wasCatchAll ? { was_catch_all: true } : {}), followed });
}

/** False also where a program wrote the row that did not know of it. */
export function parseWasCatchAll({ content }: Readonly<Record<string, unknown>>): boolean {
  return parseObject(content)['was_catch_all'] === true;
}

/** Undefined also where a program wrote the row that did not know of it. */
export function parseFollowed({ content }: Readonly<Record<string, unknown>>): string | undefined {
  const { followed } = parseObject(content);
  return isFilledText(followed) ? followed : undefined;
}

function contentOf({ name: _name, ...content }: Cluster): object {
  return content;
}

/** The cluster, frozen. Throws an Error that says in a few words what is wrong with a row that holds none. */
export function parseClusterRow(row: Readonly<Record<string, unknown>>): Cluster {
  const { name, content } = row;
  if (!isFilledText(name)) throw new Error('no name');
  const { prefix, endpoints } = parseObject(content);
  if (!isFilledText(prefix)) throw new Error('no prefix');
  if (!Array.isArray(endpoints)) throw new Error('no list of endpoints');
  const parsed = endpoints.map(parseEndpoint);
  if (!parsed.every((endpoint, index) => isAfter(parsed[index - 1], endpoint))) throw new Error('endpoints unsorted');
  return Object.freeze({ name, prefix, endpoints: Object.freeze(canonicalize(parsed)) });
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
  const { address, port } = isObject(value) ? value : {};
  if (!isIpAddress(address)) throw new Error('an endpoint without address');
  if (!isPort(port)) throw new Error('an endpoint without port');
  return Object.freeze({ address, port });
}

function parseObject(text: unknown): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(String(text));
    if (isObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error('no JSON object');
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
