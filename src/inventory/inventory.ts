// The staged clusters and the rules that every change must keep. Pure and
// synchronous; knows nothing of Envoy, HTTP, disks or time.

import type { Change, ChangeEndpoint } from './change.ts';
import { compareEndpoints, serversOf } from './cluster.ts';
import type { Cluster, ClusterEdit, Clusters, Endpoint } from './cluster.ts';
import { InventoryError } from './errors.ts';
import type { PlainCluster } from '../model/objects.ts';
import { findUndialable, parseIpAddress } from '../net/ip-address.ts';

const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/u;
const maxPort = 65_535;
const maxQuotedLength = 100;

/**
 * What is staged. A change is first checked, giving the edit it stands for, and
 * then applied: the caller makes the edit durable in between, so that a failure
 * to persist leaves the inventory as it was.
 */
export class Inventory {
  readonly #clusters: Map<string, Cluster>;
  readonly #clusterByPrefix: Map<string, string>;

  constructor(clusters: Iterable<Cluster> = []) {
    this.#clusters = new Map();
    this.#clusterByPrefix = new Map();
    for (const cluster of clusters) this.apply({ name: cluster.name, after: cluster });
  }

  /** The staged clusters, unsorted; a live view, valid until the next {@link apply}. */
  get clusters(): Clusters {
    return this.#clusters;
  }

  /**
   * The edit that `change` stands for. Changes nothing.
   * @throws InventoryError when a rule is broken, in the order of checks of the original program:
   * parameters, then what the change refers to, then what it collides with.
   */
  check(change: Change): ClusterEdit {
    switch (change.kind) {
      case 'add-cluster':
        return this.#checkAddCluster(change.name, change.prefix);
      case 'remove-cluster':
        return this.#checkRemoveCluster(change.name);
      case 'add-endpoint':
        return this.#checkAddEndpoint(change);
      case 'remove-endpoint':
        return this.#checkRemoveEndpoint(change);
    }
  }

  /** Makes a checked edit the staged state. Can't fail. */
  apply(edit: ClusterEdit): void {
    const before = this.#clusters.get(edit.name);
    if (before?.prefix !== undefined && this.#clusterByPrefix.get(before.prefix) === edit.name) {
      this.#clusterByPrefix.delete(before.prefix);
    }
    if (edit.after === undefined) {
      this.#clusters.delete(edit.name);
      return;
    }
    this.#clusters.set(edit.name, edit.after);
    if (edit.after.prefix !== undefined) this.#clusterByPrefix.set(edit.after.prefix, edit.name);
  }

  /** @throws InventoryError when after the edits two clusters would have one prefix. */
  requireDistinctPrefixes(edits: readonly ClusterEdit[]): void {
    const edited = new Map(edits.map((edit) => [edit.name, edit]));
    const taken = new Map<string, string>();
    for (const { name, after } of edits) {
      if (after?.prefix === undefined) continue;
      const owner = this.#clusterByPrefix.get(after.prefix);
      const other = taken.get(after.prefix) ?? (owner !== undefined && edited.has(owner) ? undefined : owner);
      if (other !== undefined) {
        const prefix = quote(after.prefix);
        const message = `cluster ${quote(name)}: prefix ${prefix} is that of cluster ${quote(other)}`;
        throw new InventoryError('prefix-exists', message);
      }
      taken.set(after.prefix, name);
    }
  }

  #checkAddCluster(name: string, prefix: string): ClusterEdit {
    requirePresent(name, prefix);
    requirePrintable('name', name);
    requirePrintable('prefix', prefix);
    if (this.#clusters.has(name)) throw new InventoryError('cluster-exists', 'cluster already exists');
    if (this.#clusterByPrefix.has(prefix)) throw new InventoryError('prefix-exists', 'prefix already exists');
    // Its servers need not be Redis: who adds them here knows nothing of being watched.
    return editTo({ name, prefix, endpoints: [], watch: 'off' });
  }

  #checkRemoveCluster(name: string): ClusterEdit {
    requirePresent(name);
    const cluster = this.#getCluster(name);
    if (serversOf(cluster).length > 0) throw new InventoryError('cluster-has-endpoints', 'cluster has endpoints');
    return { name, after: undefined };
  }

