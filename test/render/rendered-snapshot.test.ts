import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Cluster, Clusters } from '../../src/inventory/cluster.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { decodeMessage } from '../../src/proto/protos.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { dialects, messageNames } from '../../src/snapshot/dialect.ts';
import type { ApiVersion, ConfigSourceKind, Dialect } from '../../src/snapshot/dialect.ts';
import { publishOrder } from '../../src/snapshot/resource.ts';
import type { ResourceKind } from '../../src/snapshot/resource.ts';
import { checkoutPath } from '../support/checkout.ts';
import { decodeResource } from './decode-resource.ts';
import { byName, cluster, clustersOf, defaultOptions, examples, servedOf } from './examples.ts';
import { GoldenFolder } from './golden-folder.ts';
import { objectExamples } from './object-examples.ts';
import { openPlain, plainSecret } from './plain-secrets.ts';

const apiVersions: readonly ApiVersion[] = ['v2', 'v3'];
const allExamples = [...examples, ...objectExamples];
const configSources: readonly ConfigSourceKind[] = ['ads', 'grpc', 'delta-grpc'];

describe('rendering matches test/fixtures/render', () => {
  const golden = new GoldenFolder(checkoutPath('test/fixtures/render'));

  for (const { name, options, ...declared } of allExamples) {
    for (const apiVersion of apiVersions) {
      test(`${name}, ${apiVersion}`, () => {
        const snapshot = RenderedSnapshot.of(declared, options);
        golden.check(`${name}/${apiVersion}.json`, describeSnapshot(snapshot, apiVersion));
      });
    }
  }

  test('which holds nothing else', () => {
    const names = allExamples.map(({ name }) => name);
    golden.checkOrphans(names.flatMap((name) => apiVersions.map((apiVersion) => `${name}/${apiVersion}.json`)));
  });
});

