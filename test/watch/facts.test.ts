// What servers of several products say of themselves. Answers of Redis 7.0 and Valkey were recorded; those of others
// are shaped as their sources and documents have them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { readFacts } from '../../src/watch/facts.ts';
import { fieldsNamed, numberOf, parseInfo } from '../../src/watch/info.ts';
import { offsetOfRole, parseRole, roleOfInfo } from '../../src/watch/role.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function infoOf(fields: Readonly<Record<string, string | number>>): string {
  return ['# Server', ...Object.entries(fields).map(([name, value]) => `${name}:${value}`), ''].join('\r\n');
}

describe('INFO', () => {
  test('is read field by field, whatever the line ends, without headings', () => {
    const fields = parseInfo('# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\nmaxmemory:0\nexecutable:/a:b \nno colon\n:x\n');
    assert.deepEqual([...fields], [['redis_version', '7.0.15'], ['maxmemory', '0'], ['executable', '/a:b']]);
  });

  test('is read for some fields alone', () => {
    const fields = parseInfo('role:master\r\ndb0:keys=1\r\nmy_role:x\r\ndb12:keys=2\r\n', fieldsNamed('role', 'db\\d+'));
    assert.deepEqual([...fields], [['role', 'master'], ['db0', 'keys=1'], ['db12', 'keys=2']]);
  });

  // V8's way to cut a text short keeps all of it: 1,000 servers' INFO, of which a few words are of use.
  test('is not kept in memory for what is read of it', () => {
    const before = process.memoryUsage().heapUsed;
    const runId = 'c69b2de8a3ddbba9f0dc2b1e2b2e0f3d6a7ab6ac';
    const facts = Array.from({ length: 500 }, (_, index) => {
      return readFacts({ info: `${infoOf({ redis_version: '7.0.15', run_id: runId })}${`${index}`.repeat(200_000)}` });
    });
    collectGarbage();
    assert.ok(process.memoryUsage().heapUsed - before < 50e6);
    assert.ok(facts.every((each) => each.runId === runId));
  });

  test('a number is one only when it is whole and not below 0', () => {
    const fields = parseInfo('a:12\nb:-1\nc:1.5\nd:\ne:x');
    assert.deepEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => numberOf(fields, name)), [
      12,
      ...Array.from({ length: 5 }, () => undefined),
    ]);
  });
});

describe('ROLE', () => {
  const cases: readonly (readonly [what: string, reply: unknown, expected: object])[] = [
    ['a primary of Redis', ['master', 3129659, [['10.0.0.2', '6379', '3129242']]], { name: 'primary' }],
    ['a replica of Redis', ['slave', '10.0.0.1', 6379, 'connected', 3167038], { name: 'replica', follows: '10.0.0.1:6379' }],
    ['a replica of an IPv6 primary', ['slave', 'fd00::1', 6379, 'sync', -1], { name: 'replica', follows: '[fd00::1]:6379' }],
    ['a Sentinel', ['sentinel', ['mymaster']], { name: 'sentinel' }],
    ['a primary of Dragonfly, two items', ['master', [['10.0.0.2', '6379', 'stable_sync']]], { name: 'primary' }],
    ['a replica of Dragonfly, four items, port as text', ['replica', 'a.internal', '6379', 'stable_sync'], { name: 'replica', follows: 'a.internal:6379' }],
    ['a primary of Kvrocks without replicas', ['master', '0'], { name: 'primary' }],
    ['KeyDB with several primaries, an array for each', [['active-replica', '10.0.0.1', 6379, 'connected', 1]], { name: 'primary', follows: '10.0.0.1:6379' }],
    ['a replica that names no primary', ['slave'], { name: 'replica', follows: undefined }],
    ['a word that nobody knows', ['leader', 1], { name: 'unknown' }],
    ['no array', 'OK', { name: 'unknown' }],
    ['an empty array', [], { name: 'unknown' }],
    ['nothing', undefined, { name: 'unknown' }],
  ];
  for (const [what, reply, expected] of cases) test(what, () => assert.deepEqual(parseRole(reply), expected));

  const offsets: readonly (readonly [what: string, reply: unknown, expected: number | undefined])[] = [
    ['of a primary', ['master', 3129659, []], 3129659],
    ['of a replica', ['slave', '10.0.0.1', 6379, 'connected', 7], 7],
    ['as text', ['master', '0'], 0],
    ['of a replica whose link is down', ['slave', '10.0.0.1', 6379, 'connect', -1], undefined],
    ['of Dragonfly, where there is none', ['master', [['10.0.0.2', '6379', 'stable_sync']]], undefined],
    ['of several primaries at once', [['active-replica', '10.0.0.1', 6379, 'connected', 1]], undefined],
    ['of a Sentinel', ['sentinel', ['mymaster']], undefined],
    ['of what nobody knows', ['leader', 1], undefined],
    ['of nothing', undefined, undefined],
  ];
  for (const [what, reply, expected] of offsets) {
    test(`its offset ${what}`, () => assert.equal(offsetOfRole(reply), expected));
  }

  test('is found in INFO where the command is not there', () => {
    assert.deepEqual(roleOfInfo(parseInfo('role:master')), { name: 'primary' });
    const replica = parseInfo('role:slave\nmaster_host:10.0.0.1\nmaster_port:6379');
    assert.deepEqual(roleOfInfo(replica), { name: 'replica', follows: '10.0.0.1:6379' });
    assert.deepEqual(roleOfInfo(parseInfo('redis_mode:sentinel')), { name: 'sentinel' });
    assert.deepEqual(roleOfInfo(parseInfo('')), { name: 'unknown' });
  });
});

