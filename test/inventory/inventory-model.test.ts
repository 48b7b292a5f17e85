// The inventory beside a model of its rules that is as plain as can be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../../src/inventory/change.ts';
import { hostsOf } from '../../src/inventory/cluster.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { InventoryError } from '../../src/inventory/errors.ts';
import { Inventory } from '../../src/inventory/inventory.ts';

/** Every spelling that the random changes use, and the address it stands for; undefined: it is none. */
const ADDRESSES: Readonly<Record<string, string | undefined>> = {
  '': undefined,
  '10.0.0.9': '10.0.0.9',
  '10.0.0.10': '10.0.0.10',
  '::1': '::1',
  '0:0::1': '::1',
  'FD00::1': 'fd00::1',
  'fd00::1': 'fd00::1',
  '::ffff:10.0.0.9': '10.0.0.9',
  'redis.local': undefined,
  '224.0.0.1': undefined,
};

const PORTS: readonly number[] = [0, 1, 6379, 65_535, 65_536, -1, 0.5];
const NAMES: readonly string[] = ['a', 'b', 'c', '', 'a\n', '\ud800'];

interface ModelCluster {
  readonly name: string;
  readonly prefix: string;
  /** `address port`, unsorted. */
  readonly endpoints: readonly string[];
}

type Model = readonly ModelCluster[];

/** The state after `change`, or the message of its refusal. */
function changeModel(model: Model, change: Change): Model | string {
  switch (change.kind) {
    case 'add-cluster': {
      const { name, prefix } = change;
      if (name === '' || prefix === '') return 'required parameter missing';
      for (const [field, text] of [['name', name], ['prefix', prefix]] as const) {
        if (/[\n\ud800]/.test(text)) {
          return `${field} ${JSON.stringify(text)}: must be Unicode text without control characters`;
        }
      }
      if (model.some((cluster) => cluster.name === name)) return 'cluster already exists';
      if (model.some((cluster) => cluster.prefix === prefix)) return 'prefix already exists';
      return [...model, { name, prefix, endpoints: [] }];
    }
    case 'remove-cluster': {
      if (change.name === '') return 'required parameter missing';
      const cluster = model.find(({ name }) => name === change.name);
      if (cluster === undefined) return 'cluster not found';
      if (cluster.endpoints.length > 0) return 'cluster has endpoints';
      return model.filter((other) => other !== cluster);
    }
    default:
      return changeModelEndpoint(model, change);
  }
}

function changeModelEndpoint(model: Model, change: Extract<Change, { readonly port: number }>): Model | string {
  const { kind, cluster: name, address, port } = change;
  if (name === '' || address === '' || port === 0) return 'required parameter missing';
  const canonical = ADDRESSES[address];
  if (kind === 'add-endpoint') {
    if (canonical === undefined) {
      const rule = address.startsWith('224.') ? 'address that Envoys can connect to, not a multicast' : 'IPv4 or IPv6';
      return `ipaddress ${JSON.stringify(address)}: must be an ${rule} address`;
    }
    if (![1, 6379, 65_535].includes(port)) return `port ${port}: must be a whole number from 1 to 65535`;
  }
  const cluster = model.find((other) => other.name === name);
  if (cluster === undefined) return 'cluster not found';
  const endpoint = `${canonical} ${port}`;
  const rest = cluster.endpoints.filter((other) => other !== endpoint);
  const isThere = rest.length < cluster.endpoints.length;
  if (kind === 'add-endpoint' && isThere) return 'endpoint already exists';
  if (kind === 'remove-endpoint' && !isThere) return 'endpoint not found';
  const endpoints = kind === 'add-endpoint' ? [...rest, endpoint] : rest;
  return model.map((other) => (other === cluster ? { ...cluster, endpoints } : other));
}

