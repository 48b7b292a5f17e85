import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseV1Cluster } from '../../src/store/v1-cluster.ts';
import { buildCluster } from './clusters.ts';

// As an older version stored them, which knew no mapped addresses, and took what nobody can connect to.
const olderRows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['an IPv4-mapped address', ['::ffff:10.0.0.1'], ['10.0.0.1']],
  ['both spellings of an address', ['10.0.0.1', '::ffff:10.0.0.1'], ['10.0.0.1']],
  ['mapped ones, in order again', ['10.0.0.2', '::1', '::ffff:10.0.0.1'], ['10.0.0.1', '10.0.0.2', '::1']],
  ['addresses that are refused today', ['0.0.0.0', '224.0.0.1', 'fe80::1'], ['0.0.0.0', '224.0.0.1', 'fe80::1']],
];

for (const [what, stored, read] of olderRows) {
  test(`${what}: read`, () => {
    const at = (addresses: readonly string[]) => addresses.map((address) => ({ address, port: 6379 }));
    assert.deepEqual(parseV1Cluster({ name: 'a', prefix: '/a', endpoints: at(stored) }), buildCluster('a', at(read)));
  });
}

const at = (address: unknown, port: unknown) => ({ name: 'a', prefix: 'p', endpoints: [{ address, port }] });

const bad: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  ['an empty name', { name: '', prefix: 'p', endpoints: [] }, /no name/],
  ['a name that is no text', { name: 7, prefix: 'p', endpoints: [] }, /no name/],
  ['no prefix', { name: 'a', endpoints: [] }, /no prefix/],
  ['an empty prefix', { name: 'a', prefix: '', endpoints: [] }, /no prefix/],
  ['no endpoints', { name: 'a', prefix: 'p' }, /no list of endpoints/],
  ['endpoints that are no list', { name: 'a', prefix: 'p', endpoints: {} }, /no list of endpoints/],
  ['an endpoint that is null', { name: 'a', prefix: 'p', endpoints: [null] }, /endpoint without address/],
  ['a host name for an address', at('localhost', 1), /endpoint without address/],
  ['a number for an address', at(1, 1), /endpoint without address/],
  ['port 0', at('192.0.2.1', 0), /endpoint without port/],
  ['port 65536', at('192.0.2.1', 65_536), /endpoint without port/],
  ['half a port', at('192.0.2.1', 1.5), /endpoint without port/],
  ['a port that is a text', at('192.0.2.1', '1'), /endpoint without port/],
  ['a field of the model', { ...at('192.0.2.1', 1), labels: {} }, /"labels" is a field that it has not/],
  [
    'a field of an endpoint of the model',
    { name: 'a', prefix: 'p', endpoints: [{ address: '::1', port: 1, weight: 2 }] },
    /"weight" is a field that it has not/,
  ],
  [
    'endpoints out of order',
    { name: 'a', prefix: 'p', endpoints: [2, 1].map((port) => ({ address: '::1', port })) },
    /unsorted/,
  ],
  [
    'an endpoint twice',
    { name: 'a', prefix: 'p', endpoints: [1, 1].map((port) => ({ address: '::1', port })) },
    /unsorted/,
  ],
];

for (const [what, value, reason] of bad) {
  test(`${what}: refused`, () => assert.throws(() => parseV1Cluster(value), reason));
}
