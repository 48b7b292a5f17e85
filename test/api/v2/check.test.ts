// POST /api/v2/check: what it takes, what it refuses, and that few run at once.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { CheckMessage } from '../../../src/api/v2/messages.ts';
import { noEdits } from '../../../src/inventory/edits.ts';
import { LookupError } from '../../../src/watch/dns-lookup.ts';
import { freePort } from '../../support/free-port.ts';
import { startRedis } from '../../support/redis-server.ts';
import { sealed } from '../../support/test-vault.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { serveDesk } from './serve-desk.ts';
import { serveV2 } from './serve-v2.ts';

const fileOf = (port: number) => ({
  clusters: [{ name: 'in-file', endpoints: [{ address: '127.0.0.1', port }] }],
  listeners: [],
});

/** Accepts connections and never answers; gives its port. */
async function serveSilence(t: TestContext): Promise<number> {
  const server = createServer((socket) => t.after(() => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('what is staged is looked at, or a file, and nothing is staged by it', async (t) => {
  const { call } = await serveDesk(t);
  const [redis, dead] = [await startRedis(t), await freePort()];
  await call('PUT', '/clusters/a', { endpoints: [{ address: '127.0.0.1', port: redis.port }] });
  const staged = await call('POST', '/check');
  assert.equal(staged.status, 200);
  const [server] = staged.body.servers;
  assert.deepEqual([staged.body.checked, staged.body.fine], [1, 1]);
  assert.deepEqual(
    [server.cluster, server.address, server.is_fine, server.trouble, server.facts.role, server.contradictions],
    ['a', `127.0.0.1:${redis.port}`, true, null, 'primary', []],
  );
  assert.equal((await call('POST', '/check?view=committed')).body.checked, 0);

  const file = await call('POST', '/check', fileOf(dead));
  assert.deepEqual([file.body.checked, file.body.fine], [1, 0]);
  assert.deepEqual([file.body.servers[0].cluster, file.body.servers[0].trouble, file.body.servers[0].facts], [
    'in-file',
    'refused',
    null,
  ]);
  const names = (await call('GET', '/clusters')).body.clusters.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ['a']);
});

test('servers are asked with their passwords, of what is declared or of the file', async (t) => {
  const { call } = await serveDesk(t);
  const redis = await startRedis(t);
  const password = 'correct horse battery staple';
  await redis.direct.ask('CONFIG', 'SET', 'requirepass', password);
  const cluster = { endpoints: [{ address: '127.0.0.1', port: redis.port }], upstream_auth: { password: { secret: 'a' } } };
  await call('PUT', '/clusters/c', cluster);
  const troubleOf = async (file?: object): Promise<string | null> => {
    const { body } = await call('POST', '/check', file);
    assert.ok(!JSON.stringify(body).includes(password));
    return body.servers[0].trouble;
  };
  assert.equal(await troubleOf(), 'secret');
  await call('PUT', '/secrets/a', { kind: 'password', value: 'wrong' });
  assert.equal(await troubleOf(), 'auth');
  const clusters = [{ name: 'c', ...cluster }];
  assert.equal(await troubleOf({ clusters, secrets: [{ name: 'a', kind: 'password', value: password }] }), null);
  assert.equal(await troubleOf({ clusters }), 'auth');
  await call('PUT', '/secrets/a', { kind: 'password', value: password });
  assert.deepEqual([await troubleOf(), await troubleOf({ clusters })], [null, null]);
});

test('a secret that is missing or can not be opened concerns who is asked with it, and nobody else', async (t) => {
  const { desk, call } = await serveDesk(t);
  const redis = await startRedis(t);
  const endpoints = [{ address: '127.0.0.1', port: redis.port }];
  const passwordOf = (secret: string) => ({ upstream_auth: { password: { secret } } });
  const authority = { upstream_tls: { ca: { secret: 'damaged-ca' }, sni: 'redis.internal' } };
  const shown = { kind: 'password', name: 'damaged' } as const;
  const damaged = { ...sealed({ ...shown, value: 'correct horse battery staple' }), sealed: 'AAAA' };
  await desk.stage(() => ({ ...noEdits, secrets: [
    { name: 'damaged', after: damaged },
    { name: 'damaged-ca', after: { ...damaged, name: 'damaged-ca', kind: 'ca' } },
  ] }), 'test');
  const [own, whole] = [{ ...endpoints[0], ...passwordOf('damaged') }, { address: '127.0.0.1', port: await freePort() }];
  await call('PUT', '/clusters/a', { endpoints, ...passwordOf('gone') });
  await call('PUT', '/clusters/b', { kind: 'sharded', placement: 'remap', shards: [
    { name: 'own', endpoint: own },
    { name: 'whole', endpoint: whole },
  ] });
  await call('PUT', '/clusters/c', { endpoints, ...authority });
  await call('PUT', '/clusters/d', { endpoints });
  const { status, body } = await call('POST', '/check');
  assert.deepEqual([status, body.checked, body.fine], [200, 5, 1]);
  const broken = "can't be opened, for it was sealed with another key or is damaged: give it its value again (secret set)";
  assert.deepEqual(
    body.servers.map((server: Record<string, string>) => [server['cluster'], server['trouble'], server['detail']]),
    [
      ['a', 'secret', 'upstream_auth.password: secret "gone" is missing: declare it (secret set), or name another'],
      ['b', 'secret', `upstream_auth.password: secret "damaged" ${broken}`],
      ['b', 'refused', `connect ECONNREFUSED 127.0.0.1:${whole.port}`],
      ['c', 'secret', `upstream_tls.ca: secret "damaged-ca" ${broken}`],
      ['d', null, null],
    ],
  );
});

test('what can not be looked at is refused by name', async (t) => {
  const { call } = await serveDesk(t);
  const cases = [
    ['/check?cluster=nobody', undefined, 404, /cluster "nobody": not declared/],
    ['/check?timeout=1h', undefined, 400, /timeout "1h"/],
    ['/check?timeout=0', undefined, 400, /timeout "0"/],
    ['/check?view=x', undefined, 400, /view "x"/],
    ['/check?view=staged', fileOf(1), 400, /view: only without a file/],
    ['/check?nonsense=1', undefined, 400, /nonsense/],
    ['/check', { clusters: [{ name: 5 }], listeners: [] }, 422, /name/],
  ] as const;
  for (const [path, body, status, pattern] of cases) {
    const answer = await call('POST', path, body);
    assert.equal(answer.status, status, path);
    assert.match(`${answer.body.detail} ${JSON.stringify(answer.body.faults)}`, pattern);
  }
  const endpoints = Array.from({ length: 10_000 }, (_, index) => ({ address: '127.0.0.1', port: index + 1 }));
  const clusters = [{ name: 'a', endpoints }, { name: 'b', endpoints: [{ address: '127.0.0.2', port: 1 }] }];
  const tooMany = await call('POST', '/check', { clusters, listeners: [] });
  assert.equal(tooMany.status, 400);
  assert.match(tooMany.body.detail, /10001 servers: at most 10000/);
});

test('who takes lines is told how far it is, and the answer is the last of them', async (t) => {
  const { url } = await serveDesk(t);
  const response = await fetch(`${url}/check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
    body: JSON.stringify(fileOf(await freePort())),
  });
  assert.equal(response.headers.get('content-type')?.split(';')[0], 'application/x-ndjson');
  const lines = (await response.text()).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines[0], { settled: 1, total: 1 });
  assert.equal(lines.at(-1).checked, 1);
});

test('a third check at the same time is refused, and one later is not', async (t) => {
  const { call } = await serveDesk(t);
  const file = fileOf(await serveSilence(t));
  const running = [call('POST', '/check?timeout=1s', file), call('POST', '/check?timeout=1s', file)];
  await waitUntil('a third one is refused', async () => {
    const third = await call('POST', '/check?timeout=1ms', file);
    return third.status === 503 && /2 checks are on their way/.test(third.body.detail);
  });
  assert.deepEqual((await Promise.all(running)).map(({ body }) => body.servers[0].trouble), ['timeout', 'timeout']);
  assert.equal((await call('POST', '/check?timeout=1s', { clusters: [], listeners: [] })).status, 200);
});

test('of a name that the control plane looks up, each address is looked at', async (t) => {
  const { port } = await startRedis(t);
  const names = {
    known: () => new Map([['known.internal', ['127.0.0.1']]]),
    lookup: async (name: string) => {
      if (name === 'gone.internal') throw new LookupError('not found');
      return { addresses: ['127.0.0.3', '127.0.0.2'], ttlMs: 1 };
    },
  };
  const { url } = await serveV2(t, { names });
  const endpoints = ['known.internal', 'new.internal', 'gone.internal'].map((address) => ({ address, port }));
  const response = await fetch(`${url}/check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ clusters: [{ name: 'c', resolve: 'controlplane', endpoints }], listeners: [] }),
  });
  const { checked, fine, servers } = (await response.json()) as CheckMessage;
  assert.deepEqual([checked, fine], [4, 1]);
  assert.deepEqual(
    servers.map(({ address, host_name: name, trouble, detail }) => [address, name, trouble, detail]),
    [
      [`127.0.0.1:${port}`, 'known.internal', null, null],
      [`127.0.0.2:${port}`, 'new.internal', 'refused', `connect ECONNREFUSED 127.0.0.2:${port}`],
      [`127.0.0.3:${port}`, 'new.internal', 'refused', `connect ECONNREFUSED 127.0.0.3:${port}`],
      [`gone.internal:${port}`, 'gone.internal', 'failed', 'its name leads to no address: not found'],
    ],
  );
});
