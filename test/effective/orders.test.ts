// Orders laid over what is declared, step by step.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { SortedByName } from '../../src/collections/sorted-by-name.ts';
import { effectiveAfter } from '../../src/effective/effective.ts';
import type { Effective } from '../../src/effective/effective.ts';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { leaveOut } from '../../src/orders/leave-out.ts';
import type { LeftOut } from '../../src/orders/leave-out.ts';

const at = (host: number) => ({ address: `10.0.0.${host}`, port: 1 });
const addresses = new Map<string, readonly string[]>();

describe('what is effective', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const hosts = fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1 });
  const edit = fc.tuple(name, fc.option(hosts, { nil: undefined })).map(([each, list]) => {
    return { name: each, after: list && parseCluster({ name: each, endpoints: list.map(at) }) };
  });
  const outages = new Map();
  const edits = fc.uniqueArray(edit, { selector: (each) => each.name });
  const leftOut = fc.dictionary(name, hosts).map((found): LeftOut => {
    return new Map(Object.entries(found).map(([each, list]) => [each, new Set(list.map((host) => `10.0.0.${host}:1`))]));
  });

  test('is, after any commits and orders, what all of it made anew would be, and the edits lead to it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(edits, leftOut)), (steps) => {
        let clusters = SortedByName.of<Cluster>([]);
        let effective: Effective | undefined;
        for (const [edited, out] of steps) {
          clusters = clusters.with(edited.map((each) => [each.name, each.after]));
          const before: SortedByName<Cluster> = effective?.clusters ?? SortedByName.of<Cluster>([]);
          const step = effectiveAfter(effective, { clusters, draining: [] }, edited, { leftOut: out, addresses, outages });
          effective = step.effective;
          const anew = [...clusters.values()].map((each) => leaveOut(each, out.get(each.name)));
          assert.deepEqual([...effective.clusters.values()], anew);
          const led = before.with(step.edits.map((each) => [each.name, each.after]));
          assert.deepEqual([...led.values()], anew);
        }
      }),
    );
  });

  test('an order edits its own cluster, and what was lifted is the declared one again', () => {
    const declared = ['a', 'b', 'c'].map((each) => parseCluster({ name: each, endpoints: [at(1), at(2)] }));
    const all = { clusters: SortedByName.of<Cluster>(declared), draining: [] };
    const none: LeftOut = new Map();
    const first = effectiveAfter(undefined, all, [], { leftOut: none, addresses, outages }).effective;
    const drained = effectiveAfter(first, all, [], { leftOut: new Map([['b', new Set(['10.0.0.1:1'])]]), addresses, outages });
    assert.deepEqual(drained.edits.map((each) => each.name), ['b']);
    assert.deepEqual(effectiveAfter(drained.effective, all, [], { leftOut: drained.effective.leftOut, addresses, outages }).edits, []);
    const lifted = effectiveAfter(drained.effective, all, [], { leftOut: none, addresses, outages });
    assert.deepEqual(lifted.edits, [{ name: 'b', after: declared[1] }]);
    assert.equal(lifted.effective.clusters.get('b'), declared[1]);
  });
});
