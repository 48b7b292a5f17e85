import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { SortedByName } from '../../src/collections/sorted-by-name.ts';
import { compareAddresses, findMisplacedKeys, hostNamesOf, withAddresses } from '../../src/effective/addresses.ts';
import type { Addresses } from '../../src/effective/addresses.ts';
import { effectiveAfter, findHostNames } from '../../src/effective/effective.ts';
import type { Overlay } from '../../src/effective/effective.ts';
import { hostsOf, serversOf } from '../../src/inventory/cluster.ts';
import { readHostsOf } from '../../src/inventory/read-clusters.ts';
import type { Cluster } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';

const known = new Map([
  ['a.test', ['10.0.0.9', '10.0.0.1']],
  ['b.test', ['10.0.0.2']],
  ['six.test', ['2001:db8::1']],
]);
const nobody = '127.0.0.1:1';
const at = (address: string, fields: object = {}) => ({ address, port: 6379, ...fields });
const resolve = 'controlplane';
const textOf = (cluster: Cluster): string[] => hostsOf(cluster).map(({ address, port }) => `${address}:${port}`);

describe('a cluster whose names the control plane looks up', () => {
  const cases: readonly (readonly [what: string, declared: object, hosts: readonly string[]])[] = [
    ['plain: every address is a server', { endpoints: [at('a.test'), at('10.0.0.5')] }, ['10.0.0.1', '10.0.0.5', '10.0.0.9']],
    ['plain: a name that leads nowhere is none', { endpoints: [at('gone.test'), at('b.test')] }, ['10.0.0.2']],
    ['plain: an address that two have is one server', { endpoints: [at('b.test'), at('10.0.0.2')] }, ['10.0.0.2']],
    ['plain: IPv6', { endpoints: [at('six.test')] }, ['2001:db8::1']],
    [
      'replicated: the primary is the first address of its name',
      { kind: 'replicated', primary: 'a.test:6379', endpoints: [at('a.test'), at('b.test')] },
      ['10.0.0.9'],
    ],
    [
      'replicated: for a primary that leads nowhere stands one that answers nobody',
      { kind: 'replicated', primary: 'gone.test:6379', endpoints: [at('gone.test'), at('b.test')] },
      [nobody],
    ],
    [
      'sharded: a shard has the first address of its name',
      { kind: 'sharded', shards: [{ name: 's', endpoint: at('a.test') }, { name: 't', endpoint: at('10.0.0.7') }] },
      ['10.0.0.9', '10.0.0.7'],
    ],
    [
      'sharded: a shard that leads nowhere has no server',
      { kind: 'sharded', shards: [{ name: 's', endpoint: at('gone.test') }, { name: 't', endpoint: at('b.test') }] },
      ['10.0.0.2'],
    ],
    [
      'sharded: the primary of a shard is the first address of its name',
      {
        kind: 'sharded',
        shards: [{ name: 's', primary: 'a.test:6379', endpoints: [at('a.test'), at('b.test')] }],
      },
      ['10.0.0.9'],
    ],
  ];
  for (const [what, declared, hosts] of cases) {
    test(what, () => {
      const cluster = withAddresses(parseCluster({ name: 'c', resolve, ...declared }), known);
      const servers = hosts.map((host) => (host === nobody ? host : `${host}:6379`));
      assert.deepEqual(textOf(cluster), servers);
    });
  }

  test('keeps what else its servers have', () => {
    const endpoint = at('a.test', { zone: 'eu', weight: 3, labels: { rack: 'r' } });
    const cluster = withAddresses(parseCluster({ name: 'c', resolve, endpoints: [endpoint] }), known);
    assert.deepEqual(hostsOf(cluster), [{ ...endpoint, address: '10.0.0.1' }, { ...endpoint, address: '10.0.0.9' }]);
  });

  test('has each replica once, and no replica that is the primary', () => {
    const endpoints = [at('a.test'), at('b.test'), at('readers.test')];
    const declared = parseCluster({ name: 'c', kind: 'replicated', resolve, primary: 'a.test:6379', endpoints });
    const readers = new Map([...known, ['readers.test', ['10.0.0.9', '10.0.0.2', '10.0.0.3']]]);
    const cluster = withAddresses(declared, readers);
    assert.deepEqual(readHostsOf(cluster, 'replica').map(({ address }) => address), ['10.0.0.2', '10.0.0.3']);
    assert.deepEqual(textOf(cluster), ['10.0.0.9:6379']);
  });

  test('is the same object while its addresses stay, and one that Envoys look up is left alone', () => {
    const declared = parseCluster({ name: 'c', resolve, endpoints: [at('a.test')] });
    const cluster = withAddresses(declared, known);
    assert.equal(withAddresses(declared, new Map([...known, ['b.test', ['10.9.9.9']]])), cluster);
    assert.notEqual(withAddresses(declared, new Map([['a.test', ['10.0.0.1']]])), cluster);
    for (const other of [{ endpoints: [at('a.test')] }, { resolve, endpoints: [at('10.0.0.1')] }]) {
      const untouched = parseCluster({ name: 'c', ...other });
      assert.equal(withAddresses(untouched, known), untouched);
      assert.deepEqual(hostNamesOf(untouched), []);
    }
  });

  test('has misplaced keys where a shard leads nowhere and its keys are to stay, or two lead to one server', () => {
    const shards = (...hosts: readonly string[]) => hosts.map((host, index) => ({ name: `s${index}`, endpoint: at(host) }));
    const find = (fields: object, ...hosts: readonly string[]) => {
      return findMisplacedKeys(parseCluster({ name: 'c', kind: 'sharded', resolve, ...fields, shards: shards(...hosts) }), known);
    };
    assert.equal(find({}, 'a.test', 'gone.test'), 'shard "s1" leads nowhere');
    assert.equal(find({ placement: 'remap' }, 'a.test', 'gone.test'), undefined);
    for (const placement of ['fixed', 'remap']) {
      assert.equal(find({ placement }, 'b.test', '10.0.0.2'), 'shards "s0" and "s1" both lead to 10.0.0.2:6379');
    }
    assert.equal(find({}, 'a.test', 'b.test'), undefined);
    assert.equal(findMisplacedKeys(parseCluster({ name: 'c', resolve, endpoints: [at('gone.test')] }), known), undefined);
  });

  test('what has to be kept of addresses is what changed', () => {
    const after = new Map([['a.test', ['10.0.0.9', '10.0.0.1']], ['b.test', ['10.0.0.3']], ['new.test', ['10.0.0.4']]]);
    assert.deepEqual([...compareAddresses(known, after)], [
      ['six.test', undefined],
      ['b.test', ['10.0.0.3']],
      ['new.test', ['10.0.0.4']],
    ]);
  });
});

