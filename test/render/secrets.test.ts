// What is rendered of secrets: messages that name one change with it, and no others; what drains keeps what it had.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { SortedByName } from '../../src/collections/sorted-by-name.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import type { Secret } from '../../src/model/objects.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { RenderedSnapshot } from '../../src/render/rendered-snapshot.ts';
import { findSecretUsers } from '../../src/render/secret-users.ts';
import { dialects } from '../../src/snapshot/dialect.ts';
import type { Scope } from '../../src/snapshot/snapshot.ts';
import { publishOrder } from '../../src/snapshot/resource.ts';
import { openSecret, sealed } from '../support/test-vault.ts';
import { byName, defaultOptions, servedOf } from './examples.ts';

const options = { ...defaultOptions, openSecret };
const names = ['s0', 's1', 's2'];
const password = (name: string, value: string): Secret => sealed({ name, kind: 'password', value });
const endpoint = { address: '10.0.0.1', port: 6379 };

const using = (secret: string) => ({ upstream_auth: { password: { secret } } });
const clusters = [
  parseCluster({ name: 'c0', endpoints: [endpoint], ...using('s0') }),
  parseCluster({ name: 'c1', prefix: 'p', endpoints: [{ ...endpoint, ...using('s1') }] }),
  parseCluster({ name: 'c2', kind: 'sharded', shards: [{ name: 's', endpoint: { ...endpoint, ...using('s0') } }] }),
  parseCluster({ name: 'c3', endpoints: [endpoint] }),
];
const listeners = [
  parseListener({ name: 'l0', address: '0.0.0.0:7000', auth: { passwords: [{ secret: 's1' }, { secret: 's2' }] }, catch_all: 'c0' }),
  parseListener({ name: 'l1', address: '0.0.0.0:7001', catch_all: 'c0' }),
  parseListener({ name: 'l2', kind: 'tcp', address: '0.0.0.0:7002', cluster: 'c0' }),
];

/** Versions by kind, dialect, scope and name. */
function versionsOf(snapshot: RenderedSnapshot): ReadonlyMap<string, string> {
  const ways = (['v2', 'v3'] as const).flatMap((version) => Object.values(dialects[version]));
  const scopes: readonly Scope[] = ['declared', 'reachable'];
  return new Map(
    publishOrder.flatMap((kind) =>
      ways.flatMap((dialect) =>
        scopes.flatMap((scope) =>
          Array.from(snapshot.resources(kind, dialect, scope).resources.values(), ({ name, version }) => {
            return [`${kind} ${dialect.apiVersion} ${dialect.configSource} ${scope} ${name}`, version] as const;
          }),
        ),
      ),
    ),
  );
}

function changed(before: RenderedSnapshot, after: RenderedSnapshot): string[] {
  const [old, now] = [versionsOf(before), versionsOf(after)];
  const keys = [...now.keys()].filter((key) => old.get(key) !== now.get(key) && key.includes(' v3 ads declared '));
  return keys.map((key) => key.replace(' v3 ads declared', ''));
}