describe('a server says what it is', () => {
  const products: readonly (readonly [fields: Readonly<Record<string, string>>, product: string, version: string | undefined])[] = [
    [{ redis_version: '7.0.15' }, 'redis', '7.0.15'],
    [{ redis_version: '7.2.4', server_name: 'valkey', valkey_version: '8.1.4' }, 'valkey', '8.1.4'],
    [{ redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0' }, 'dragonfly', 'df-v1.30.0'],
    [{ redis_version: '7.0.0', kvrocks_version: '2.12.0' }, 'kvrocks', '2.12.0'],
    [{ redis_version: '6.3.4', executable: '/usr/bin/keydb-server' }, 'keydb', '6.3.4'],
    [{ bunny: '1' }, 'unknown', undefined],
  ];
  for (const [fields, product, version] of products) {
    test(`${product} ${version ?? ''}`, () => {
      const facts = readFacts({ info: infoOf(fields) });
      assert.deepEqual([facts.product, facts.version], [product, version]);
    });
  }

  test('what it does not say is not made up', () => {
    assert.deepEqual(readFacts({ info: '' }), {
      role: { name: 'unknown' },
      product: 'unknown',
      version: undefined,
      isClusterMode: false,
      runId: undefined,
      uptimeS: undefined,
      isLoading: false,
      primaryLink: undefined,
      primarySilentS: undefined,
      isSyncing: undefined,
      priority: undefined,
      keys: undefined,
      hasLoadedNothing: undefined,
      history: undefined,
      maxMemory: undefined,
      maxMemoryPolicy: undefined,
      maxClients: undefined,
      isAppendOnly: undefined,
      savesSnapshots: undefined,
    });
  });

  test('limits, persistence and replication', () => {
    const info = infoOf({
      redis_version: '7.0.15',
      redis_mode: 'cluster',
      run_id: 'f'.repeat(40),
      loading: 1,
      maxmemory: 1048576,
      maxmemory_policy: 'allkeys-lru',
      maxclients: 10000,
      aof_enabled: 0,
      master_link_status: 'down',
    });
    const facts = readFacts({ info, role: ['slave', '10.0.0.1', 6379, 'connect', -1], save: ['save', '3600 1'] });
    assert.deepEqual(facts, {
      role: { name: 'replica', follows: '10.0.0.1:6379' },
      product: 'redis',
      version: '7.0.15',
      isClusterMode: true,
      runId: 'f'.repeat(40),
      uptimeS: undefined,
      isLoading: true,
      primaryLink: 'down',
      primarySilentS: undefined,
      isSyncing: undefined,
      priority: undefined,
      keys: undefined,
      hasLoadedNothing: undefined,
      history: undefined,
      maxMemory: 1048576,
      maxMemoryPolicy: 'allkeys-lru',
      maxClients: 10000,
      isAppendOnly: false,
      savesSnapshots: true,
    });
  });

  const [id, formerId] = ['a'.repeat(40), 'b'.repeat(40)];
  const histories: readonly (readonly [what: string, fields: Readonly<Record<string, string | number>>, history: object | undefined])[] = [
    ['of a primary', { redis_version: '7.0.15', master_replid: id, master_replid2: '0'.repeat(40), master_repl_offset: 7, second_repl_offset: -1 }, {
      id, offset: 7, former: undefined,
    }],
    ['of one that was promoted', { valkey_version: '8.1.4', master_replid: id, master_replid2: formerId, master_repl_offset: 9, second_repl_offset: 5 }, {
      id, offset: 9, former: { id: formerId, end: 5 },
    }],
    ['of a replica', { redis_version: '7.0.15', master_replid: id, slave_repl_offset: 6, master_repl_offset: 0 }, {
      id, offset: 6, former: undefined,
    }],
    ['of one that has none', { redis_version: '2.6.0' }, undefined],
    ['of another product, which is none', { redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0', master_replid: id }, undefined],
  ];
  for (const [what, fields, history] of histories) {
    test(`the history ${what}`, () => assert.deepEqual(readFacts({ info: infoOf(fields) }).history, history));
  }

  const counts: readonly (readonly [what: string, info: string, keys: number | undefined])[] = [
    ['in all databases', 'redis_version:7.0.15\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb7:keys=4,expires=1,avg_ttl=9', 7],
    ['of none', 'redis_version:7.0.15\r\n# Keyspace\r\n', 0],
    ['of one that does not say', 'redis_version:7.0.15\r\n', undefined],
    ['of Kvrocks, which says 0 until it is asked to count', 'kvrocks_version:2.12.0\r\n# Keyspace\r\ndb0:keys=0,expires=0', undefined],
  ];
  for (const [what, info, keys] of counts) test(`the keys ${what}`, () => assert.equal(readFacts({ info }).keys, keys));

  const starts: readonly (readonly [what: string, fields: Readonly<Record<string, string | number>>, expected: boolean | undefined])[] = [
    ['with nothing', { rdb_last_load_keys_loaded: 0, aof_enabled: 0 }, true],
    ['with a snapshot', { rdb_last_load_keys_loaded: 5, aof_enabled: 0 }, false],
    ['with a log, which may have brought some', { rdb_last_load_keys_loaded: 0, aof_enabled: 1 }, undefined],
    ['before 7.0, which does not say', { aof_enabled: 0 }, undefined],
  ];
  for (const [what, fields, expected] of starts) {
    test(`it was started ${what}`, () => assert.equal(readFacts({ info: infoOf(fields) }).hasLoadedNothing, expected));
  }

  for (const [save, expected] of [[['save', ''], false], [[], undefined], [undefined, undefined]] as const) {
    test(`it saves by itself: ${JSON.stringify(save)}`, () => {
      assert.equal(readFacts({ info: '', save }).savesSnapshots, expected);
    });
  }
});
