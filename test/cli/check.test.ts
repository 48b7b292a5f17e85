// `controlplane check` and `apply --check`, against a daemon and real servers.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { makeAuthority } from '../support/certificates.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { startDns } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { startTlsRedis } from '../support/redis-tls.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runCli } from './run-cli.ts';

async function setUp(t: TestContext) {
  const [good, replica, plane] = await Promise.all([startRedis(t), startRedis(t), startControlPlane(t)]);
  await replica.direct.ask('REPLICAOF', '127.0.0.1', `${good.port}`);
  const dead = await freePort();
  const api = `127.0.0.1:${plane.place.apiPort}`;
  const put = async (name: string, ports: readonly number[]): Promise<void> => {
    const body = JSON.stringify({ endpoints: ports.map((port) => ({ address: '127.0.0.1', port })) });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://${api}/api/v2/clusters/${name}`, { method: 'PUT', body, headers });
    assert.ok(answer.ok, await answer.text());
  };
  return { good: good.port, replica: replica.port, dead, api, put };
}

test('check tells who is fine, who is not, and why', async (t) => {
  const { good, replica, dead, api, put } = await setUp(t);
  await put('sessions', [good]);
  const fine = await runCli(['check', '--api', api]);
  assert.equal(fine.status, 0, fine.stderr);
  assert.match(fine.stdout, new RegExp(`ok +sessions +127.0.0.1:${good} +primary +redis \\d+\\.\\d+\\.\\d+ +no limit, noeviction +none\\n1 of 1 are fine\\n$`));

  await put('carts', [replica, dead]);
  const bad = await runCli(['check', '--api', api]);
  assert.equal(bad.status, 3, bad.stderr);
  assert.match(bad.stdout, new RegExp(`bad +carts +127.0.0.1:${replica} +replica of 127.0.0.1:${good} `));
  assert.match(bad.stdout, new RegExp(`bad +carts +127.0.0.1:${dead} +refused: `));
  assert.match(bad.stdout, new RegExp(`carts 127.0.0.1:${replica}: it is a replica of 127.0.0.1:${good}, and refuses writes`));
  assert.match(bad.stdout, /1 of 3 are fine\n$/);

  assert.equal((await runCli(['check', 'sessions', '--api', api])).status, 0);
  const unknown = await runCli(['check', 'nobody', '--api', api]);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /cluster "nobody": not declared/);
  const committed = await runCli(['check', '--api', api, '--view', 'committed', '-o', 'json']);
  assert.deepEqual(JSON.parse(committed.stdout), { checked: 0, fine: 0, servers: [] });
});

test('check speaks TLS to servers, with the secrets that are declared', async (t) => {
  const authority = makeAuthority();
  const own = authority.issue('redis', { hosts: ['redis.internal'] });
  const [redis, plane] = await Promise.all([startTlsRedis(t, authority, own), startControlPlane(t)]);
  const api = `127.0.0.1:${plane.place.apiPort}`;
  const put = async (path: string, object: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://${api}/api/v2/${path}`, { method: 'PUT', body: JSON.stringify(object), headers });
    assert.ok(answer.ok, await answer.text());
  };
  const check = async (status: number, line: RegExp): Promise<void> => {
    const seen = await runCli(['check', '--api', api]);
    assert.equal(seen.status, status, seen.stderr);
    assert.match(seen.stdout, line);
  };
  const tls = { ca: { secret: 'ca' }, sni: 'redis.internal' };
  const endpoints = [{ address: redis.address, port: redis.port }];
  await put('clusters/carts', { endpoints, upstream_tls: tls });
  await check(3, /bad +carts +\S+ +secret: upstream_tls\.ca: secret "ca" is missing: declare it \(secret set\), or name another\n0 of 1 are fine\n$/);
  await put('secrets/ca', { kind: 'ca', value: authority.chain });
  await check(3, /bad +carts +\S+ +tls: it wants a client certificate\n/);
  const { chain, key } = authority.issue('control plane');
  await put('secrets/own', { kind: 'certificate', chain, key });
  await put('clusters/carts', { endpoints, upstream_tls: { ...tls, certificate: { secret: 'own' } } });
  await check(0, /ok +carts +\S+ +primary +redis [\s\S]*1 of 1 are fine\n$/);
});

test('apply --check stages a file only when its servers are fine', async (t) => {
  const { good, dead, api } = await setUp(t);
  const file = join(await tempDir(t), 'declared.json');
  const write = (port: number) =>
    writeFile(file, JSON.stringify({ clusters: [{ name: 'a', endpoints: [{ address: '127.0.0.1', port }] }], listeners: [] }));
  await write(dead);
  const refused = await runCli(['apply', '-f', file, '--check', '--api', api]);
  assert.equal(refused.status, 1, refused.stdout);
  assert.match(refused.stderr, /bad +a +127\.0\.0\.1:\d+ +refused: [\s\S]*0 of 1 are fine\nnothing was staged/);
  const staged = await (await fetch(`http://${api}/api/v2/staged`)).json();
  assert.deepEqual(staged, { changes: [] });
  await write(good);
  const applied = await runCli(['apply', '-f', file, '--check', '--api', api]);
  assert.equal(applied.status, 0, applied.stderr);
  await writeFile(file, '{"clusters": [{"name": 5}], "listeners": []}');
  const faulty = await runCli(['apply', '-f', file, '--check', '--api', api]);
  assert.equal(faulty.status, 1);
  assert.match(faulty.stderr, /declared\.json:1:\d+/);
});

test('check asks who has the names that the control plane looks up', async (t) => {
  const dns = await startDns(t, { 'redis.internal': ['127.0.0.1'] });
  const [redis, plane] = [await startRedis(t), await startControlPlane(t, ['--dns-servers', `127.0.0.1:${dns.port}`])];
  const file = join(await tempDir(t), 'declared.json');
  const endpoints = ['redis.internal', 'gone.internal'].map((address) => ({ address, port: redis.port }));
  await writeFile(file, JSON.stringify({ clusters: [{ name: 'a', resolve: 'controlplane', endpoints }], listeners: [] }));
  const { status, stderr } = await runCli(['apply', '-f', file, '--check', '--api', `127.0.0.1:${plane.place.apiPort}`]);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`ok +a +127\\.0\\.0\\.1:${redis.port} \\(redis\\.internal\\) +primary `));
  assert.match(stderr, new RegExp(`bad +a +gone\\.internal:${redis.port} +failed: its name leads to no address: not found\\n`));
});
