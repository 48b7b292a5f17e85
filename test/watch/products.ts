// What servers of several products answer to those who watch them. Redis 7.0 and Valkey as recorded; the others as
// their sources and documents have it.

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
}

export function infoText(fields: Product['info']): string {
  return ['# Server', ...Object.entries(fields).map(([name, value]) => `${name}:${value}`), ''].join('\r\n');
}

const id = 'c69b2de8a3ddbba9f0dc2b1e2b2e0f3d6a7ab6ac';

export const products: readonly Product[] = [
  {
    what: 'a primary of Redis 6.0',
    role: ['master', 3129659, []],
    info: { redis_version: '6.0.16', redis_mode: 'standalone', role: 'master', master_replid: id, master_repl_offset: 3129659 },
    seen: ['primary', 'redis', '6.0.16'],
    offset: 3129659,
  },
  {
    what: 'a replica of Redis 7.0',
    role: ['slave', '10.0.0.1', 6379, 'connected', 3167038],
    info: { redis_version: '7.0.15', role: 'slave', master_link_status: 'up', slave_repl_offset: 3167038, master_replid: id },
    seen: ['replica', 'redis', '7.0.15'],
    offset: 3167038,
  },
  {
    what: 'a replica of Redis 8.2 whose link is down',
    role: ['slave', '10.0.0.1', 6379, 'connect', -1],
    info: { redis_version: '8.2.1', role: 'slave', master_link_status: 'down', master_current_sync_attempts: 3 },
    seen: ['replica', 'redis', '8.2.1'],
    offset: undefined,
  },
  {
    what: 'a primary of Valkey 9',
    role: ['master', 42, [['10.0.0.2', '6379', '42']]],
    info: { redis_version: '7.2.4', server_name: 'valkey', valkey_version: '9.1.2', role: 'master', availability_zone: '' },
    seen: ['primary', 'valkey', '9.1.2'],
    offset: 42,
  },
  {
    what: 'KeyDB with two primaries, each a replica of the other',
    role: [['active-replica', '10.0.0.1', 6379, 'connected', 7], ['active-replica', '10.0.0.2', 6379, 'connected', 9]],
    info: { redis_version: '6.3.4', executable: '/usr/bin/keydb-server', role: 'active-replica', connected_masters: 2 },
    seen: ['primary', 'keydb', '6.3.4'],
    offset: undefined,
  },
  {
    what: 'a primary of Dragonfly',
    role: ['master', [['10.0.0.2', '6379', 'stable_sync']]],
    info: { redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0', role: 'master' },
    seen: ['primary', 'dragonfly', 'df-v1.30.0'],
    offset: undefined,
  },
  {
    what: 'a replica of Dragonfly',
    role: ['slave', '10.0.0.1', '6379', 'stable_sync'],
    info: { redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0', role: 'slave', slave_read_only: 1 },
    seen: ['replica', 'dragonfly', 'df-v1.30.0'],
    offset: undefined,
  },
  {
    what: 'a primary of Kvrocks without replicas',
    role: ['master', '11'],
    info: { redis_version: '7.0.0', kvrocks_version: '2.12.0', role: 'master' },
    seen: ['primary', 'kvrocks', '2.12.0'],
    offset: 11,
  },
  {
    what: 'BunnyRedis, which knows no replication',
    role: undefined,
    info: { redis_version: '6.2.4' },
    seen: ['unknown', 'redis', '6.2.4'],
    offset: undefined,
  },
];
