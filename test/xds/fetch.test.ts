import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FieldError, JsonMessage } from '../../src/proto/json-message.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { DiscoveryFetch } from '../../src/xds/fetch.ts';
import { ListenerTakers } from '../../src/xds/listener-takers.ts';
import type { FetchAnswer } from '../../src/xds/fetch.ts';
import { kinds, typeUrlOf } from '../support/xds/discovery-api.ts';
import type { ApiVersion, Kind } from '../support/xds/discovery-api.ts';
import { buildSnapshot } from '../support/xds/hand-made-snapshot.ts';
import type { HandMadeResources } from '../support/xds/hand-made-snapshot.ts';

const node = { id: 'n' };

interface Body {
  readonly version_info: string;
  readonly type_url: string;
  readonly resources?: readonly Record<string, unknown>[];
}

class Fetched {
  readonly #snapshots = new SnapshotCache();
  readonly #takers = new ListenerTakers({ isConnected: () => false, onChange: () => undefined, returnUntilMs: 0 });
  readonly #fetch = new DiscoveryFetch(this.#snapshots, ({ id }) => id, this.#takers);

  constructor(resources?: HandMadeResources) {
    if (resources !== undefined) this.publish(resources);
  }

  publish(resources: HandMadeResources): void {
    this.#snapshots.set(node.id, buildSnapshot(resources));
  }

  /** With more for those who take listeners from here. */
  publishScopes(declared: HandMadeResources, reachable: HandMadeResources, draining: readonly string[]): void {
    const scopes = { declared: buildSnapshot(declared), reachable: buildSnapshot(reachable) };
    const resources: Snapshot['resources'] = (kind, dialect, scope = 'declared') => scopes[scope].resources(kind, dialect);
    this.#snapshots.set(node.id, { resources, draining });
  }

  answer(kind: Kind, fields: object = {}, apiVersion: ApiVersion = 'v3'): FetchAnswer {
    return this.#fetch.answer(apiVersion, kind, new JsonMessage({ node, ...fields }), true);
  }

  body(kind: Kind, fields: object = {}, apiVersion: ApiVersion = 'v3'): Body {
    const answer = this.answer(kind, fields, apiVersion);
    assert.ok(answer.kind === 'response', answer.kind);
    return JSON.parse(answer.body) as Body;
  }

  names(kind: Kind, resource_names: readonly string[]): unknown[] {
    const { resources = [] } = this.body(kind, { resource_names });
    return resources.map((resource) => resource['name'] ?? resource['cluster_name']);
  }
}

const resources: HandMadeResources = {
  clusters: { a: 1, b: 2 },
  endpoints: { a: [1], b: [2] },
  listeners: { a: 1, b: 2 },
  routes: { a: 'a', b: 'b' },
};

describe('a fetch, while a cluster drains and another has a stand-in,', () => {
  const declared = { clusters: { a: 1 }, endpoints: { a: [] }, listeners: { l: 1 } };
  const reachable = { clusters: { a: 1, b: 2 }, endpoints: { a: [9], b: [2] }, listeners: { l: 1 } };

  function fetchedOfScopes(): Fetched {
    const fetched = new Fetched(reachable);
    fetched.publishScopes(declared, reachable, ['b']);
    return fetched;
  }

  function portsIn({ resources: found = [] }: Body): string[] {
    return found.map((each) => JSON.stringify(each).match(/"port_value":(\d+)/)?.[1] ?? 'none');
  }

  test('of clusters leaves what drains to who has it, at the next polls too', () => {
    const held = new Fetched(reachable).body('cluster').version_info;
    const fetched = fetchedOfScopes();
    assert.deepEqual(fetched.answer('cluster', { version_info: held }), { kind: 'unchanged' });
    const { version_info: fresh, resources: found = [] } = fetched.body('cluster');
    assert.deepEqual(found.map(({ name }) => name), ['a']);
    assert.deepEqual(fetched.answer('cluster', { version_info: fresh }), { kind: 'unchanged' });
    assert.deepEqual(fetched.body('cluster', { version_info: 'other' }).resources?.map(({ name }) => name), ['a', 'b']);
  });

  test('of endpoints gives the stand-in to who takes listeners from here, and to nobody else', () => {
    const fetched = fetchedOfScopes();
    assert.deepEqual(portsIn(fetched.body('endpoint', { resource_names: ['a'] })), ['none']);
    fetched.answer('listener');
    assert.deepEqual(portsIn(fetched.body('endpoint', { resource_names: ['a', 'b'] })), ['9', '2']);
  });
});

