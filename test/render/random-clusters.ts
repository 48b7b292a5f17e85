// Random inventories.

import fc from 'fast-check';
import type { Cluster } from '../../src/inventory/cluster.ts';
import { cluster } from './examples.ts';

const anyEndpoint = fc.record(
  { address: fc.constantFrom('10.0.0.1', '10.0.0.2', '::1'), port: fc.constantFrom(1, 6379) },
  { noNullPrototype: true },
);

/** Of the names a to d, with few prefixes: they overlap, move from cluster to cluster, and come back. */
export const anyClusters: fc.Arbitrary<readonly Cluster[]> = fc
  .record({
    names: fc.shuffledSubarray(['a', 'b', 'c', 'd']),
    prefixes: fc.shuffledSubarray(['/', '/a', '/a/b', '/b'], { minLength: 4 }),
    endpoints: fc.array(fc.array(anyEndpoint, { maxLength: 2 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ names, prefixes, endpoints }) =>
    names.map((name, index) => cluster(name, prefixes[index] ?? '', ...(endpoints[index] ?? []))),
  );

/** The catch-all as an option: none, one that may be declared, one that never is. */
export const anyCatchAll = fc.constantFrom(undefined, 'a', 'nowhere');
