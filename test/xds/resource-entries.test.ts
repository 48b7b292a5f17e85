import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { decodeMessage } from '../../src/proto/protos.ts';
import { ResourceSet } from '../../src/snapshot/resource-set.ts';
import { Resource } from '../../src/snapshot/resource.ts';
import { ResourceEntries, encodeDeltaEntry, encodeSotwEntry } from '../../src/xds/resource-entries.ts';
import type { Parts } from '../../src/xds/resource-entries.ts';

const typeUrl = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const LONG = 40_000;

const protocols = [
  { encode: encodeSotwEntry, responses: ['envoy.api.v2.DiscoveryResponse', 'envoy.service.discovery.v3.DiscoveryResponse'] },
  {
    encode: encodeDeltaEntry,
    responses: ['envoy.api.v2.DeltaDiscoveryResponse', 'envoy.service.discovery.v3.DeltaDiscoveryResponse'],
  },
] as const;

const setOf = (resources: Iterable<Resource>) => ResourceSet.of({ typeUrl, apiVersion: 'v3' }, resources);
const nameOf = (index: number): string => `集群-${String(index).padStart(4, '0')}`;
const resourcesOf = (count: number): Resource[] => {
  return Array.from({ length: count }, (_, index) => new Resource(nameOf(index), Buffer.from([index & 0xff])));
};

for (const { encode, responses } of protocols) {
  for (const response of responses) {
    const decode = (parts: Parts) => decodeMessage(response, Buffer.concat(parts))['resources'];
    const expected = ({ name, version, value }: Resource) => {
      const any = { type_url: typeUrl, value: Buffer.from(value) };
      return encode === encodeSotwEntry ? any : { name, version, resource: any };
    };

    describe(`entries of ${response}`, () => {
      test('carry the resources, whatever their length, also one without bytes', () => {
        const resources = [0, 5, 16 * 1024, 16 * 1024 + 1, LONG].map((length, index) => {
          return new Resource(nameOf(index), Buffer.alloc(length, index));
        });
        const parts = new ResourceEntries(encode).of(resources, setOf(resources));
        assert.deepEqual(decode(parts), resources.map(expected));
      });

      test('are those of the resources given, in their order, out of a set of many', () => {
        const all = resourcesOf(300);
        const entries = new ResourceEntries(encode);
        fc.assert(
          fc.property(fc.subarray(all.map((_, index) => index)), fc.subarray(all.map((_, index) => index)), (some, left) => {
            const set = setOf(all).with(new Map(left.slice(0, 9).map((index) => [nameOf(index), undefined])));
            const wanted = some.map((index) => all[index] as Resource).filter(({ name }) => set.resources.has(name));
            assert.deepEqual(decode(entries.of(wanted, set)) ?? [], wanted.map(expected));
          }),
          { numRuns: 50 },
        );
      });
    });
  }

  describe(`the bytes of ${encode.name}`, () => {
    test('are made once, and shared by all sets but where they differ', () => {
      const all = resourcesOf(300);
      const [before, entries] = [setOf(all), new ResourceEntries(encode)];
      const after = before.with(new Map([[nameOf(1), new Resource(nameOf(1), Buffer.from('new'))]]));
      const [partsBefore, partsAfter] = [before, after].map((set) => entries.of([...set.resources.values()], set)) as [Parts, Parts];
      assert.equal(partsBefore.length, 5);
      assert.deepEqual(partsBefore.map((part, index) => part === partsAfter[index]), [false, true, true, true, true]);
    });

    test('of one resource are made once', () => {
      const [all, entries] = [resourcesOf(300), new ResourceEntries(encode)];
      const few = all.slice(3, 5);
      const [first, second] = [entries.of(few, setOf(all)), entries.of(few, setOf(all))];
      assert.ok(first.length > 0 && first.every((part, index) => part === second[index]));
    });

    test('are not copied of a long resource', () => {
      const long = new Resource('long', Buffer.alloc(LONG));
      const parts = new ResourceEntries(encode).of([long], setOf([long]));
      assert.ok(parts.includes(long.value));
    });
  });
}