describe('a rendered snapshot', () => {
  test('renders each set once', () => {
    const snapshot = RenderedSnapshot.of({ clusters: clustersOf(cluster('dev', '/dev')) }, defaultOptions);
    for (const [kind, dialect] of everySet()) {
      assert.equal(snapshot.resources(kind, dialect), snapshot.resources(kind, dialect));
    }
  });

  test('has one set of endpoints, routes, secrets and Redis and TCP listeners for all streams of an API version', () => {
    const tcp = parseListener({ name: 'tcp', kind: 'tcp', address: '127.0.0.1:7000', cluster: 'dev' });
    const declared = { clusters: clustersOf(cluster('dev', '/dev')), listeners: byName(tcp) };
    const snapshot = RenderedSnapshot.of(declared, defaultOptions);
    for (const kind of ['endpoint', 'listener', 'route', 'secret'] as const) {
      for (const apiVersion of apiVersions) {
        const sets = configSources.map((configSource) => snapshot.resources(kind, dialects[apiVersion][configSource]));
        assert.equal(new Set(sets).size, 1, `${kind} ${apiVersion}`);
      }
    }
  });

  for (const [what, fields] of [
    ['routes come', { kind: 'http' }],
    ['certificate comes', { tls: { certificate: { secret: 'c' } } }],
  ] as const) {
    test(`has one set of listeners again when the only one goes that says where its ${what} from`, () => {
      const one = parseListener({ name: 'one', address: '127.0.0.1:7000', ...fields });
      const declared = { clusters: clustersOf(cluster('dev', '/dev')), listeners: byName(one) };
      const with1 = RenderedSnapshot.of(declared, defaultOptions);
      const setsOf = (snapshot: RenderedSnapshot) => {
        return configSources.map((configSource) => snapshot.resources('listener', dialects.v3[configSource]));
      };
      assert.equal(new Set(setsOf(with1).map(({ version }) => version)).size, 3);
      const without = with1.next({ clusters: [], listeners: [{ name: 'one', after: undefined }] });
      assert.equal(new Set(setsOf(without).map(({ version }) => version)).size, 1);
    });
  }

  test('has the secrets that its objects name, for as long as they do', () => {
    const upstream_tls = { ca: { secret: 'ca' }, sans: 'any' };
    const [a, b] = ['a', 'b'].map((name) => parseCluster({ name, upstream_tls })) as [Cluster, Cluster];
    const secrets = byName(
      plainSecret('ca', { kind: 'ca', value: '1' }),
      plainSecret('nobody-names-it', { kind: 'ca', value: '2' }),
    );
    const options = { ...defaultOptions, openSecret: openPlain };
    const namesIn = (snapshot: RenderedSnapshot) => [...snapshot.resources('secret', dialects.v3.ads).resources.keys()];
    const both = RenderedSnapshot.of({ clusters: clustersOf(a, b), secrets }, options);
    assert.deepEqual(namesIn(both), ['ca']);
    const gone = (name: string) => ({ clusters: [{ name, after: undefined }], listeners: [] });
    const one = both.next(gone('a'));
    assert.deepEqual(namesIn(one), ['ca']);
    assert.deepEqual(namesIn(one.next(gone('b'))), []);
    assert.deepEqual(namesIn(one.next(gone('b'), servedOf(clustersOf(b)))), ['ca'], 'it drains');
    const later = RenderedSnapshot.of({ clusters: clustersOf(), secrets }, options);
    assert.deepEqual(namesIn(later), []);
    assert.deepEqual(namesIn(later.next({ clusters: [{ name: 'a', after: a }], listeners: [] })), ['ca']);
  });

  test('names the type of each set', () => {
    const snapshot = RenderedSnapshot.of({ clusters: clustersOf() }, defaultOptions);
    for (const [kind, dialect] of everySet()) {
      const typeUrl = `type.googleapis.com/${messageNames[dialect.apiVersion][kind]}`;
      assert.equal(snapshot.resources(kind, dialect).options.typeUrl, typeUrl);
    }
  });

  test('has a placeholder for endpoints alone: a load assignment without endpoints', () => {
    const snapshot = RenderedSnapshot.of({ clusters: clustersOf() }, defaultOptions);
    for (const [kind, dialect] of everySet()) {
      const placeholder = snapshot.resources(kind, dialect).options.placeholder?.('later');
      if (kind !== 'endpoint') {
        assert.equal(placeholder, undefined);
        continue;
      }
      assert.ok(placeholder !== undefined);
      const decoded = decodeMessage(messageNames[dialect.apiVersion].endpoint, placeholder);
      assert.deepEqual(decoded, { cluster_name: 'later' });
    }
  });

  test('has the same bytes for a placeholder and for an assignment whose last endpoint has gone', () => {
    const snapshot = RenderedSnapshot.of({ clusters: clustersOf(cluster('dev', '/dev')) }, defaultOptions);
    const { resources, options } = snapshot.resources('endpoint', dialects.v3.ads);
    assert.deepEqual(options.placeholder?.('dev'), resources.get('dev')?.value);
  });

  test('does not depend on the order in which clusters were added', () => {
    const [example] = examples.filter(({ name }) => name === 'overlapping-prefixes');
    assert.ok(example !== undefined);
    const expected = RenderedSnapshot.of({ clusters: example.clusters }, example.options);
    const shuffled = fc.shuffledSubarray([...example.clusters.values()], { minLength: example.clusters.size });
    fc.assert(
      fc.property(shuffled, (clusters) => {
        assertSameContent(RenderedSnapshot.of({ clusters: clustersOf(...clusters) }, example.options), expected);
      }),
    );
  });

  test('gives other content another version, and an empty set one that is not empty', () => {
    const versions = new Set<string>();
    const inventories: readonly Clusters[] = [
      clustersOf(),
      clustersOf(cluster('dev', '/dev')),
      clustersOf(cluster('dev', '/dev', { address: '10.0.0.1', port: 6379 })),
      clustersOf(cluster('dev', '/dev', { address: '10.0.0.1', port: 6380 })),
      clustersOf(cluster('dev', '/dev', { address: '10.0.0.2', port: 6379 })),
    ];
    for (const clusters of inventories) {
      versions.add(RenderedSnapshot.of({ clusters }, defaultOptions).resources('endpoint', dialects.v2.ads).version);
    }
    assert.equal(versions.size, inventories.length);
    for (const version of versions) assert.match(version, /^[0-9a-f]{32}$/);
  });
});

