// More inventories whose rendering is written down: with the fields and listeners that /api/v1 knows nothing of.

import type { Secret } from '../../src/model/objects.ts';
import { parseCluster, parseListener } from '../../src/model/parse.ts';
import { openSecret, sealed } from '../support/test-vault.ts';
import { byName, defaultOptions } from './examples.ts';
import type { Example } from './examples.ts';
import { openPlain, plainSecret } from './plain-secrets.ts';

const [a, b, c] = ['10.0.0.1', '10.0.0.2', '2001:db8::c'].map((address) => ({ address, port: 6379 }));

function example(
  name: string,
  clusters: readonly object[],
  listeners: readonly object[] = [],
  options = {},
  secrets: readonly Secret[] = [],
): Example {
  return {
    name,
    clusters: byName(...clusters.map(parseCluster)),
    listeners: byName(...listeners.map(parseListener)),
    secrets: byName(...secrets),
    options: { ...defaultOptions, ...options },
  };
}

const shards = [
  { name: 'shard-1', weight: 2, endpoint: { ...b, zone: 'west' } },
  { name: 'shard-0', endpoint: a },
];
const plain = [
  { name: 'sessions', prefix: 'sess:', endpoints: [a, b] },
  { name: 'web', prefix: '/web/', endpoints: [c] },
];
const withSpare = [...plain, { name: 'spare' }];