  #checkAddEndpoint(change: ChangeEndpoint): ClusterEdit {
    requirePresent(change.cluster, change.address, change.port);
    const endpoint = parseEndpoint(change);
    const cluster = this.#getPlainCluster(change.cluster);
    const { index, isThere } = findPlace(cluster.endpoints, endpoint);
    if (isThere) throw new InventoryError('endpoint-exists', 'endpoint already exists');
    return editTo({ ...cluster, endpoints: cluster.endpoints.toSpliced(index, 0, endpoint) });
  }

  // What could never be added can't be there: a bad address or port is simply not found. What an older version took
  // can be.
  #checkRemoveEndpoint(change: ChangeEndpoint): ClusterEdit {
    requirePresent(change.cluster, change.address, change.port);
    const cluster = this.#getPlainCluster(change.cluster);
    const endpoint = { address: parseIpAddress(change.address) ?? change.address, port: change.port };
    const { index, isThere } = findPlace(cluster.endpoints, endpoint);
    if (!isThere) throw new InventoryError('endpoint-not-found', 'endpoint not found');
    return editTo({ ...cluster, endpoints: cluster.endpoints.toSpliced(index, 1) });
  }

  #getCluster(name: string): Cluster {
    const cluster = this.#clusters.get(name);
    if (cluster === undefined) throw new InventoryError('cluster-not-found', 'cluster not found');
    return cluster;
  }

  #getPlainCluster(name: string): PlainCluster {
    const cluster = this.#getCluster(name);
    switch (cluster.kind) {
      case 'sharded':
        throw new InventoryError('cluster-is-sharded', 'cluster is sharded: its shards are changed by /api/v2');
      case 'replicated':
      case 'redis_cluster':
        throw new InventoryError('cluster-not-plain', `cluster is ${cluster.kind}: changed by /api/v2`);
      default:
        return cluster;
    }
  }
}

/** Where an endpoint is among the sorted ones, or belongs. A cluster may have ten thousand, and be given them one by one. */
function findPlace(endpoints: readonly Endpoint[], endpoint: Endpoint): { index: number; isThere: boolean } {
  let [low, high] = [0, endpoints.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = endpoints[middle];
    if (other !== undefined && compareEndpoints(other, endpoint) < 0) low = middle + 1;
    else high = middle;
  }
  const found = endpoints[low];
  return { index: low, isThere: found !== undefined && compareEndpoints(found, endpoint) === 0 };
}

function requirePresent(...values: readonly (string | number)[]): void {
  if (values.some((value) => value === '' || value === 0)) {
    throw new InventoryError('missing-parameter', 'required parameter missing');
  }
}

function requirePrintable(field: string, value: string): void {
  if (controlCharacter.test(value) || !value.isWellFormed()) {
    throw new InventoryError(
      'invalid-parameter',
      `${field} ${quote(value)}: must be Unicode text without control characters`,
    );
  }
}

function parseEndpoint(change: ChangeEndpoint): Endpoint {
  const address = parseIpAddress(change.address);
  if (address === undefined) {
    throw new InventoryError('invalid-parameter', `ipaddress ${quote(change.address)}: must be an IPv4 or IPv6 address`);
  }
  const kind = findUndialable(address);
  if (kind !== undefined) {
    throw new InventoryError(
      'invalid-parameter',
      `ipaddress ${quote(change.address)}: must be an address that Envoys can connect to, not ${kind}`,
    );
  }
  if (!Number.isInteger(change.port) || change.port < 1 || change.port > maxPort) {
    throw new InventoryError('invalid-parameter', `port ${change.port}: must be a whole number from 1 to ${maxPort}`);
  }
  return Object.freeze({ address, port: change.port });
}

// A message is one readable line, however long the value was.
function quote(value: string): string {
  const text = JSON.stringify(value.length <= maxQuotedLength ? value : `${value.slice(0, maxQuotedLength)}…`);
  return text.replace(/[\u007f-\u009f]/gu, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}

function editTo(cluster: PlainCluster): ClusterEdit {
  return { name: cluster.name, after: Object.freeze({ ...cluster, endpoints: Object.freeze(cluster.endpoints) }) };
}