describe('a rendered snapshot in which a cluster drains', () => {
  const b = cluster('b', '/b', { address: '10.0.0.2', port: 6379 });
  const declared = clustersOf(b);
  const drained = cluster('a', '/b', { address: '10.0.0.1', port: 6379 });
  const snapshot = RenderedSnapshot.of({ clusters: declared }, defaultOptions, servedOf(clustersOf(drained)));

  test('has its cluster and its endpoints for those that may use them, and for nobody else', () => {
    const both = RenderedSnapshot.of({ clusters: clustersOf(b, drained) }, defaultOptions);
    const one = RenderedSnapshot.of({ clusters: declared }, defaultOptions);
    for (const [kind, dialect] of everySet().filter(([each]) => each === 'cluster' || each === 'endpoint')) {
      assert.equal(snapshot.resources(kind, dialect, 'reachable').version, both.resources(kind, dialect).version);
      assert.equal(snapshot.resources(kind, dialect).version, one.resources(kind, dialect).version);
    }
  });

  test('names it in no listener and no route', () => {
    for (const [kind, dialect] of everySet().filter(([each]) => each === 'listener' || each === 'route')) {
      assert.equal(snapshot.resources(kind, dialect, 'reachable'), snapshot.resources(kind, dialect));
    }
  });

  test('is the same for everybody when nothing drains', () => {
    const calm = RenderedSnapshot.of({ clusters: declared }, defaultOptions);
    for (const [kind, dialect] of everySet()) {
      assert.equal(calm.resources(kind, dialect, 'reachable'), calm.resources(kind, dialect));
    }
  });
});

function everySet(): (readonly [ResourceKind, Dialect])[] {
  return apiVersions.flatMap((apiVersion) =>
    configSources.flatMap((configSource) =>
      publishOrder.map((kind) => [kind, dialects[apiVersion][configSource]] as const),
    ),
  );
}

/** Clusters per kind of stream; listeners on other kinds where they are not as on an aggregated one; all else once. */
function describeSnapshot(snapshot: RenderedSnapshot, apiVersion: ApiVersion): object {
  const describeSet = (kind: ResourceKind, configSource: ConfigSourceKind) => {
    const { resources } = snapshot.resources(kind, dialects[apiVersion][configSource]);
    return [...resources].map(([name, resource]) => {
      assert.equal(name, resource.name);
      return { name, version: resource.version, message: decodeResource(messageNames[apiVersion][kind], resource) };
    });
  };
  const listeners = snapshot.resources('listener', dialects[apiVersion].ads).resources;
  const differing = configSources.flatMap((source) => {
    const others = describeSet('listener', source).filter((each) => each.version !== listeners.get(each.name)?.version);
    return others.length === 0 ? [] : [[source, others] as const];
  });
  const secrets = describeSet('secret', 'ads');
  return {
    cluster: Object.fromEntries(configSources.map((source) => [source, describeSet('cluster', source)])),
    endpoint: describeSet('endpoint', 'ads'),
    listener: describeSet('listener', 'ads'),
    ...(differing.length > 0 && { differing_listener: Object.fromEntries(differing) }),
    route: describeSet('route', 'ads'),
    ...(secrets.length > 0 && { secret: secrets }),
  };
}

function assertSameContent(actual: RenderedSnapshot, expected: RenderedSnapshot): void {
  for (const [kind, dialect] of everySet()) {
    const set = actual.resources(kind, dialect);
    const expectedSet = expected.resources(kind, dialect);
    assert.equal(set.version, expectedSet.version);
    assert.deepEqual([...set.resources.keys()], [...expectedSet.resources.keys()]);
    for (const [name, resource] of set.resources) {
      assert.deepEqual(resource.value, expectedSet.resources.get(name)?.value);
    }
  }
}
