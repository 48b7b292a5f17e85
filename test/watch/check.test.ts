// All servers looked at once, so many at a time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withAddresses } from '../../src/effective/addresses.ts';
import { checkServers } from '../../src/watch/check.ts';
import type { Part } from '../../src/watch/contradictions.ts';
import { serversOf } from '../../src/watch/declared-servers.ts';
import type { DeclaredServer } from '../../src/watch/declared-servers.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';

const options = { deadlineMs: 1_000, atOnce: 4, signal: new AbortController().signal, onChecked: () => undefined };

function serverOn(port: number, more: Partial<DeclaredServer> = {}): DeclaredServer {
  return { cluster: 'a', mayBeOther: true, host: '127.0.0.1', port, part: 'any', ...more };
}

test('the servers of clusters are their endpoints and those of their shards', () => {
  const plain = parseCluster({ name: 'p', endpoints: [{ address: '10.0.0.2', port: 1 }, { address: '10.0.0.1', port: 2 }] });
  const shards = [{ name: 's', endpoint: { address: '10.0.0.3', port: 3 } }];
  const sharded = parseCluster({ name: 's', kind: 'sharded', shards });
  assert.deepEqual(
    serversOf([plain, sharded]).map(({ cluster, host, port, mayBeOther }) => [cluster, host, port, mayBeOther]),
    [['p', '10.0.0.1', 2, true], ['p', '10.0.0.2', 1, true], ['s', '10.0.0.3', 3, false]],
  );
});

test('what a server is declared to be is what it is to its cluster', () => {
  const [one, two, three] = [1, 2, 3].map((last) => ({ address: `10.0.0.${last}`, port: 1 }));
  const group = { primary: '10.0.0.2:1', endpoints: [one, two] };
  const clusters = [
    { name: 'g', kind: 'replicated', ...group },
    { name: 's', kind: 'sharded', shards: [{ name: 's0', ...group }, { name: 's1', endpoint: three }] },
    { name: 'c', kind: 'redis_cluster', endpoints: [one] },
    { name: 'p', endpoints: [one] },
  ].map(parseCluster);
  assert.deepEqual(
    serversOf(clusters).map(({ cluster, host, part, mayBeOther }) => [cluster, host.slice(-1), part, mayBeOther]),
    [
      ['g', '1', 'replica', false],
      ['g', '2', 'primary', false],
      ['s', '1', 'replica', false],
      ['s', '2', 'primary', false],
      ['s', '3', 'any', false],
      ['c', '1', 'cluster-node', false],
      ['p', '1', 'any', true],
    ],
  );
});

test('answers come in the order of the servers, each told as it is there', async (t) => {
  const redis = await startRedis(t);
  const servers = [serverOn(await freePort()), serverOn(redis.port), serverOn(await freePort())];
  const told: number[] = [];
  const checked = await checkServers(servers, { ...options, atOnce: 2, onChecked: (count) => void told.push(count) });
  assert.deepEqual(checked.map(({ port, isFine }) => [port, isFine]), servers.map(({ port }) => [port, port === redis.port]));
  assert.deepEqual(told, [1, 2, 3]);
});

test('two addresses of one server are told, in one cluster', async (t) => {
  const { port } = await startRedis(t);
  const servers = [serverOn(port), serverOn(port, { host: 'localhost' }), serverOn(port, { cluster: 'b' })];
  const checked = await checkServers(servers, options);
  assert.deepEqual(checked.map(({ contradictions }) => contradictions), [
    [],
    [`it is the same server as 127.0.0.1:${port}`],
    [],
  ]);
});

test('when it is broken off, what was seen is given', async (t) => {
  const { port } = await startRedis(t);
  const controller = new AbortController();
  const servers = [serverOn(port), serverOn(port), serverOn(port)];
  const stop = { ...options, atOnce: 1, signal: controller.signal, onChecked: () => controller.abort() };
  assert.equal((await checkServers(servers, stop)).length, 1);
});

