// What clusters without endpoints are given, for whom, and who answers there.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Cluster, Clusters } from '../../src/inventory/cluster.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import type { Scope } from '../../src/snapshot/snapshot.ts';
import { decodeResource } from './decode-resource.ts';
import { cluster, clustersOf, defaultOptions, servedOf } from './examples.ts';

const dialect = dialects.v3.ads;
const server = { address: '10.0.0.1', port: 6379 };
const standIn = '127.0.0.1:12712';

/** By cluster, the endpoints that Envoys of the scope are told. */
function endpointsOf(snapshot: RenderedSnapshot, scope: Scope): Record<string, string[]> {
  const { resources } = snapshot.resources('endpoint', dialect, scope);
  return Object.fromEntries(
    Array.from(resources.values(), (resource) => {
      const { endpoints = [] } = decodeResource(messageNames.v3.endpoint, resource) as Assignment;
      const addresses = endpoints.flatMap(({ lb_endpoints: each }) => each.map(({ endpoint }) => endpoint.address));
      return [resource.name, addresses.map(({ socket_address: { address, port_value: port } }) => `${address}:${port}`)];
    }),
  );
}

interface Assignment {
  readonly endpoints?: readonly { readonly lb_endpoints: readonly { readonly endpoint: { readonly address: Address } }[] }[];
}

interface Address {
  readonly socket_address: { readonly address: string; readonly port_value: number };
}

function listenersOf(snapshot: RenderedSnapshot): string[] {
  return [...snapshot.resources('listener', dialect).resources.keys()];
}

/** Each cluster as declared, one after the other. */
function snapshotsOf(...states: readonly (readonly Cluster[])[]): RenderedSnapshot[] {
  let before: readonly Cluster[] = [];
  let snapshot = RenderedSnapshot.of({ clusters: clustersOf() }, defaultOptions);
  return states.map((state) => {
    const names = new Set([...before, ...state].map(({ name }) => name));
    const after = clustersOf(...state);
    snapshot = snapshot.next({ ...noEdits, clusters: [...names].map((name) => ({ name, after: after.get(name) })) });
    before = state;
    return snapshot;
  });
}

describe('a cluster without endpoints', () => {
  test('has the stand-in for those that take the listener from here, and nothing for the others', () => {
    const clusters = clustersOf(cluster('a', 'a'), cluster('b', 'b', server));
    const snapshot = RenderedSnapshot.of({ clusters }, defaultOptions);
    assert.deepEqual(endpointsOf(snapshot, 'declared'), { a: [], b: ['10.0.0.1:6379'] });
    assert.deepEqual(endpointsOf(snapshot, 'reachable'), { a: [standIn], b: ['10.0.0.1:6379'] });
  });

  test('has it too while it drains', () => {
    const draining = servedOf(clustersOf(cluster('a', 'a')));
    const snapshot = RenderedSnapshot.of({ clusters: clustersOf() }, defaultOptions, draining);
    assert.deepEqual(endpointsOf(snapshot, 'declared'), {});
    assert.deepEqual(endpointsOf(snapshot, 'reachable'), { a: [standIn] });
    assert.deepEqual(listenersOf(snapshot), ['no_upstream_host']);
  });

  test('changes nothing of the Redis listener when it is filled, and emptied again', () => {
    const full = cluster('a', 'a', server);
    const [empty, filled, emptied] = snapshotsOf([cluster('a', 'a')], [full], [cluster('a', 'a')]);
    assert.ok(empty !== undefined && filled !== undefined && emptied !== undefined);
    assert.deepEqual([empty, filled, emptied].map(listenersOf), [
      ['no_upstream_host', 'redis_listener'],
      ['redis_listener'],
      ['no_upstream_host', 'redis_listener'],
    ]);
    const versions = [empty, filled, emptied].map((snapshot) => {
      return snapshot.resources('listener', dialect).resources.get('redis_listener')?.version;
    });
    assert.equal(new Set(versions).size, 1);
  });

  test('is the only thing that tells the scopes apart', () => {
    const [snapshot] = snapshotsOf([cluster('a', 'a', server)]);
    assert.ok(snapshot !== undefined);
    for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
      assert.equal(snapshot.resources(kind, dialect, 'reachable'), snapshot.resources(kind, dialect));
    }
  });
});

/** The stand-in's address and its only route. */
function standInOf(snapshot: RenderedSnapshot): { readonly address: Address; readonly route: Route } {
  const resource = snapshot.resources('listener', dialect).resources.get('no_upstream_host');
  assert.ok(resource !== undefined);
  const listener = decodeResource(messageNames.v3.listener, resource) as {
    readonly address: Address;
    readonly filter_chains: readonly {
      readonly filters: readonly { readonly typed_config: { readonly prefix_routes: { readonly routes: Route[] } } }[];
    }[];
  };
  const { routes } = listener.filter_chains[0]?.filters[0]?.typed_config.prefix_routes ?? assert.fail('no routes');
  const [route, ...others] = routes;
  assert.ok(route !== undefined && others.length === 0);
  return { address: listener.address, route };
}

interface Route {
  readonly prefix: string;
  readonly remove_prefix: boolean;
  readonly cluster: string;
}

test('the stand-in routes to a cluster that has a host, by a prefix that Envoy takes and reads to its end', () => {
  const snapshot = RenderedSnapshot.of({ clusters: clustersOf(cluster('b', 'b'), cluster('a', 'a')) }, defaultOptions);
  const { address, route } = standInOf(snapshot);
  assert.deepEqual(address, { socket_address: { address: '127.0.0.1', port_value: 12712 } });
  assert.deepEqual([route.cluster, route.remove_prefix], ['a', true]);
  assert.ok(Buffer.byteLength(route.prefix) <= 1_000 && Buffer.byteLength(route.prefix) > 500);
  assert.doesNotMatch(route.prefix, /\0/);
});

test('the stand-in routes to a cluster that drains only when there is no other: not every client is given that', () => {
  const drains = servedOf(clustersOf(cluster('a', 'a')));
  const targetBeside = (clusters: Clusters) => {
    return standInOf(RenderedSnapshot.of({ clusters }, defaultOptions, drains)).route.cluster;
  };
  assert.equal(targetBeside(clustersOf(cluster('b', 'b'))), 'b');
  assert.equal(targetBeside(clustersOf()), 'a');
});
