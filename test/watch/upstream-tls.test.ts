// TLS to servers: whom we take for whom, who takes us, and what is said when not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { createServer } from 'node:tls';

import type { SecretValue } from '../../src/model/objects.ts';
import { parseCluster } from '../../src/model/parse.ts';
import { checkServers } from '../../src/watch/check.ts';
import { serversOf } from '../../src/watch/declared-servers.ts';
import type { UnusableSecret } from '../../src/watch/find-secret.ts';
import { makeAuthority } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis-server.ts';
import { startTlsRedis } from '../support/redis-tls.ts';
import { makePair } from '../support/test-vault.ts';

const options = { deadlineMs: 1_000, atOnce: 4, signal: new AbortController().signal, onChecked: () => undefined };

const [authority, other] = [makeAuthority('a CA'), makeAuthority('another CA')];
const intermediate = authority.issue('an intermediate CA', { isAuthority: true });
const weak = makePair({ name: 'weak.test', keyOptions: ['-newkey', 'rsa:512'] });

function certificate({ chain, key }: Pick<Certificate, 'chain' | 'key'>): SecretValue {
  return { kind: 'certificate', chain, key };
}

const secrets = new Map<string, SecretValue | UnusableSecret>([
  ['ca', { kind: 'ca', value: authority.chain }],
  ['both', { kind: 'ca', value: other.chain + authority.chain }],
  ['intermediate', { kind: 'ca', value: intermediate.chain }],
  ['other', { kind: 'ca', value: other.chain }],
  ['own', certificate(authority.issue('a client'))],
  ['stranger', certificate(other.issue('a stranger'))],
  ['weak', certificate(weak)],
  ['password', { kind: 'password', value: 'pw' }],
  ['broken', { kind: 'unusable', problem: 'is broken' }],
]);

const usual = { ca: { secret: 'ca' }, sni: 'redis.internal', certificate: { secret: 'own' } };

/** What is wrong with the server on that port; undefined: it is fine. */
function problemOf(port: number, tls: object | undefined, host?: string): Promise<string | undefined> {
  return problemWith(port, tls && { upstream_tls: tls }, host);
}

async function problemWith(port: number, fields: object | undefined, host = '127.0.0.1'): Promise<string | undefined> {
  const kind = { kind: 'sharded', placement: 'remap', shards: [{ name: 's', endpoint: { address: host, port } }] };
  const cluster = parseCluster({ name: 'a', ...kind, ...fields });
  const [checked] = await checkServers(serversOf([cluster], (name) => secrets.get(name)), options);
  const seen = checked?.look;
  assert.equal(checked?.isFine, seen !== undefined && 'facts' in seen);
  return seen !== undefined && 'trouble' in seen ? `${seen.trouble}: ${seen.detail}` : undefined;
}

