import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeReconnect } from '../../src/commit/reconnects.ts';
import { parseCluster } from '../../src/model/parse.ts';

const [a, b] = [{ address: '10.0.0.1', port: 1 }, { address: '10.0.0.2', port: 1 }];
const named = { address: 'redis-a', port: 1 };
const resolve = 'controlplane';
const group = { kind: 'replicated', endpoints: [a, b] };

const cases: readonly (readonly [what: string, before: object, after: object, isMadeAnew: boolean])[] = [
  ['an endpoint more', { endpoints: [a] }, { endpoints: [a, b] }, false],
  ['another primary', { ...group, primary: '10.0.0.1:1' }, { ...group, primary: '10.0.0.2:1' }, false],
  ['another time to connect', {}, { connect_timeout: '1s' }, true],
  ['the time to connect that is there unless told', {}, { connect_timeout: '5s' }, false],
  ['another policy', {}, { load_balancing: { policy: 'random' } }, true],
  ['the policy that is there unless told', {}, { load_balancing: { policy: 'round_robin' } }, false],
  ['another kind', { endpoints: [a] }, { kind: 'replicated', endpoints: [a], primary: '10.0.0.1:1' }, true],
  ['TLS', {}, { upstream_tls: { insecure: true } }, true],
  ['another prefix, group and label', { prefix: 'a' }, { prefix: 'b', groups: ['g'], labels: { l: '1' } }, false],
  ['a check', { endpoints: [a] }, { endpoints: [a], health_check: {} }, true],
  ['another check', { health_check: { interval: '1s' } }, { health_check: { interval: '2s' } }, true],
  ['an outlier detection less', { outlier_detection: {} }, {}, true],
  ['another threshold', { health_check: {} }, { health_check: {}, panic_threshold: 2 }, true],
  ['a threshold without a check', {}, { panic_threshold: 2 }, false],
  ['the first name', { endpoints: [a] }, { endpoints: [a, named] }, true],
  ['the last name less', { endpoints: [a, named] }, { endpoints: [a] }, true],
  ['an address beside a name', { endpoints: [named] }, { endpoints: [a, named] }, true],
  ['a weight beside a name', { endpoints: [named] }, { endpoints: [{ ...named, weight: 2 }] }, true],
  ['a label of a name', { endpoints: [named] }, { endpoints: [{ ...named, labels: { rack: '1' } }] }, false],
  ['a name that is looked up here', { resolve, endpoints: [a] }, { resolve, endpoints: [a, named] }, false],
  ['who looks a name up', { endpoints: [named] }, { resolve, endpoints: [named] }, true],
  ['another primary of those with names', { ...group, endpoints: [a, named], primary: '10.0.0.1:1' }, {
    ...group, endpoints: [a, named], primary: 'redis-a:1',
  }, true],
];

for (const [what, before, after, isMadeAnew] of cases) {
  test(`${what} ${isMadeAnew ? 'makes Envoys connect anew' : 'costs nothing'}`, () => {
    const [old, now] = [before, after].map((fields) => parseCluster({ name: 'x', ...fields }));
    assert.ok(old !== undefined && now !== undefined);
    assert.equal(describeReconnect(old, now) !== undefined, isMadeAnew);
    assert.equal(describeReconnect(now, old) !== undefined, isMadeAnew);
  });
}