describe('a fetch', () => {
  test('of as many names as are taken is answered, of more it is refused by field, number and rule', () => {
    const fetched = new Fetched(resources);
    const names = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
    assert.deepEqual(fetched.names('endpoint', names).toSorted(), names.toSorted());
    assert.throws(() => fetched.answer('endpoint', { resource_names: [...names, 'a'] }), {
      name: 'FieldError',
      message: 'resource_names: 1001 names, at most 1000 are taken; without names all are sent',
    });
  });

  for (const field of ['id', 'cluster']) {
    test(`by a node with a long ${field} is refused by field, length and rule`, () => {
      const long = { id: 'n', [field]: 'x'.repeat(1025) };
      assert.throws(() => new Fetched(resources).answer('cluster', { node: long }), {
        name: 'FieldError',
        message: `node.${field}: 1025 bytes, at most 1024 are taken`,
      });
    });
  }

  test('makes up no endpoints for the name that no cluster has', () => {
    assert.deepEqual(new Fetched(resources).names('endpoint', ['', 'a', 'missing']), ['a', 'missing']);
  });

  for (const apiVersion of ['v2', 'v3'] as const) {
    for (const kind of kinds) {
      test(`of ${kind}s (${apiVersion}) gives all of them, each with its type`, () => {
        const body = new Fetched(resources).body(kind, {}, apiVersion);
        const { type_url: typeUrl, resources: found = [] } = body;
        assert.notEqual(body.version_info, '');
        assert.equal(typeUrl, typeUrlOf(apiVersion, kind));
        assert.deepEqual(found.map((each) => each['@type']), [typeUrl, typeUrl]);
        assert.deepEqual(found.map((each) => each['name'] ?? each['cluster_name']), ['a', 'b']);
      });
    }
  }

  test('gives those that are named, in the order of names, each once', () => {
    const fetched = new Fetched(resources);
    for (const kind of kinds) {
      assert.deepEqual(fetched.names(kind, ['b']), ['b']);
      assert.deepEqual(fetched.names(kind, ['b', 'a', 'b']), ['a', 'b']);
      assert.deepEqual(fetched.names(kind, ['*', 'b']), ['a', 'b']);
    }
  });

  test('of an unknown name gives nothing, and for endpoints an assignment that ends the warming', () => {
    const fetched = new Fetched(resources);
    for (const kind of ['cluster', 'listener', 'route'] as const) {
      assert.deepEqual(fetched.names(kind, ['x', 'a']), ['a']);
    }
    const { resources: found } = fetched.body('endpoint', { resource_names: ['x'] });
    assert.deepEqual(found, [{ '@type': typeUrlOf('v3', 'endpoint'), cluster_name: 'x' }]);
  });

  test('with the current version finds nothing new', () => {
    const fetched = new Fetched(resources);
    for (const kind of kinds) {
      const { version_info: version } = fetched.body(kind);
      assert.deepEqual(fetched.answer(kind, { version_info: version }), { kind: 'unchanged' });
      assert.deepEqual(fetched.answer(kind, { versionInfo: version }), { kind: 'unchanged' });
      assert.equal(fetched.answer(kind, { version_info: 'other' }).kind, 'response');
    }
  });

  test('of some names is not moved by a change of others', () => {
    const fetched = new Fetched(resources);
    const { version_info: version } = fetched.body('endpoint', { resource_names: ['a'] });
    const fields = { resource_names: ['a'], version_info: version };
    fetched.publish({ ...resources, endpoints: { a: [1], b: [3] } });
    assert.deepEqual(fetched.answer('endpoint', fields), { kind: 'unchanged' });
    fetched.publish({ ...resources, endpoints: { a: [3], b: [3] } });
    assert.equal(fetched.answer('endpoint', fields).kind, 'response');
  });

  test('after the last one went gives an empty list, which removes them', () => {
    const fetched = new Fetched({});
    assert.deepEqual(Object.keys(fetched.body('cluster')), ['version_info', 'type_url', 'control_plane']);
  });

  test('is of the group of its node', () => {
    const fetched = new Fetched(resources);
    assert.deepEqual(fetched.answer('cluster', { node: { id: 'stranger' } }), { kind: 'unpublished' });
    assert.deepEqual(new Fetched().answer('cluster', { version_info: 'x' }), { kind: 'unpublished' });
  });

  test('may name the type, if it is the right one', () => {
    const fetched = new Fetched(resources);
    assert.equal(fetched.answer('cluster', { type_url: typeUrlOf('v3', 'cluster') }).kind, 'response');
    const expected = typeUrlOf('v3', 'cluster');
    for (const typeUrl of [typeUrlOf('v2', 'cluster'), typeUrlOf('v3', 'endpoint'), 'x']) {
      const words = `type_url ${JSON.stringify(typeUrl)}: this path serves ${expected}`;
      assert.throws(() => fetched.answer('cluster', { type_url: typeUrl }), new FieldError(words));
    }
  });

  const refusals: readonly (readonly [fields: object, words: string])[] = [
    [{ node: undefined }, 'node.id: required'],
    [{ node: {} }, 'node.id: required'],
    [{ node: { id: '' } }, 'node.id: required'],
    [{ node: 'n' }, 'node: must be a JSON object'],
    [{ node: { id: 1 } }, 'node.id: must be a string'],
    [{ resource_names: 'a' }, 'resource_names: must be a list'],
    [{ version_info: 1 }, 'version_info: must be a string'],
  ];
  for (const [fields, words] of refusals) {
    test(`is refused with ${JSON.stringify(fields)}`, () => {
      for (const fetched of [new Fetched(resources), new Fetched()]) {
        assert.throws(() => fetched.answer('cluster', fields), new FieldError(words));
      }
    });
  }
});
