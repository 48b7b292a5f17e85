// What is asked of servers, as whom, and what a refusal comes to.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ActError } from '../../src/failover/acts.ts';
import { RedisActs } from '../../src/failover/redis-acts.ts';
import { failOverBySentinel } from '../../src/failover/sentinel-failover.ts';
import { createTargetFinder, findSentinelTargets } from '../../src/failover/targets.ts';
import type { ReplicatedCluster } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { parseServerAddress } from '../../src/net/address.ts';
import type { FindSecret } from '../../src/watch/find-secret.ts';
import { freePort } from '../support/free-port.ts';
import { startStandIn } from '../watch/resp-stand-in.ts';
import type { Reaction } from '../watch/resp-stand-in.ts';

const direct = (server: string) => parseServerAddress(server);

function clusterOf(more: object): ReplicatedCluster {
  const endpoints = [{ address: '10.0.0.1', port: 6379 }];
  return parseCluster({ name: 'c', kind: 'replicated', primary: '10.0.0.1:6379', endpoints, ...more }) as ReplicatedCluster;
}

const password: FindSecret = (name) => (name === 'p' ? { kind: 'password', value: 'open sesame' } : undefined);

describe('acts', () => {
  const clients = 'id=3 addr=10.0.0.9:1 name=sentinel-0a1b2c3d-cmd cmd=ping\n';
  const sights: readonly (readonly [what: string, answers: Readonly<Record<string, Reaction>>, found: RegExp | undefined])[] = [
    ['by who listens', { PUBSUB: ['__sentinel__:hello', 2] }, /listens to __sentinel__:hello/u],
    ['by their connections', { PUBSUB: ['__sentinel__:hello', 0], CLIENT: clients }, /named sentinel-0a1b2c3d-cmd/u],
    ['by nothing where there are none', { PUBSUB: ['__sentinel__:hello', 0], CLIENT: 'id=1 name=me\n' }, undefined],
    ['by nothing where it may not be asked', { PUBSUB: new Error('NOPERM'), CLIENT: new Error('NOPERM') }, undefined],
  ];
  for (const [what, answers, found] of sights) {
    test(`see Sentinels ${what}`, async (t) => {
      const server = await startStandIn(t, (command) => answers[command]);
      const acts = new RedisActs({ findTarget: direct });
      t.after(() => acts.close());
      const how = await acts.findSentinels(`127.0.0.1:${server.port}`);
      if (found === undefined) assert.equal(how, undefined);
      else assert.match(how ?? '', found);
    });
  }

  test('say what a server refuses, on the connection that is kept, and whom they do not reach', async (t) => {
    const server = await startStandIn(t, (command) => (command === 'CLIENT' ? new Error('ERR syntax error') : undefined));
    const acts = new RedisActs({ findTarget: direct });
    t.after(() => acts.close());
    const name = `127.0.0.1:${server.port}`;
    await assert.rejects(acts.pauseWrites(name, 100), new ActError('ERR syntax error'));
    await assert.rejects(acts.unpause(name), new ActError('ERR syntax error'));
    assert.equal(server.connections, 1);
    const nobody = await acts.look(`127.0.0.1:${await freePort()}`);
    assert.match('problem' in nobody ? nobody.problem : '', /^refused: /u);
  });

  test('keep a promotion in the file of a server, where it has one', async (t) => {
    const server = await startStandIn(t, (command) => (command === 'REPLICAOF' ? 'OK' : new Error('ERR no config file')));
    const acts = new RedisActs({ findTarget: direct });
    t.after(() => acts.close());
    await acts.promote(`127.0.0.1:${server.port}`);
    assert.deepEqual(server.commands, ['REPLICAOF', 'CONFIG']);
  });
});

describe('who asks', () => {
  test('is whom watching asks as, else whom Envoy is', () => {
    const auth = { upstream_auth: { password: { secret: 'p' } } };
    const credentialsOf = (more: object) => createTargetFinder(clusterOf(more), password)('10.0.0.1:6379');
    const address = { host: '10.0.0.1', port: 6379, tls: undefined };
    assert.deepEqual(credentialsOf({}), { ...address, credentials: undefined });
    assert.deepEqual(credentialsOf(auth), { ...address, credentials: { username: undefined, password: 'open sesame' } });
    const watch = { username: 'mover', password: { secret: 'p' } };
    assert.deepEqual(credentialsOf({ watch }), { ...address, credentials: { username: 'mover', password: 'open sesame' } });
  });

  test('says why nobody can be asked', () => {
    const find = createTargetFinder(clusterOf({ upstream_auth: { password: { secret: 'gone' } } }), password);
    assert.match(JSON.stringify(find('10.0.0.1:6379')), /secret .*gone.* is missing/u);
    assert.deepEqual(find('10.0.0.2:6379'), { problem: 'it is no server of the cluster' });
  });
});

describe('a Sentinel', () => {
  const terms = (sentinels: readonly number[], more: object = {}) => clusterOf({
    failover: { by: 'sentinel', master: 'mymaster', sentinels: sentinels.map((port) => `127.0.0.1:${port}`), ...more },
  });

  test('that refuses is passed over; one that is at it already does it', async (t) => {
    const [deaf, refusing] = [await freePort(), await startStandIn(t, () => new Error('NOGOODSLAVE No suitable replica'))];
    const busy = await startStandIn(t, () => new Error('INPROG Failover already in progress'));
    const cluster = terms([deaf, refusing.port, busy.port]);
    assert.equal(await failOverBySentinel(findSentinelTargets(cluster, password), 'mymaster'), `127.0.0.1:${busy.port}`);
  });

  test('is asked as it is declared', async (t) => {
    const sentinel = await startStandIn(t, () => 'OK');
    const cluster = terms([sentinel.port], { password: { secret: 'p' } });
    await failOverBySentinel(findSentinelTargets(cluster, password), 'mymaster');
    assert.deepEqual(sentinel.commands, ['AUTH', 'SENTINEL']);
  });

  test('says why, when none does it', async (t) => {
    const refusing = await startStandIn(t, () => new Error('NOGOODSLAVE No suitable replica'));
    const failing = failOverBySentinel(findSentinelTargets(terms([refusing.port]), password), 'mymaster');
    await assert.rejects(failing, new ActError(`no Sentinel fails over: 127.0.0.1:${refusing.port}: NOGOODSLAVE No suitable replica`));
  });
});
