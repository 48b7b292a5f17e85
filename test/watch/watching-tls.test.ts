// Real servers with TLS that are watched: through their death, and certificates of the other side that change meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SecretValue } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { WatcherSet } from '../../src/watch/watcher-set.ts';
import { makeAuthority } from '../support/certificates.ts';
import { startTlsRedis } from '../support/redis-tls.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a server with TLS is watched, kept while it takes our certificate no more, and seen to die', async (t) => {
  const [authority, other] = [makeAuthority('a CA'), makeAuthority('another CA')];
  const redis = await startTlsRedis(t, authority, authority.issue('redis', { hosts: ['redis.internal'] }));
  await redis.direct.ask('SET', 'key', 'v');
  const { chain, key } = authority.issue('a client');
  const secrets = new Map<string, SecretValue>([
    ['ca', { kind: 'ca', value: authority.chain }],
    ['own', { kind: 'certificate', chain, key }],
  ]);
  const watchers = new WatcherSet({ findSecret: (name) => secrets.get(name), onChange: () => undefined });
  t.after(() => watchers.close());
  const upstream_tls = { ca: { secret: 'ca' }, sni: 'redis.internal', certificate: { secret: 'own' } };
  const endpoints = [{ address: redis.address, port: redis.port }];
  const primary = `${redis.address}:${redis.port}`;
  const watch = { interval: '100ms', timeout: '2s', down_after: 2, up_after: 1 };
  watchers.follow([parseCluster({ name: 'c', kind: 'replicated', primary, endpoints, upstream_tls, watch })]);
  const seen = () => watchers.seen.get('c')?.get(primary);

  await waitUntil('it is up', () => seen()?.state === 'up');
  assert.deepEqual([seen()?.role, seen()?.keys, seen()?.product], ['primary', 1, 'redis']);

  await redis.trust(other);
  await redis.direct.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await waitUntil('it refuses us', () => seen()?.reason?.startsWith('tls: '));
  assert.deepEqual([seen()?.state, seen()?.role], ['up', 'primary']);
  await redis.trust(authority);
  await waitUntil('it lets us in', () => seen()?.reason === undefined);

  await redis.child.end('SIGKILL');
  await waitUntil('it is down', () => seen()?.state === 'down');
  assert.match(seen()?.reason ?? '', /^refused: /);
});
