// Envoy rejects nothing that our rules let through. The soak looks at more of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Listener } from '../../src/model/objects.ts';
import { describeRejected, findRejected, randomDeclarations } from './find-rejected.ts';

const seed = 20_261_127;
const count = 200;

test('Envoy takes what is published of random declarations', async () => {
  const rejected = await findRejected(randomDeclarations({ seed, count }));
  assert.equal(rejected && describeRejected(seed, rejected), undefined);
});

test('the one that Envoy rejects is found among others, with the reason', async () => {
  const declarations = randomDeclarations({ seed, count: 5 });
  const [, , , spoilt] = declarations;
  assert.ok(spoilt !== undefined);
  const [{ name: cluster } = assert.fail()] = spoilt.declaration.clusters;
  // The model would not let it through.
  const listener: Listener = { name: 'bad', address: '127.0.0.1:1', catch_all: cluster, connection_rate_limit: 0 };
  const worse = { ...spoilt.declaration, listeners: [...spoilt.declaration.listeners, listener] };
  const rejected = await findRejected(declarations.with(3, { number: 3, declaration: worse }));
  assert.equal(rejected?.number, 3);
  const expected = /^seed \d+, declaration 3: [^]*ConnectionRateLimitPerSec[^]*"name": "bad"/u;
  assert.match(describeRejected(seed, rejected), expected);
});

test('random declarations have fields of every kind, and are the same for the same seed', () => {
  const declarations = randomDeclarations({ seed, count });
  const objects = declarations.flatMap(({ declaration: { clusters, listeners } }) => [...clusters, ...listeners]);
  const fields = new Set(objects.flatMap((object) => Object.keys(object).map((field) => `${object.kind} ${field}`)));
  for (const field of ['undefined faults', 'tcp max_connection_duration', 'http routes', 'sharded shards']) {
    assert.ok(fields.has(field), `${field} of ${[...fields].join(', ')}`);
  }
  // Our own checks drop listeners: with few left, Envoy would be asked for nothing.
  const withListeners = declarations.filter(({ declaration: { listeners } }) => listeners.length > 0);
  assert.ok(withListeners.length > count / 2, `${withListeners.length} of ${count} keep a listener`);
  assert.deepEqual(randomDeclarations({ seed, first: 7, count: 1 }), declarations.slice(7, 8));
});