export const objectExamples: readonly Example[] = [
  example('load-balancing', [
    { name: 'round-robin', prefix: 'a', load_balancing: { policy: 'round_robin' } },
    { name: 'random', load_balancing: { policy: 'random' }, connect_timeout: '250ms' },
    { name: 'least', load_balancing: { policy: 'least_request' } },
    { name: 'least-of-5', load_balancing: { policy: 'least_request', choice_count: 5 } },
    { name: 'maglev', load_balancing: { policy: 'maglev' }, connect_timeout: '1m' },
    { name: 'maglev-of-65537', load_balancing: { policy: 'maglev', table_size: 65_537 } },
    { name: 'maglev-of-503', load_balancing: { policy: 'maglev', table_size: 503 } },
    { name: 'ring', load_balancing: { policy: 'ring_hash' } },
    { name: 'ring-of-16', load_balancing: { policy: 'ring_hash', min_ring_size: 16, max_ring_size: 4_096 } },
  ]),
  example('weights-and-zones', [
    {
      name: 'spread',
      prefix: 's',
      endpoints: [
        { ...b, zone: 'west', weight: 3 },
        { ...c, zone: 'east' },
        { ...a, zone: 'west', weight: 1, labels: { rack: '7' } },
        { address: '10.0.0.4', port: 6379 },
      ],
    },
  ]),
  example('sharded', [
    { name: 'orders', kind: 'sharded', prefix: 'ord:', shards },
    { name: 'orders-ring', kind: 'sharded', shards, load_balancing: { policy: 'ring_hash' } },
    { name: 'no-shards', kind: 'sharded', shards: [] },
  ]),
  example(
    'replicated',
    [
      { name: 'no-server', kind: 'replicated', prefix: 'n:' },
      { name: 'alone', kind: 'replicated', primary: '10.0.0.1:6379', endpoints: [a] },
      { name: 'group', kind: 'replicated', prefix: 'g:', primary: '10.0.0.2:6379', endpoints: [a, { ...b, weight: 2 }, { ...c, zone: 'east' }] },
      { name: 'read', kind: 'replicated', prefix: 'r:', primary: '10.0.0.1:6379', endpoints: [a, b], reads: 'any', load_balancing: { policy: 'round_robin' } },
    ],
    [
      {
        name: 'reading',
        address: '127.0.0.1:7000',
        routes: [
          { prefix: 'a:', cluster: 'group' },
          { prefix: 'b:', cluster: 'group', reads: 'replica' },
          { prefix: 'c:', cluster: 'group', reads: 'prefer_replica', remove_prefix: true },
          { prefix: 'd:', cluster: 'read' },
          { prefix: 'e:', cluster: 'read', reads: 'primary' },
        ],
        catch_all: 'read',
      },
    ],
  ),
  example('sharded-with-replicas', [
    {
      name: 'orders',
      kind: 'sharded',
      prefix: 'ord:',
      shards: [
        { name: 'shard-0', weight: 2, primary: '10.0.0.2:6379', endpoints: [a, { ...b, zone: 'west' }] },
        { name: 'shard-1', endpoint: c },
      ],
    },
  ]),
  example(
    'redis-cluster',
    [
      { name: 'carts', kind: 'redis_cluster', prefix: 'cart:', endpoints: [b, a] },
      {
        name: 'carts-of-old',
        kind: 'redis_cluster',
        endpoints: [a],
        connect_timeout: '1s',
        refresh: { rate: '2s', timeout: '500ms', redirect_interval: '250ms', redirect_threshold: 5, failure_threshold: 0, degraded_threshold: 3 },
      },
      { name: 'sessions', endpoints: [a] },
    ],
    [
      { name: 'reading', address: '127.0.0.1:7000', read_policy: 'prefer_replica' },
      { name: 'without', address: '127.0.0.1:7001', routes: [{ prefix: 's:', cluster: 'sessions' }], catch_all: 'none' },
      { name: 'by-catch-all', address: '127.0.0.1:7002', routes: [], catch_all: 'carts' },
    ],
  ),
  example('health', [
    { name: 'checked', endpoints: [a, b], health_check: {} },
    {
      name: 'checked-in-detail',
      endpoints: [a],
      health_check: {
        interval: '1s',
        timeout: '500ms',
        unhealthy_threshold: 3,
        healthy_threshold: 2,
        jitter: '100ms',
        key: 'maintenance',
      },
      panic_threshold: 80,
    },
    { name: 'connected-to', endpoints: [a], health_check: { protocol: 'tcp' }, panic_threshold: 50 },
    { name: 'asked-by-http', endpoints: [c], health_check: { protocol: 'http', path: '/healthz', host: 'web' } },
    { name: 'ejecting', endpoints: [a, b], outlier_detection: {} },
    {
      name: 'ejecting-in-detail',
      endpoints: [a, b],
      outlier_detection: {
        consecutive_failures: 3,
        interval: '1s',
        base_ejection_time: '2s',
        max_ejection_time: '1m',
        max_ejection_percent: 50,
      },
    },
    { name: 'store', kind: 'sharded', shards, health_check: {} },
    { name: 'cache', kind: 'sharded', shards, placement: 'remap', health_check: {}, outlier_detection: {} },
    { name: 'no-shards', kind: 'sharded', shards: [], health_check: {} },
    {
      name: 'group',
      kind: 'replicated',
      primary: '10.0.0.1:6379',
      endpoints: [a, b],
      health_check: {},
      outlier_detection: {},
    },
    { name: 'nodes', kind: 'redis_cluster', endpoints: [a, b], health_check: {} },
  ]),
  example('host-names', [
    { name: 'named', prefix: 'n:', endpoints: [{ address: 'Redis-A.internal', port: 6379, weight: 2, zone: 'west' }, a] },
    { name: 'named-and-checked', endpoints: [{ address: 'redis-a.internal', port: 6379 }], health_check: {} },
    {
      name: 'cache',
      kind: 'sharded',
      placement: 'remap',
      shards: [{ name: 's', endpoint: { address: 'redis-a.internal', port: 6379 } }, { name: 't', endpoint: b }],
    },
    {
      name: 'group',
      kind: 'replicated',
      primary: 'redis-a.internal:6379',
      endpoints: [{ address: 'redis-a.internal', port: 6379 }, { address: 'redis-b.internal', port: 6379 }],
    },
    { name: 'nodes', kind: 'redis_cluster', endpoints: [{ address: 'redis-a.internal', port: 6379 }, a] },
  ]),
  example('listeners', plain, [
    { name: 'second', address: '127.0.0.1:7000' },
    {
      name: 'all-fields',
      address: '[::]:7001',
      labels: { team: 'payments' },
      routes: [
        { prefix: 's:', cluster: 'sessions' },
        { prefix: 's:old:', cluster: 'web', remove_prefix: true },
      ],
      catch_all: 'sessions',
      op_timeout: '1500ms',
      enable_hashtagging: true,
      case_insensitive: true,
    },
    { name: 'no-catch-all', address: '127.0.0.1:7002', catch_all: 'none' },
    { name: 'pinned', kind: 'tcp', address: '127.0.0.1:7003', cluster: 'sessions' },
    {
      name: 'sticky',
      kind: 'tcp',
      address: '127.0.0.1:7004',
      cluster: 'sessions',
      sticky: 'source_ip',
      idle_timeout: '90s',
      max_connect_attempts: 3,
    },
    { name: 'web', kind: 'http', address: '127.0.0.1:7005' },
    {
      name: 'web-list',
      kind: 'http',
      address: '127.0.0.1:7006',
      routes: [
        { prefix: '/', cluster: 'sessions' },
        { prefix: '/old/', cluster: 'web', remove_prefix: true },
      ],
    },
    { name: 'routes-alone', kind: 'http', routes: [{ prefix: '/', cluster: 'web' }] },
  ], { redisCatchAll: 'web', redisDeny: ['select'] }),
  example('implicit-listeners-declared', plain, [
    { name: 'redis_listener', op_timeout: '2s', catch_all: 'web' },
    { name: 'generic_route', kind: 'http', address: '0.0.0.0:8080' },
  ]),
  example('implicit-redis-listener-without-a-route', plain, [
    { name: 'redis_listener', routes: [], catch_all: 'none' },
    { name: 'generic_route', kind: 'http', routes: [{ prefix: '/', cluster: 'web' }] },
  ]),
  example('redis-listener-settings', withSpare, [
    {
      name: 'all-settings',
      address: '127.0.0.1:7000',
      routes: [
        { prefix: 's:', cluster: 'sessions', key_formatter: 'tenant7:{%KEY%}', remove_prefix: true },
        {
          prefix: 's:both:',
          cluster: 'sessions',
          mirrors: [{ cluster: 'web', percent: 25, exclude_reads: true }, { cluster: 'spare' }],
        },
      ],
      catch_all: { cluster: 'spare', mirrors: [{ cluster: 'web', percent: 100 }], key_formatter: 'all:%KEY%' },
      op_timeout: '2s',
      enable_redirection: true,
      max_upstream_unknown_connections: 0,
      buffer: { max_bytes: 1_024, flush_timeout: '5ms' },
      connection_rate_limit: 10,
      command_stats: true,
      custom_commands: ['JSON.GET', 'bf.add'],
      protocol: 'RESP3',
      faults: [
        { type: 'error', percent: 5, commands: ['SET', 'get'] },
        { type: 'error', percent: 1, delay: '1s' },
        { type: 'delay', percent: 99, delay: '300ms', commands: ['hgetall'] },
      ],
    },
    { name: 'as-left-out', address: '127.0.0.1:7001', protocol: 'RESP2', command_stats: false, buffer: { max_bytes: 1 } },
    { name: 'old', kind: 'tcp', address: '127.0.0.1:7002', cluster: 'web', max_connection_duration: '1h' },
  ], { redisDeny: ['select'] }),
  example('http-hosts', withSpare, [
    {
      name: 'hosts',
      kind: 'http',
      address: '[::]:7000',
      idle_timeout: '90s',
      max_connection_duration: '10m',
      routes: [
        { prefix: '/', cluster: 'web' },
        { prefix: '/api/', cluster: 'sessions', timeout: '2s', retries: { attempts: 2 } },
        {
          prefix: '/',
          cluster: 'spare',
          hosts: ['SHOP.example', '*.shop.example'],
          retries: { attempts: 1, on: ['reset', '5xx'], per_try_timeout: '500ms' },
        },
        { prefix: '/api/v2/', cluster: 'web', hosts: ['shop.example'], remove_prefix: true },
      ],
    },
  ]),
  example('tls', [
    { name: 'sni', upstream_tls: { ca: { secret: 'ca' }, sni: 'redis.internal', certificate: { secret: 'envoy' } } },
    {
      name: 'sans',
      kind: 'sharded',
      shards,
      upstream_tls: { ca: { secret: 'ca' }, sans: ['10.0.0.1', 'spiffe://redis', 'redis.internal'] },
    },
    { name: 'any', upstream_tls: { ca: { secret: 'ca' }, sans: 'any' } },
    { name: 'insecure', upstream_tls: { insecure: true, sni: 'redis.internal' } },
  ], [
    { name: 'redis_listener', tls: { certificate: { secret: 'listener' } } },
    {
      name: 'pinned',
      kind: 'tcp',
      address: '127.0.0.1:7003',
      cluster: 'sni',
      tls: { certificate: { secret: 'listener' }, client_ca: { secret: 'ca' } },
    },
    {
      name: 'web',
      kind: 'http',
      address: '127.0.0.1:7005',
      tls: { certificate: { secret: 'listener' }, client_ca: { secret: 'ca' }, require_client_certificate: false },
    },
  ], { openSecret: openPlain }, [
    plainSecret('ca', { kind: 'ca', value: 'a CA' }),
    plainSecret('envoy', { kind: 'certificate', chain: 'a certificate', key: 'its key' }),
    plainSecret('listener', { kind: 'certificate', chain: 'another certificate', key: 'the key of that' }),
    plainSecret('not-named', { kind: 'certificate', chain: 'a third certificate', key: 'a third key' }),
  ]),
  {
    ...example(
      'passwords',
      [
        { name: 'all', prefix: 'a', endpoints: [a, b], upstream_auth: { password: { secret: 'one' } } },
        { name: 'acl', endpoints: [a], upstream_auth: { username: 'envoy', password: { secret: 'two' } } },
        {
          name: 'own',
          prefix: 'o',
          endpoints: [a, { ...c, upstream_auth: { username: 'c', password: { secret: 'two' } } }],
          upstream_auth: { password: { secret: 'one' } },
        },
        {
          name: 'own-shard',
          kind: 'sharded',
          shards: [{ name: 'shard-0', endpoint: { ...a, upstream_auth: { password: { secret: 'one' } } } }],
        },
      ],
      [
        { name: 'redis_listener', auth: { passwords: [{ secret: 'two' }, { secret: 'one' }] } },
        { name: 'user', address: '127.0.0.1:7000', auth: { username: 'app', passwords: [{ secret: 'one' }] } },
      ],
      { openSecret },
    ),
    secrets: byName(
      sealed({ name: 'one', kind: 'password', value: 'first password' }),
      sealed({ name: 'two', kind: 'password', value: 'zweites Paßwort' }),
    ),
  },
  example('two-clusters-without-a-prefix', [{ name: 'a' }, { name: 'b', endpoints: [a] }]),
];