describe('a server with TLS', () => {
  const own = authority.issue('redis', { hosts: ['redis.internal', '*.shards.internal', '127.0.0.1'] });
  const names = 'DNS:redis.internal, DNS:*.shards.internal, IP Address:127.0.0.1';

  const cases: readonly (readonly [what: string, fields: object, problem?: string])[] = [
    ['its name is the one it is asked for', {}],
    ['its name is one of several', { sans: ['elsewhere.internal', 'redis.internal'] }],
    ['its name is an address', { sni: undefined, sans: ['127.0.0.1'] }],
    ['its name has a wildcard', { sni: 'one.shards.internal' }],
    ['its CA is one of several', { ca: { secret: 'both' } }],
    ['any name will do', { sni: undefined, sans: 'any' }],
    ['it is not checked', { ca: undefined, insecure: true, sni: 'elsewhere.internal' }],
    ['its name is another', { sni: 'elsewhere.internal' }, `its certificate is for ${names}, and not for elsewhere.internal`],
    ['its common name is none', { sans: ['redis', 'spiffe://redis'] }, `its certificate is for ${names}, and not for redis or spiffe://redis`],
    ['its CA is another', { ca: { secret: 'other' } }, 'its certificate is not taken: self-signed certificate in certificate chain'],
    ['it is shown no certificate', { certificate: undefined }, 'it wants a client certificate'],
    ['it is shown one of another CA', { certificate: { secret: 'stranger' } }, 'it does not know the CA of the client certificate'],
    ['the own key is too weak', { certificate: { secret: 'weak' } }, `upstream_tls: can't be used from here: ee key too small`],
  ];
  for (const [what, fields, problem] of cases) {
    test(what, async (t) => {
      const redis = await startTlsRedis(t, authority, own);
      const found = await problemOf(redis.port, { ...usual, ...fields });
      assert.equal(found, problem && `tls: ${problem}`);
    });
  }

  test('is known by an intermediate CA alone, as Envoy has it', async (t) => {
    const redis = await startTlsRedis(t, authority, intermediate.issue('redis', { hosts: ['redis.internal'] }));
    assert.equal(await problemOf(redis.port, { ...usual, ca: { secret: 'intermediate' } }), undefined);
  });

  test('whose certificate has expired is not taken', async (t) => {
    const expired = authority.issue('redis', { hosts: ['redis.internal'], daysLeft: -1 });
    const server = createServer({ cert: expired.chain, key: expired.key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    assert.equal(await problemOf(port, usual), 'tls: its certificate is not taken: certificate has expired');
  });

  test('of version 1.2 says what it wants while hands are shaken', async (t) => {
    const redis = await startTlsRedis(t, authority, own, { 'tls-protocols': 'TLSv1.2' });
    assert.equal(await problemOf(redis.port, usual), undefined);
    assert.match(`${await problemOf(redis.port, { ...usual, certificate: undefined })}`, /^tls: TLS: .*handshake failure$/u);
  });

  test('wants its password after that', async (t) => {
    const redis = await startTlsRedis(t, authority, own);
    await redis.direct.ask('CONFIG', 'SET', 'requirepass', 'pw');
    assert.match(`${await problemOf(redis.port, usual)}`, /^auth: /u);
  });
});

test('a server whose secrets can not be used is not asked, and told by what is named where', async () => {
  const port = await freePort();
  const cases: readonly (readonly [fields: object, problem: string])[] = [
    [{ upstream_tls: { ...usual, ca: { secret: 'gone' } } }, 'upstream_tls.ca: secret "gone" is missing'],
    [{ upstream_tls: { ...usual, certificate: { secret: 'gone' } } }, 'upstream_tls.certificate: secret "gone" is missing'],
    [{ upstream_tls: { ...usual, ca: { secret: 'password' } } }, 'secret "password" is a password, and must be a ca'],
    [{ upstream_auth: { password: { secret: 'gone' } } }, 'upstream_auth.password: secret "gone" is missing'],
    [{ upstream_auth: { password: { secret: 'ca' } } }, 'secret "ca" is a ca, and must be a password: name another'],
    [{ upstream_auth: { password: { secret: 'broken' } } }, 'secret "broken" is broken: give it its value again'],
  ];
  for (const [fields, problem] of cases) {
    const found = `${await problemWith(port, fields)}`;
    assert.ok(found.startsWith('secret: ') && found.includes(problem), found);
  }
});

test('a server without TLS, and one with it that is spoken to without, are in trouble', async (t) => {
  const redis = await startTlsRedis(t, authority, authority.issue('redis'));
  assert.match(`${await problemOf(redis.port, undefined)}`, /^(closed|not-redis): /u);
  assert.match(`${await problemOf((await startRedis(t)).port, usual)}`, /^timeout: /u);
  const web = createPlainServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.after(() => web.close());
  assert.equal(await problemOf((web.address() as AddressInfo).port, usual), 'tls: it speaks no TLS');
});

test('a server is asked for the name that is declared, and for none when there is none', async (t) => {
  const { chain, key } = authority.issue('redis', { hosts: ['redis.internal'] });
  const asked: (string | false | null)[] = [];
  const server = createServer({ cert: chain, key }, (socket) => {
    asked.push(socket.servername);
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  assert.match(`${await problemOf(port, usual, 'localhost')}`, /^not-redis: /u);
  assert.match(`${await problemOf(port, { ca: { secret: 'ca' }, sans: 'any' }, 'localhost')}`, /^not-redis: /u);
  assert.deepEqual(asked.map((name) => name || undefined), ['redis.internal', undefined]);
});