const none = { clusters: SortedByName.of<Cluster>([]), draining: [], leftOut: new Map(), addresses: new Map(), outages: new Map() };

/** Addresses, and nothing else. */
const lay = (addresses: Addresses): Overlay => ({ leftOut: none.leftOut, outages: none.outages, addresses });

describe('what is effective', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const host = fc.constantFrom('x.test', 'y.test', '10.0.0.1');
  const cluster = fc
    .tuple(name, fc.uniqueArray(host, { minLength: 1, maxLength: 3 }), fc.constantFrom('envoy', 'controlplane'))
    .map(([name, hosts, resolve]) => parseCluster({ name, resolve, endpoints: hosts.map((each) => at(each)) }));
  const edits = fc.uniqueArray(
    fc.oneof(cluster.map((after) => ({ name: after.name, after })), name.map((name) => ({ name, after: undefined }))),
    { selector: (edit) => edit.name },
  );
  const addresses = fc
    .dictionary(fc.constantFrom('x.test', 'y.test'), fc.uniqueArray(fc.constantFrom('10.0.0.1', '10.0.0.2')))
    .map((found): Addresses => new Map(Object.entries(found)));

  test('is, after any steps, what all of it made anew would be, and the edits lead to it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(edits, addresses)), (steps) => {
        let [clusters, effective] = [SortedByName.of<Cluster>([]), SortedByName.of<Cluster>([])];
        for (const [edited, found] of steps) {
          clusters = clusters.with(edited.map(({ name, after }) => [name, after]));
          const step = effectiveAfter({ ...none, clusters: effective }, { clusters, draining: [] }, edited, lay(found));
          const led = effective.with(step.edits.map(({ name, after }) => [name, after]));
          effective = step.effective.clusters;
          const anew = [...clusters.values()].map((each) => withAddresses(each, found));
          assert.deepEqual([...effective.values()], anew);
          assert.deepEqual([...led.values()], anew);
        }
      }),
    );
  });

  test('a cluster of which keys would move stays as it was, until they would not', () => {
    const shards = [{ name: 's', endpoint: at('a.test') }, { name: 't', endpoint: at('b.test') }];
    const sharded = parseCluster({ name: 'c', kind: 'sharded', resolve, shards });
    const declared = { clusters: SortedByName.of<Cluster>([sharded]), draining: [] };
    const hosts = (state: { readonly clusters: SortedByName<Cluster> }): string[] => {
      return hostsOf(state.clusters.get('c') ?? sharded).map(({ address }) => address);
    };
    const first = effectiveAfter(undefined, declared, [], lay(known)).effective;
    assert.deepEqual(hosts(first), ['10.0.0.9', '10.0.0.2']);
    const collided = effectiveAfter(first, declared, [], lay(new Map([...known, ['a.test', ['10.0.0.2']]])));
    assert.deepEqual([hosts(collided.effective), collided.edits], [['10.0.0.9', '10.0.0.2'], []]);
    const mended = effectiveAfter(collided.effective, declared, [], lay(new Map([...known, ['a.test', ['10.0.0.7']]])));
    assert.deepEqual(hosts(mended.effective), ['10.0.0.7', '10.0.0.2']);
  });

  test('a drained cluster has the addresses of its names too, and they are looked up', () => {
    const drained = parseCluster({ name: 'old', resolve, endpoints: [at('a.test')] });
    const draining = [{ cluster: drained, untilMs: 1, wasCatchAll: false, followed: undefined }];
    const declared = { clusters: SortedByName.of<Cluster>([]), draining };
    const { effective } = effectiveAfter(undefined, declared, [], lay(known));
    assert.deepEqual(effective.draining.flatMap(({ cluster }) => serversOf(cluster)).map(({ address }) => address), [
      '10.0.0.1',
      '10.0.0.9',
    ]);
    assert.deepEqual([...findHostNames(declared)], [['a.test', ['old']]]);
  });
});