describe('names that the control plane looks up', () => {
  const server = (address: string, port = 1) => ({ address, port });
  const names = {
    addresses: new Map([
      ['pair.internal', ['10.0.0.2', '10.0.0.1']],
      ['all.internal', ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
    ]),
    problems: new Map([['gone.internal', 'not found']]),
  };
  const cases: readonly (readonly [what: string, cluster: object, servers: readonly (readonly unknown[])[]])[] = [
    ['each address is one server', { endpoints: [server('pair.internal'), server('10.0.0.9')] }, [
      ['10.0.0.1', 'any', 'pair.internal', undefined],
      ['10.0.0.2', 'any', 'pair.internal', undefined],
      ['10.0.0.9', 'any', undefined, undefined],
    ]],
    ['a primary is one, the first', {
      kind: 'replicated',
      primary: 'pair.internal:1',
      endpoints: [server('all.internal'), server('pair.internal')],
    }, [
      ['10.0.0.1', 'replica', 'all.internal', undefined],
      ['10.0.0.2', 'primary', 'pair.internal', undefined],
      ['10.0.0.3', 'replica', 'all.internal', undefined],
    ]],
    ['one that leads nowhere is told as what it is', {
      kind: 'replicated',
      primary: 'gone.internal:1',
      endpoints: [server('gone.internal'), server('10.0.0.9')],
    }, [['10.0.0.9', 'replica', undefined, undefined], ['gone.internal', 'primary', 'gone.internal', 'not found']]],
    ['and so is that of a shard', {
      kind: 'sharded',
      shards: [{ name: 's', endpoint: server('gone.internal') }, { name: 't', endpoint: server('pair.internal') }],
    }, [['10.0.0.2', 'any', 'pair.internal', undefined], ['gone.internal', 'any', 'gone.internal', 'not found']]],
    ['what Envoys look up stays a name', { resolve: undefined, endpoints: [server('pair.internal')] }, [
      ['pair.internal', 'any', undefined, undefined],
    ]],
  ];
  for (const [what, fields, servers] of cases) {
    test(what, () => {
      const cluster = parseCluster({ name: 'c', resolve: 'controlplane', ...fields });
      const found = serversOf([cluster], undefined, names);
      assert.deepEqual(found.map(({ host, part, hostName, nameProblem }) => [host, part, hostName, nameProblem]), servers);
    });
  }

  test('looking does not change what is published', () => {
    const cluster = parseCluster({ name: 'c', resolve: 'controlplane', endpoints: [server('pair.internal')] });
    const published = withAddresses(cluster, names.addresses);
    serversOf([cluster], undefined, { addresses: new Map(), problems: new Map() });
    assert.equal(withAddresses(cluster, names.addresses), published);
  });

  test('nobody is asked for one that leads nowhere', async () => {
    const lost = serverOn(1, { host: 'gone.internal', hostName: 'gone.internal', nameProblem: 'not found' });
    const [{ isFine, look } = assert.fail()] = await checkServers([lost], options);
    assert.deepEqual([isFine, look], [
      false,
      { trouble: 'failed', detail: 'its name leads to no address: not found', tookMs: 0 },
    ]);
  });
});

describe('servers that replicate', () => {
  const partOf = ({ port }: RedisServer, part: Part, more: Partial<DeclaredServer> = {}) =>
    serverOn(port, { part, mayBeOther: false, ...more });
  const linesOf = async (...servers: readonly DeclaredServer[]): Promise<readonly (readonly string[])[]> => {
    return (await checkServers(servers, options)).map(({ contradictions }) => contradictions);
  };

  test('are fine with their own primary, and not with another, in each group by itself', async (t) => {
    const [primary, foreign, replica] = [await startRedis(t), await startRedis(t), await startRedis(t)];
    await follow(replica, primary);
    const parts = [partOf(primary, 'primary'), partOf(replica, 'replica')];
    assert.deepEqual(await linesOf(...parts), [[], []]);
    const others = [partOf(foreign, 'primary', { shard: 's' }), partOf(replica, 'replica', { shard: 's' })];
    const line = `it is a replica of 127.0.0.1:${primary.port}, which has other writes than the declared primary`;
    const twin = `it is the same server as 127.0.0.1:${replica.port}`;
    assert.deepEqual(await linesOf(...parts, ...others), [[], [], [], [line, twin]]);
  });

  test('are not fine with the old primary of one that was promoted, and fine with the new one', async (t) => {
    const [old, promoted, replica] = [await startRedis(t), await startRedis(t), await startRedis(t)];
    await follow(promoted, old);
    await follow(replica, old);
    await promoted.direct.ask('REPLICAOF', 'NO', 'ONE');
    await old.direct.ask('SET', 'key', 'value');
    await replica.child.until('it has what the old primary is told', async () => (await replica.direct.ask('GET', 'key')) === '"value"');
    const servers = [partOf(promoted, 'primary'), partOf(replica, 'replica')];
    const line = `it is a replica of 127.0.0.1:${old.port}, which has other writes than the declared primary`;
    assert.deepEqual(await linesOf(...servers), [[], [line]]);
    await follow(replica, promoted);
    assert.deepEqual(await linesOf(...servers), [[], []]);
  });

  test('are not fine without a link to their primary', async (t) => {
    const [primary, replica, gone] = [await startRedis(t), await startRedis(t), await freePort()];
    await replica.direct.ask('REPLICAOF', '127.0.0.1', `${gone}`);
    const line = `primary_link down: it is a replica of 127.0.0.1:${gone}, gets nothing from there, and what it has grows old`;
    assert.deepEqual(await linesOf(partOf(primary, 'primary'), partOf(replica, 'replica')), [[], [line]]);
  });
});

/** Resolves when the link is up. */
async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  await replica.direct.ask('REPLICAOF', primary.address, `${primary.port}`);
  await replica.child.until('it replicates', async () => (await replica.direct.ask('ROLE')).includes('"connected"'));
}