const anyName = fc.constantFrom(...NAMES);
const anyEndpoint = {
  cluster: anyName,
  address: fc.constantFrom(...Object.keys(ADDRESSES)),
  port: fc.constantFrom(...PORTS),
};

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('add-cluster' as const), name: anyName, prefix: anyName }),
  fc.record({ kind: fc.constant('remove-cluster' as const), name: anyName }),
  fc.record({ kind: fc.constant('add-endpoint' as const), ...anyEndpoint }),
  fc.record({ kind: fc.constant('remove-endpoint' as const), ...anyEndpoint }),
);

// Rarely refused, so that states with many endpoints come up.
const likelyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom<Change>(
    { kind: 'add-cluster', name: 'a', prefix: 'b' },
    { kind: 'add-cluster', name: 'b', prefix: 'a' },
    { kind: 'remove-cluster', name: 'a' },
  ),
  fc.record({
    kind: fc.constantFrom('add-endpoint' as const, 'add-endpoint' as const, 'remove-endpoint' as const),
    cluster: fc.constantFrom('a', 'b'),
    address: fc.constantFrom('10.0.0.9', '10.0.0.10', '::1', '0:0::1', 'FD00::1', 'fd00::1'),
    port: fc.constantFrom(1, 6379, 65_535),
  }),
);

test('random changes are accepted and refused as by the model, and end in the same state', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(likelyChange, anyChange), { maxLength: 60, size: 'max' }), (changes) => {
      const inventory = new Inventory();
      let model: Model = [];
      for (const change of changes) {
        const outcome = changeModel(model, change);
        const before = [...inventory.clusters.values()];
        assert.equal(tryToChange(inventory, change), typeof outcome === 'string' ? outcome : undefined);
        if (typeof outcome === 'string') assertSameObjects([...inventory.clusters.values()], before);
        else model = outcome;
        assertMatches(inventory, model);
      }
      assertMatches(new Inventory(inventory.clusters.values()), model);
    }),
    { numRuns: 500 },
  );
});

test('an inventory made of the clusters of another refuses and accepts the same changes', () => {
  fc.assert(
    fc.property(fc.array(likelyChange, { maxLength: 20 }), anyChange, (changes, change) => {
      const inventory = new Inventory();
      for (const each of changes) tryToChange(inventory, each);
      const twin = new Inventory(inventory.clusters.values());
      assert.equal(tryToChange(twin, change), tryToChange(inventory, change));
      assert.deepEqual(new Map(twin.clusters), new Map(inventory.clusters));
    }),
    { numRuns: 500 },
  );
});

/** Checks and applies; returns the message of the refusal, if it is refused. */
function tryToChange(inventory: Inventory, change: Change): string | undefined {
  try {
    inventory.apply(inventory.check(change));
    return undefined;
  } catch (error) {
    if (error instanceof InventoryError) return error.message;
    throw error;
  }
}

function assertSameObjects(actual: readonly Cluster[], expected: readonly Cluster[]): void {
  assert.equal(actual.length, expected.length);
  for (const [index, cluster] of actual.entries()) assert.equal(cluster, expected[index]);
}

function assertMatches(inventory: Inventory, model: Model): void {
  const actual = [...inventory.clusters].map(([key, cluster]) => {
    const { name, prefix = '' } = cluster;
    assert.equal(key, name);
    return { name, prefix, endpoints: hostsOf(cluster).map(({ address, port }) => `${address} ${port}`) };
  });
  const expected = model.map((cluster) => ({ ...cluster, endpoints: [...cluster.endpoints].sort(byAddressThenPort) }));
  assert.deepEqual(sortByName(actual), sortByName(expected));
}

function byAddressThenPort(a: string, b: string): number {
  const [addressA = '', portA] = a.split(' ');
  const [addressB = '', portB] = b.split(' ');
  if (addressA === addressB) return Number(portA) - Number(portB);
  return Buffer.compare(Buffer.from(addressA), Buffer.from(addressB));
}

function sortByName(clusters: readonly ModelCluster[]): ModelCluster[] {
  return [...clusters].sort((a, b) => (a.name < b.name ? -1 : 1));
}
