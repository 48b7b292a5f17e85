// What servers of several products answer to those who watch them. Redis 7.0 and Valkey as recorded; the others as
// their sources and documents have it.

import type { Replication } from '../../src/effective/seen.ts';
import type { Answer } from './resp-stand-in.ts';

export interface Product {
  readonly what: string;
  /** Undefined: it does not know the command. */
  readonly role: Answer | undefined;
  readonly info: Readonly<Record<string, string | number>>;
  /** What is to be seen of it. */
  readonly seen: readonly [role: string, product: string, version: string | undefined];
  /** Of the replication stream. */
  readonly offset: number | undefined;
  /** What else it tells; what is not there it does not. */
  readonly told: Replication;
}

/** With a heading where databases begin, as all products have it. */
export function infoText({ keyspace, ...fields }: Product['info']): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}`);
  return ['# Server', ...lines, ...(keyspace === undefined ? [] : ['', '# Keyspace', keyspace]), ''].join('\r\n');
}

const id = 'c69b2de8a3ddbba9f0dc2b1e2b2e0f3d6a7ab6ac';
const formerId = '1f0b9fd2cfba9b3c3c6a0a8f1c5a4c7e21d3b0aa';
const run = '4b6f0c1f6d7e0a52f3d4a6c9ba2d9d1f3f0f5b77';
const noId = '0'.repeat(40);

export const products: readonly Product[] = [
  {
    what: 'a primary of Redis 6.0',
    role: ['master', 3129659, []],
    info: {
      redis_version: '6.0.16', redis_mode: 'standalone', run_id: run, loading: 0, aof_enabled: 0, role: 'master',
      master_replid: id, master_replid2: noId, master_repl_offset: 3129659, second_repl_offset: -1,
      keyspace: 'db0:keys=3,expires=0,avg_ttl=0\r\ndb3:keys=2,expires=2,avg_ttl=9',
    },
    seen: ['primary', 'redis', '6.0.16'],
    offset: 3129659,
    told: { runId: run, history: { id, offset: 3129659, former: undefined }, isLoading: false, keys: 5 },
  },
  {
    what: 'a replica of Redis 7.0',
    role: ['slave', '10.0.0.1', 6379, 'connected', 3167038],
    info: {
      redis_version: '7.0.15', run_id: run, loading: 0, rdb_last_load_keys_loaded: 4, aof_enabled: 0, role: 'slave',
      master_host: '10.0.0.1', master_port: 6379, master_link_status: 'up', master_last_io_seconds_ago: 2,
      master_sync_in_progress: 0, slave_repl_offset: 3167038, slave_priority: 100, master_replid: id, master_replid2: noId,
      second_repl_offset: -1, keyspace: 'db0:keys=4,expires=0,avg_ttl=0',
    },
    seen: ['replica', 'redis', '7.0.15'],
    offset: 3167038,
    told: {
      follows: '10.0.0.1:6379', runId: run, history: { id, offset: 3167038, former: undefined }, link: 'up', silentMs: 2_000,
      isSyncing: false, isLoading: false, priority: 100, keys: 4, hasLoadedNothing: false,
    },
  },
  {
    what: 'a replica of Redis 8.2 whose link is down, and never was up',
    role: ['slave', '10.0.0.1', 6379, 'connect', -1],
    info: {
      redis_version: '8.2.1', run_id: run, role: 'slave', master_host: '10.0.0.1', master_port: 6379,
      master_link_status: 'down', master_last_io_seconds_ago: -1, master_sync_in_progress: 0, slave_priority: 0,
      master_current_sync_attempts: 3, master_link_down_since_seconds: -1, keyspace: '',
    },
    seen: ['replica', 'redis', '8.2.1'],
    offset: undefined,
    told: { follows: '10.0.0.1:6379', runId: run, link: 'down', isSyncing: false, isLoading: false, priority: 0, keys: 0 },
  },
  {
    what: 'a primary of Valkey 9 that was promoted',
    role: ['master', 42, [['10.0.0.2', '6379', '42']]],
    info: {
      redis_version: '7.2.4', server_name: 'valkey', valkey_version: '9.1.2', run_id: run, availability_zone: '', loading: 0,
      rdb_last_load_keys_loaded: 0, aof_enabled: 0, role: 'master', master_replid: id, master_replid2: formerId,
      master_repl_offset: 42, second_repl_offset: 29, keyspace: '',
    },
    seen: ['primary', 'valkey', '9.1.2'],
    offset: 42,
    told: {
      runId: run, history: { id, offset: 42, former: { id: formerId, end: 29 } }, isLoading: false, keys: 0,
      hasLoadedNothing: true,
    },
  },
  {
    what: 'KeyDB with two primaries, each a replica of the other',
    role: [['active-replica', '10.0.0.1', 6379, 'connected', 7], ['active-replica', '10.0.0.2', 6379, 'connected', 9]],
    info: {
      redis_version: '6.3.4', executable: '/usr/bin/keydb-server', run_id: run, role: 'active-replica',
      master_global_link_status: 'up', connected_masters: 2, master_host: '10.0.0.1', master_port: 6379,
      master_link_status: 'up', master_last_io_seconds_ago: 0, master_1_host: '10.0.0.2', master_1_port: 6379,
      slave_priority: 100, master_replid: id, master_replid2: noId, master_repl_offset: 9, second_repl_offset: -1,
      keyspace: 'db0:keys=1,expires=0,avg_ttl=0,cached_keys=1',
    },
    seen: ['primary', 'keydb', '6.3.4'],
    offset: undefined,
    told: {
      follows: '10.0.0.1:6379', runId: run, history: { id, offset: 9, former: undefined }, link: 'up', silentMs: 0,
      isLoading: false, priority: 100, keys: 1,
    },
  },
  {
    what: 'a primary of Dragonfly',
    role: ['master', [['10.0.0.2', '6379', 'stable_sync']]],
    info: {
      redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0', role: 'master', connected_slaves: 1, master_replid: id,
      keyspace: 'db0:keys=7,expires=0,avg_ttl=-1',
    },
    seen: ['primary', 'dragonfly', 'df-v1.30.0'],
    offset: undefined,
    told: { isLoading: false, keys: 7 },
  },
  {
    what: 'a replica of Dragonfly',
    role: ['slave', '10.0.0.1', '6379', 'stable_sync'],
    info: {
      redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0', role: 'slave', master_host: '10.0.0.1', master_port: 6379,
      master_link_status: 'up', master_last_io_seconds_ago: 1, master_sync_in_progress: 0, master_replid: id,
      slave_repl_offset: 12, slave_priority: 100, slave_read_only: 1, keyspace: 'db0:keys=7,expires=0,avg_ttl=-1',
    },
    seen: ['replica', 'dragonfly', 'df-v1.30.0'],
    offset: undefined,
    told: {
      follows: '10.0.0.1:6379', link: 'up', silentMs: 1_000, isSyncing: false, isLoading: false, priority: 100, keys: 7,
    },
  },
  {
    what: 'a primary of Kvrocks without replicas',
    role: ['master', '11'],
    info: {
      redis_version: '7.0.0', kvrocks_version: '2.12.0', loading: 0, role: 'master', master_repl_offset: 11,
      keyspace: '# WARN: DBSIZE SCAN never performed yet\r\ndb0:keys=0,expires=0,avg_ttl=0,expired=0',
    },
    seen: ['primary', 'kvrocks', '2.12.0'],
    offset: 11,
    told: { isLoading: false },
  },
  {
    what: 'a replica of Kvrocks',
    role: ['slave', '10.0.0.1', '6666', 'connected', '11'],
    info: {
      redis_version: '7.0.0', kvrocks_version: '2.12.0', loading: 0, role: 'slave', master_host: '10.0.0.1',
      master_port: 6666, master_link_status: 'up', master_sync_unrecoverable_error: 'no', master_sync_in_progress: 0,
      master_last_io_seconds_ago: 0, slave_repl_offset: 11, slave_priority: 100,
    },
    seen: ['replica', 'kvrocks', '2.12.0'],
    offset: 11,
    told: { follows: '10.0.0.1:6666', link: 'up', silentMs: 0, isSyncing: false, isLoading: false, priority: 100 },
  },
  {
    what: 'BunnyRedis, which knows no replication',
    role: undefined,
    info: { redis_version: '6.2.4', loading: 0 },
    seen: ['unknown', 'redis', '6.2.4'],
    offset: undefined,
    told: { isLoading: false },
  },
];