describe('a secret that changes', () => {
  const secrets = names.map((name) => password(name, `first of ${name}`));
  const declared = { clusters: byName(...clusters), listeners: byName(...listeners), secrets: byName(...secrets) };
  const cases: readonly (readonly [secret: string, changed: readonly string[]])[] = [
    ['s0', ['cluster c0', 'cluster c2']],
    ['s1', ['cluster c1', 'listener l0']],
    ['s2', ['listener l0']],
    ['nobody', []],
  ];
  for (const [name, expected] of cases) {
    test(`changes what names it: ${expected.join(', ') || 'nothing'}`, () => {
      const before = RenderedSnapshot.of(declared, options);
      versionsOf(before);
      const after = before.next({ ...noEdits, secrets: [{ name, after: password(name, 'second') }] });
      assert.deepEqual(changed(before, after), expected);
    });
  }

  test('and labels of it change nothing', () => {
    const before = RenderedSnapshot.of(declared, options);
    const labelled = sealed({ name: 's0', kind: 'password', value: 'first of s0', labels: { team: 'x' } });
    assert.deepEqual(changed(before, before.next({ ...noEdits, secrets: [{ name: 's0', after: labelled }] })), []);
  });

  test('leaves after any steps what a snapshot from scratch has', () => {
    const anySecrets = fc.tuple(...names.map((name) => fc.nat(2).map((value) => password(name, `${value}`))));
    const anyObjects = fc.record({ clusters: fc.subarray(clusters), listeners: fc.subarray(listeners), secrets: anySecrets });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyObjects, fc.boolean()), { minLength: 2, maxLength: 5 }), (steps) => {
        let state = { clusters: byName<(typeof clusters)[number]>(), listeners: byName<(typeof listeners)[number]>(), secrets: byName<Secret>() };
        let snapshot = RenderedSnapshot.of(state, options);
        for (const [objects, isAsked] of steps) {
          const after = { clusters: byName(...objects.clusters), listeners: byName(...objects.listeners), secrets: byName(...objects.secrets) };
          const gone = clusters.filter(({ name }) => state.clusters.has(name) && !after.clusters.has(name));
          const edits = {
            clusters: clusters.map(({ name }) => ({ name, after: after.clusters.get(name) })),
            listeners: listeners.map(({ name }) => ({ name, after: after.listeners.get(name) })),
            secrets: names.map((name) => ({ name, after: after.secrets.get(name) })),
          };
          snapshot = snapshot.next(edits, servedOf(byName(...gone)));
          if (isAsked) assert.deepEqual(versionsOf(snapshot), versionsOf(RenderedSnapshot.of(after, options, servedOf(byName(...gone)))));
          state = after;
        }
      }),
      { numRuns: 50 },
    );
  });
});

test('a cluster that drains keeps the password that went with it, and follows one that changes', () => {
  const [cluster] = clusters;
  assert.ok(cluster !== undefined);
  const secret = password('s0', 'first');
  const before = RenderedSnapshot.of({ clusters: byName(cluster), secrets: byName(secret) }, options);
  const versionOf = (snapshot: RenderedSnapshot) => versionsOf(snapshot).get('cluster v3 ads reachable c0');
  const version = versionOf(before);
  const draining = servedOf(byName(cluster));
  const removed = before.next({ ...noEdits, clusters: [{ name: 'c0', after: undefined }], secrets: [{ name: 's0', after: undefined }] }, draining);
  assert.deepEqual([versionOf(removed), versionsOf(removed).get('cluster v3 ads declared c0')], [version, undefined]);
  const other = { ...secret, ...password('s0', 'second') };
  const drained = before.next({ ...noEdits, clusters: [{ name: 'c0', after: undefined }], secrets: [{ name: 's0', after: other }] }, draining);
  assert.notEqual(versionOf(drained), version);
  // After a restart nobody knows it any more: the cluster is there all the same.
  const copy = { ...cluster };
  const restarted = RenderedSnapshot.of({ clusters: byName() }, options, servedOf(byName(copy)));
  assert.ok(versionOf(restarted) !== undefined && versionOf(restarted) !== version);
});

test('a listener whose password is not there is not published open', () => {
  const [listener] = listeners;
  assert.ok(listener !== undefined);
  const snapshot = RenderedSnapshot.of({ clusters: byName(...clusters), listeners: byName(listener) }, options);
  assert.throws(() => versionsOf(snapshot), /secret "s1": there is no such password/u);
});

test('who names a secret is found at the cost of what changed', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => {
    return parseCluster({ name: `c-${1000 + index}`, endpoints: [], ...(index % 500 === 0 ? using('s0') : {}) });
  });
  let asked = 0;
  const objects = SortedByName.of(many);
  const find = (all: typeof objects) => findSecretUsers(all, (each) => ((asked += 1), each), ['s0']);
  assert.deepEqual(find(objects), ['c-1000', 'c-1500']);
  assert.equal(asked, 1_000);
  const next = objects.with([['c-1001', parseCluster({ name: 'c-1001', endpoints: [], ...using('s0') })]]);
  assert.deepEqual(find(next), ['c-1000', 'c-1001', 'c-1500']);
  assert.ok(asked < 1_200, `${asked}`);
});
