// Whatever is declared, what is published refers to nothing that is not: ORD-05 of the catalogue.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { hostsOf } from '../../../src/inventory/cluster.ts';
import { decodeMessage } from '../../../src/proto/protos.ts';
import type { PlainMessage } from '../../../src/proto/protos.ts';
import { RenderedSnapshot } from '../../../src/render/rendered-snapshot.ts';
import { dialects } from '../../../src/snapshot/dialect.ts';
import type { Dialect } from '../../../src/snapshot/dialect.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { clustersOf, defaultOptions, servedOf } from '../../render/examples.ts';
import { anyCatchAll, anyClusters } from '../../render/random-clusters.ts';
import { discoveryApis } from '../../support/xds/discovery-api.ts';
import type { Kind } from '../../support/xds/discovery-api.ts';
import { clustersOfRoutes, clustersRoutedTo, endpointsNameOf } from '../../support/xds/resource-content.ts';

/** What streams of each dialect are given, in each scope. */
const views = Object.values(dialects)
  .flatMap((byConfigSource): readonly Dialect[] => Object.values(byConfigSource))
  .flatMap((dialect) => (['declared', 'reachable'] as const).map((scope) => ({ dialect, scope })));

function decodeAll(snapshot: Snapshot, { dialect, scope }: (typeof views)[number], kind: Kind): PlainMessage[] {
  const { resources } = snapshot.resources(kind, dialect, scope);
  return Array.from(resources.values(), ({ value }) => {
    return decodeMessage(discoveryApis[dialect.apiVersion].messages[kind], value);
  });
}

test('ORD-05 endpoints are those of the clusters, and routes name clusters that there are', () => {
  fc.assert(
    fc.property(anyClusters, anyClusters, anyCatchAll, (clusters, removed, redisCatchAll) => {
      const declared = clustersOf(...clusters);
      const draining = clustersOf(...removed.filter(({ name }) => !declared.has(name)));
      const options = { ...defaultOptions, redisCatchAll };
      const snapshot = RenderedSnapshot.of({ clusters: declared }, options, servedOf(draining));
      const routedTo = [...declared.keys()].sort();
      for (const view of views) {
        const found = decodeAll(snapshot, view, 'cluster');
        const names = found.map(({ name }) => name);
        const drained = view.scope === 'reachable' ? [...draining.keys()] : [];
        assert.deepEqual(names, [...routedTo, ...drained].sort());
        const assignments = decodeAll(snapshot, view, 'endpoint').map(({ cluster_name: name }) => name);
        assert.deepEqual(assignments, found.map(endpointsNameOf).filter((name) => name !== undefined));
        const listeners = decodeAll(snapshot, view, 'listener');
        // Of those that are declared, if any of them is empty.
        const standIn = [declared, draining]
          .flatMap((all) => [...all.values()].filter((each) => hostsOf(each).length === 0).map(({ name }) => name).sort())
          .slice(0, 1);
        assert.deepEqual(
          listeners.map((listener) => [listener['name'], clustersRoutedTo(view.dialect.apiVersion, listener)]),
          [
            ...standIn.map((name) => ['no_upstream_host', [name]]),
            ...(declared.size === 0 ? [] : [['redis_listener', routedTo]]),
          ],
        );
        assert.deepEqual(decodeAll(snapshot, view, 'route').map(clustersOfRoutes), [routedTo]);
      }
    }),
    { numRuns: 200 },
  );
});
