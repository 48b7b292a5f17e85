// Clients that come after a commit: judged when somebody asks, by what is published.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import type { Agents } from '../../src/commit/capabilities.ts';
import { Publisher } from '../../src/commit/publisher.ts';
import type { PublisherParts } from '../../src/commit/publisher.ts';
import type { WithoutSecrets } from '../../src/commit/withheld-secrets.ts';
import { noEdits } from '../../src/inventory/edits.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { SnapshotCache } from '../../src/snapshot/snapshot.ts';
import { defaultOptions } from '../render/examples.ts';
import { openSecret, sealed } from '../support/test-vault.ts';

const endpoint = { address: '10.0.0.1', port: 6379 };
const own = { ...endpoint, upstream_auth: { password: { secret: 's' } } };
const cluster = parseCluster({ name: 'a', groups: ['edge'], endpoints: [own] });
const listener = parseListener({ name: 'l', groups: ['core'], address: '0.0.0.0:7000', protocol: 'RESP3' });
const edits = {
  ...noEdits,
  clusters: [{ name: 'a', after: cluster }],
  listeners: [{ name: 'l', after: listener }],
  secrets: [{ name: 's', after: sealed({ name: 's', kind: 'password', value: 'x' }) }],
};
const lacksPassword = (envoy: string): string =>
  'an upstream_auth of its own for an endpoint of "a" needs Envoy 1.37, and an older one sends these servers no ' +
  `password: ${envoy}`;
const lacksResp3 = (envoy: string): string =>
  `protocol RESP3 of "l" needs Envoy 1.40, and an older one speaks RESP2, and refuses HELLO 3: ${envoy}`;

function open(t: TestContext, parts: Partial<PublisherParts> = {}): Publisher {
  const renderOptions = { ...defaultOptions, openSecret };
  const publisher = new Publisher({ snapshots: new SnapshotCache(), renderOptions, ...parts }, undefined);
  t.after(() => publisher.close());
  return publisher;
}

test('status names who is too old for what is published, whenever it came, and says nothing twice', (t) => {
  let agents: readonly Agents[] = [];
  const publisher = open(t, { findAgents: () => agents });
  const said = (): string[] => {
    return publisher.status().warnings.filter(({ code }) => code === 'old-envoy').map(({ message }) => message);
  };
  publisher.publish(publisher.prepare(edits));
  assert.deepEqual(said(), []);
  agents = [
    { group: 'edge', version: '1.36.2', ids: ['x'] },
    { group: 'core', version: '1.36.2', ids: ['y'] },
    { group: 'edge', version: '1.40.0', ids: ['z'] },
  ];
  assert.deepEqual(said(), [lacksPassword('"x" (1.36.2)'), lacksResp3('"y" (1.36.2)')]);
  agents = agents.slice(1);
  assert.deepEqual(said(), [lacksResp3('"y" (1.36.2)')]);
  publisher.publish(publisher.prepare({ ...noEdits, listeners: [{ name: 'l', after: undefined }] }));
  assert.deepEqual(said(), []);
});

test('what is published is looked at for nobody who is young enough', (t) => {
  const publisher = open(t, { findAgents: () => [{ group: 'edge', version: '1.40.0', ids: ['x'] }] });
  const watched = new Proxy(cluster, {
    has: (target, field) => (field === 'reads' ? assert.fail('it was looked at') : Reflect.has(target, field)),
  });
  const prepared = publisher.prepare(edits);
  const { clusters } = prepared.declared;
  publisher.publish({ ...prepared, declared: { ...prepared.declared, clusters: clusters.with([['a', watched]]) } });
  assert.deepEqual(publisher.status().warnings.filter(({ code }) => code === 'old-envoy'), []);
});

test('of one that comes is told what it does not get as it is meant; before the first commit nothing is', (t) => {
  const publisher = open(t);
  const tell = (version: string, group: string, without: WithoutSecrets = new Map()): string[] => {
    return publisher.review.findWarningsOfClients([{ group, version, ids: ['x'] }], without).map(({ message }) => message);
  };
  assert.deepEqual(tell('1.36.2', 'edge'), []);
  publisher.publish(publisher.prepare(edits));
  assert.deepEqual(tell('1.36.2', 'edge'), [lacksPassword('"x" (1.36.2)')]);
  assert.deepEqual(tell('1.39.0', 'edge'), []);
  assert.deepEqual(tell('1.39.0', 'core'), [lacksResp3('"x" (1.39.0)')]);
  const [withheld, ...others] = tell('1.40.0', 'edge', new Map([['edge', new Set(['x'])]]));
  assert.deepEqual(others, []);
  assert.match(withheld ?? '', /^the passwords and private keys of "a" are not given to .*: "x": /u);
  assert.deepEqual(tell('1.40.0', 'core', new Map([['core', new Set(['x'])]])), []);
});
