import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseClusterRow, parseFollowed } from '../../src/store/cluster-row.ts';
import { renderClusterRow, renderDrainingContent } from '../../src/store/cluster-row.ts';
import { buildCluster, drain } from './clusters.ts';

test('a cluster is its name and JSON', () => {
  assert.deepEqual(renderClusterRow(buildCluster('a', [{ address: '192.0.2.1', port: 6379 }])), {
    name: 'a',
    content: '{"prefix":"/a","endpoints":[{"address":"192.0.2.1","port":6379}]}',
  });
});

test('a row reads back as the cluster it was made from', () => {
  const endpoints = [
    { address: '192.0.2.1', port: 1 },
    { address: '192.0.2.1', port: 65_535 },
    { address: '2001:db8::1', port: 10 },
    { address: '::1', port: 9 },
  ];
  for (const cluster of [buildCluster('none'), buildCluster('兔"\\\u2028', endpoints)]) {
    assert.deepEqual(parseClusterRow({ ...renderClusterRow(cluster) }), cluster);
  }
});

test('whom a draining cluster followed is read back; rows of before say of nobody', () => {
  const contents = [{ ...drain('a', 1), followed: 'b' }, drain('a', 1)].map(renderDrainingContent);
  assert.deepEqual(contents.map((content) => parseFollowed({ content })), ['b', undefined]);
});

// As an older version stored them, which knew no mapped addresses, and took what nobody can connect to.
const olderRows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['an IPv4-mapped address', ['::ffff:10.0.0.1'], ['10.0.0.1']],
  ['both spellings of an address', ['10.0.0.1', '::ffff:10.0.0.1'], ['10.0.0.1']],
  ['mapped ones, in order again', ['10.0.0.2', '::1', '::ffff:10.0.0.1'], ['10.0.0.1', '10.0.0.2', '::1']],
  ['addresses that are refused today', ['0.0.0.0', '224.0.0.1', 'fe80::1'], ['0.0.0.0', '224.0.0.1', 'fe80::1']],
];

for (const [what, stored, read] of olderRows) {
  test(`a row with ${what} is read`, () => {
    const at = (addresses: readonly string[]) => addresses.map((address) => ({ address, port: 6379 }));
    const content = JSON.stringify({ prefix: '/a', endpoints: at(stored) });
    assert.deepEqual(parseClusterRow({ name: 'a', content }), buildCluster('a', at(read)));
  });
}

const endpointsOf = (endpoints: unknown) => JSON.stringify({ prefix: 'p', endpoints });
const at = (address: unknown, port: unknown) => endpointsOf([{ address, port }]);

const damagedRows: readonly (readonly [string, unknown, unknown, RegExp])[] = [
  ['an empty name', '', endpointsOf([]), /no name/],
  ['a name that is no text', 7, endpointsOf([]), /no name/],
  ['no content', 'a', null, /no JSON object/],
  ['content cut short', 'a', endpointsOf([]).slice(0, -1), /no JSON object/],
  ['an array', 'a', '[]', /no JSON object/],
  ['a text', 'a', '"p"', /no JSON object/],
  ['no prefix', 'a', '{"endpoints":[]}', /no prefix/],
  ['an empty prefix', 'a', '{"prefix":"","endpoints":[]}', /no prefix/],
  ['no endpoints', 'a', '{"prefix":"p"}', /no list of endpoints/],
  ['endpoints that are no list', 'a', endpointsOf({}), /no list of endpoints/],
  ['an endpoint that is null', 'a', endpointsOf([null]), /endpoint without address/],
  ['a host name for an address', 'a', at('localhost', 1), /endpoint without address/],
  ['a number for an address', 'a', at(1, 1), /endpoint without address/],
  ['port 0', 'a', at('192.0.2.1', 0), /endpoint without port/],
  ['port 65536', 'a', at('192.0.2.1', 65_536), /endpoint without port/],
  ['half a port', 'a', at('192.0.2.1', 1.5), /endpoint without port/],
  ['a port that is a text', 'a', at('192.0.2.1', '1'), /endpoint without port/],
  ['endpoints out of order', 'a', endpointsOf([2, 1].map((port) => ({ address: '::1', port }))), /unsorted/],
  ['an endpoint twice', 'a', endpointsOf([1, 1].map((port) => ({ address: '::1', port }))), /unsorted/],
];

for (const [what, name, content, reason] of damagedRows) {
  test(`a row with ${what} is refused`, () => {
    assert.throws(() => parseClusterRow({ name, content }), reason);
  });
}
