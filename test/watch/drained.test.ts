// What CLIENT LIST says of connections, and whether a server that was taken from Envoys is done with their commands.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ConnectionsWatch, readClientList } from '../../src/watch/connections.ts';
import type { ServerConnection } from '../../src/watch/connections.ts';
import { hostsOfEnvoys, judgeDrained } from '../../src/watch/drained.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRedis } from '../support/resp-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const own = 'id=9 addr=10.0.0.9:50000 laddr=10.0.0.1:6379 fd=9 name= age=0 idle=0 flags=N multi=-1 qbuf=26 obl=0 oll=0 cmd=client|list';
const line = (fields: string) => `id=1 addr=10.0.0.7:4000 laddr=10.0.0.1:6379 name=a age=5 idle=0 flags=N db=0 ${fields} cmd=get user=default`;

function read(fields: string): ServerConnection | undefined {
  const look = readClientList(`${own}\n${line(fields)}\n`, '9');
  return 'connections' in look ? look.connections[0] : undefined;
}

describe('a connection in CLIENT LIST', () => {
  const calm = 'multi=-1 qbuf=0 obl=0 oll=0';
  const cases: readonly (readonly [what: string, fields: string, isBusy: boolean])[] = [
    ['that has its answers', calm, false],
    ['of an old server, which says less', 'qbuf=0 obl=0 oll=0', false],
    ['of which a command is half read', 'multi=-1 qbuf=12 obl=0 oll=0', true],
    ['of which an answer is half written', 'multi=-1 qbuf=0 obl=5 oll=0', true],
    ['of which answers wait', 'multi=-1 qbuf=0 obl=0 oll=2', true],
    ['with an open MULTI', 'multi=0 qbuf=0 obl=0 oll=0', true],
  ];
  for (const [what, fields, isBusy] of cases) {
    test(what, () => assert.deepEqual(read(fields), { host: '10.0.0.7', isBusy, idleS: 0, command: 'get' }));
  }

  test('that is blocked', () => {
    const look = readClientList('id=1 addr=[::1]:4000 idle=3 flags=b multi=-1 qbuf=0 cmd=blpop\n', undefined);
    assert.deepEqual(look, { connections: [{ host: '::1', isBusy: true, idleS: 3, command: 'blpop' }], ownHost: undefined });
  });

  test('is not shown of replicas, primaries, monitors and the one that asks', () => {
    const lines = ['S', 'M', 'O'].map((flags, index) => `id=${index} addr=10.0.0.7:1 flags=${flags} cmd=psync`);
    assert.deepEqual(readClientList([own, ...lines].join('\r\n'), '9'), { connections: [], ownHost: '10.0.0.9' });
  });
});

describe('a server is drained', () => {
  const from = (host: string, rest: Partial<ServerConnection> = {}): ServerConnection => {
    return { host, isBusy: false, idleS: 0, command: 'get', ...rest };
  };
  const envoys = new Set(['10.0.0.7', '10.0.0.8']);
  const cases: readonly (readonly [what: string, connections: ServerConnection[], hosts: Set<string> | undefined, state: string])[] = [
    ['without a connection', [], envoys, 'yes'],
    ['that none of an Envoy is left of', [from('10.0.0.1', { isBusy: true })], envoys, 'yes'],
    ['not, with a command of an Envoy', [from('10.0.0.7', { isBusy: true, idleS: 99 })], envoys, 'no'],
    ['not, while an Envoy sends', [from('10.0.0.8', { idleS: 1 })], envoys, 'no'],
    ['when nobody at an Envoy\'s host sends any more', [from('10.0.0.8', { idleS: 2 })], envoys, 'yes'],
    ['though a watcher at an Envoy\'s host looks at it', [from('10.0.0.8', { command: 'info' })], envoys, 'yes'],
    ['not, while anybody sends who may be an Envoy', [from('10.9.9.9')], undefined, 'no'],
    ['when nobody at all sends', [from('10.9.9.9', { idleS: 5 })], undefined, 'yes'],
  ];
  for (const [what, connections, hosts, state] of cases) {
    test(what, () => assert.equal(judgeDrained({ connections, ownHost: undefined }, hosts).state, state));
  }

  const troubles = [
    ['refused', 'yes'],
    ['closed', 'no'],
    ['timeout', 'no'],
    ['busy', 'no'],
    ['denied', 'unknown'],
    ['auth', 'unknown'],
    ['not-redis', 'unknown'],
  ] as const;
  for (const [trouble, state] of troubles) {
    test(`${state}, when asking it ends with ${trouble}`, () => {
      assert.equal(judgeDrained({ trouble, detail: 'x' }, envoys).state, state);
    });
  }

  test('and what is in the way is told', () => {
    const connections = [from('10.0.0.7', { isBusy: true, command: 'blpop' }), from('10.0.0.8'), from('10.0.0.8')];
    const seen = judgeDrained({ connections, ownHost: undefined }, envoys);
    assert.deepEqual(seen, {
      state: 'no',
      inUse: 3,
      detail: '3 connections from 10.0.0.7, 10.0.0.8, 1 of them with a command that is not answered (last commands: blpop, get)',
    });
  });
});

test('an Envoy on our own host reaches servers from where we do', () => {
  assert.deepEqual([...hostsOfEnvoys(['127.0.0.1', '10.0.0.7'], { ownHost: '10.0.0.9' })], ['127.0.0.1', '10.0.0.7', '10.0.0.9']);
  assert.deepEqual([...hostsOfEnvoys(['10.0.0.7'], { ownHost: '10.0.0.9' })], ['10.0.0.7']);
});

describe('of a real Redis', () => {
  test('a blocked command is seen, and seen to end', async (t) => {
    const { port, direct } = await startRedis(t);
    const client = await connectRedis(t, port);
    const watch = new ConnectionsWatch({ host: '127.0.0.1', port }, 1_000);
    t.after(async () => watch.close());
    const blocked = client.ask('BLPOP', 'queue', '0');
    const busy = async (): Promise<string[]> => {
      const look = await watch.look();
      assert.ok('connections' in look, JSON.stringify(look));
      assert.equal(look.ownHost, '127.0.0.1');
      return look.connections.filter(({ isBusy }) => isBusy).map(({ command }) => command);
    };
    await waitUntil('it is seen', async () => (await busy()).join() === 'blpop');
    await direct.ask('RPUSH', 'queue', 'value');
    await blocked;
    assert.deepEqual(await busy(), []);
  });

  test('that lets nobody ask, or is not there, is told', async (t) => {
    const { port, direct } = await startRedis(t);
    await direct.ask('ACL', 'SETUSER', 'default', '-client|list');
    const lookAt = async (at: number): Promise<string> => {
      const watch = new ConnectionsWatch({ host: '127.0.0.1', port: at }, 1_000);
      const look = await watch.look();
      watch.close();
      return 'trouble' in look ? look.trouble : 'none';
    };
    assert.equal(await lookAt(port), 'denied');
    assert.equal(await lookAt(await freePort()), 'refused');
  });
});
