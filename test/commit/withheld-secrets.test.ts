// Envoys on connections that others can read: named before a commit keeps something from them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { findListenersTaken, findWithheld } from '../../src/commit/withheld-secrets.ts';
import type { Cluster, Listener } from '../../src/model/objects.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { Publisher } from '../../src/commit/publisher.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { defaultOptions } from '../render/examples.ts';
import { openSecret, sealed } from '../support/test-vault.ts';

const endpoints = [{ address: '10.0.0.1', port: 6379 }];
const auth = { passwords: [{ secret: 's' }] };
const envoys = (...ids: readonly string[]) => new Map([['', new Set(ids)]]);

describe('what is secret', () => {
  const upstream = { upstream_auth: { password: { secret: 's' } } };
  const certificate = { ca: { secret: 'ca' }, certificate: { secret: 'c' }, sans: 'any' };
  const cases: readonly (readonly [what: string, object: Cluster | Listener, isSecret: boolean])[] = [
    ['a password of servers', parseCluster({ name: 'x', endpoints, ...upstream }), true],
    ['a client certificate', parseCluster({ name: 'x', endpoints, upstream_tls: certificate }), true],
    ['a CA', parseCluster({ name: 'x', endpoints, upstream_tls: { ca: { secret: 'ca' }, sans: 'any' } }), false],
    ['passwords of clients', parseListener({ name: 'x', auth }), true],
    ['a certificate', parseListener({ name: 'x', address: '0.0.0.0:1', tls: { certificate: { secret: 'c' } } }), true],
    ['nothing', parseListener({ name: 'x' }), false],
  ];
  for (const [what, object, isSecret] of cases) {
    test(`${what} is ${isSecret ? '' : 'not '}withheld`, () => {
      const said = findWithheld([object], envoys('b', 'a')).map(({ code, message }) => `${code}: ${message}`);
      assert.equal(said.length, isSecret ? 1 : 0);
      if (isSecret) assert.match(said[0] ?? '', /^secrets-withheld: .* of "x" .*: "a", "b": give them TLS/u);
      assert.deepEqual(findWithheld([object], new Map()), []);
    });
  }

  test('concerns the Envoys of the groups that are given it, and few of many are named', () => {
    const object = parseCluster({ name: 'x', groups: ['edge'], endpoints, ...upstream });
    assert.deepEqual(findWithheld([object], envoys('a')), []);
    const ids = Array.from({ length: 9 }, (_, index) => `e${index}`);
    const [finding] = findWithheld([object], new Map([['', new Set(['a'])], ['edge', new Set(ids)]]));
    assert.match(finding?.message ?? '', /: "e0", "e1", "e2", "e3", "e4" and 4 more: /u);
  });
});

describe('a listener that asks for a password from now on', () => {
  const [open, asking] = [parseListener({ name: 'l' }), parseListener({ name: 'l', auth })];

  test('is taken from Envoys that have it', () => {
    const [finding, ...others] = findListenersTaken([{ name: 'l', after: asking }], () => open, envoys('a'));
    assert.deepEqual(others, []);
    assert.match(finding?.message ?? '', /^"l" would be taken from Envoys .*: "a": /u);
  });

  test('is not where it asked before, is new, goes, or nobody is concerned', () => {
    assert.deepEqual(findListenersTaken([{ name: 'l', after: asking }], () => asking, envoys('a')), []);
    assert.deepEqual(findListenersTaken([{ name: 'l', after: asking }], () => undefined, envoys('a')), []);
    assert.deepEqual(findListenersTaken([{ name: 'l', after: undefined }], () => open, envoys('a')), []);
    assert.deepEqual(findListenersTaken([{ name: 'l', after: asking }], () => open, new Map()), []);
  });
});

test('the listener that is there without being declared counts, and the status names who is connected now', (t) => {
  let connected = envoys('a');
  const parts = {
    snapshots: new SnapshotCache(),
    renderOptions: { ...defaultOptions, openSecret },
    findWithoutSecrets: () => connected,
  };
  const publisher = new Publisher(parts, undefined);
  t.after(() => publisher.close());
  const after = parseListener({ name: 'redis_listener', auth });
  const edits = {
    ...noEdits,
    listeners: [{ name: after.name, after }],
    secrets: [{ name: 's', after: sealed({ name: 's', kind: 'password', value: 'x' }) }],
  };
  assert.deepEqual(publisher.review.findListenersTaken(edits), []);
  publisher.publish(publisher.prepare(noEdits));
  assert.match(publisher.review.findListenersTaken(edits)[0]?.message ?? '', /^"redis_listener" would be taken/u);
  const prepared = publisher.prepare(edits);
  const said = (found: readonly { readonly code: string; readonly message: string }[]): string[] =>
    found.filter(({ code }) => code === 'secrets-withheld').map(({ message }) => message);
  assert.match(said(publisher.review.findWarningsBefore(prepared, edits)).join(), /of "redis_listener" .*: "a": /u);
  publisher.publish(prepared);
  assert.deepEqual(publisher.review.findListenersTaken(edits), []);
  connected = envoys('b');
  assert.match(said(publisher.status().warnings).join(), /: "b": /u);
  connected = new Map();
  assert.deepEqual(said(publisher.status().warnings), []);
});
