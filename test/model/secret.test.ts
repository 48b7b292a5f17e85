// Which secrets are taken, and that no fault repeats a value.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FaultsError } from '../../src/model/faults.ts';
import { parseCluster, parseConfig, parseListener, parseSecret } from '../../src/model/parse.ts';
import { makePair } from '../support/test-vault.ts';

function faultsOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof FaultsError);
    return error.faults.map(({ pointer, value, rule }) => `${pointer} ${JSON.stringify(value) ?? 'hidden'}: ${rule}`);
  }
  return [];
}

const ca = makePair({ name: 'ca.test' });
const { chain, key } = makePair({ name: 'redis.test', issuer: ca });
const other = makePair({ name: 'other.test' });
const [own = '', issuer = ''] = chain.split(/(?<=-----END CERTIFICATE-----\n)/u);
const weak = makePair({ name: 'weak.test', keyOptions: ['-newkey', 'rsa:1024'] });
const strong = makePair({ name: 'strong.test', keyOptions: ['-newkey', 'rsa:2048'] });
const modern = makePair({ name: 'modern.test', keyOptions: ['-newkey', 'ed25519'] });
const encrypted = key.replace('BEGIN PRIVATE', 'BEGIN ENCRYPTED PRIVATE').replace('END PRIVATE', 'END ENCRYPTED PRIVATE');
const noChain = '/chain hidden: must be one certificate or more in PEM';
const noKey = '/key hidden: must be one private key in PEM';

describe('a secret', () => {
  const cases: readonly (readonly [what: string, value: unknown, faults: readonly string[]])[] = [
    ['may be a password', { name: 'a', kind: 'password', value: 'hunter2', labels: { team: 'x' } }, []],
    ['may be a password of any characters', { name: 'a', kind: 'password', value: ' 密"\n\u0007' }, []],
    ['is an object', 'hunter2', [' hidden: must be an object']],
    ['is of a kind', { name: 'a', kind: 'token', value: 'hunter2' }, ['/kind "token": must be one of password, certificate, ca']],
    ['has a value', { name: 'a', kind: 'password' }, ['/value hidden: is required']],
    ['has a value that is text', { name: 'a', kind: 'password', value: 123456 }, ['/value hidden: must be text']],
    ['has a value with something in it', { name: 'a', kind: 'password', value: '' }, ['/value hidden: must not be empty']],
    ['has a value without NUL', { name: 'a', kind: 'password', value: 'hunter\0' }, ['/value hidden: must be Unicode text without NUL']],
    ['has a value of some length', { name: 'a', kind: 'password', value: 'x'.repeat(4_097) }, ['/value hidden: must have at most 4096 bytes']],
    ['has no other fields', { name: 'a', kind: 'password', value: 'x', vaule: 'hunter2' }, ['/vaule hidden: no such field']],
    ['may be a certificate, with who issued it', { name: 'a', kind: 'certificate', chain, key }, []],
    ['may be a certificate of RSA', { name: 'a', kind: 'certificate', ...strong }, []],
    ['has a chain that can be read', { name: 'a', kind: 'certificate', chain: 'hunter2', key }, [noChain]],
    ['has a chain all of which can be read', { name: 'a', kind: 'certificate', chain: `${own}-----BEGIN CERTIFICATE-----\nAA`, key }, [noChain]],
    ['has a chain in order', { name: 'a', kind: 'certificate', chain: issuer + own, key: ca.key }, [
      '/chain hidden: must have each certificate before the one that issued it, the own one first',
    ]],
    ['has a key that can be read', { name: 'a', kind: 'certificate', chain, key: own }, [noKey]],
    ['has one key', { name: 'a', kind: 'certificate', chain, key: key + key }, [noKey]],
    ['has a key without a passphrase', { name: 'a', kind: 'certificate', chain, key: encrypted }, [
      '/key hidden: must not be encrypted by a passphrase, which Envoy is not told',
    ]],
    ['has the key of its certificate', { name: 'a', kind: 'certificate', chain, key: other.key }, ['/key hidden: must be the key of the certificate']],
    ['has a key that Envoy takes', { name: 'a', kind: 'certificate', ...weak }, ['/key hidden: must have 2048 bits or more, being RSA']],
    ['has a key of a kind that Envoy takes', { name: 'a', kind: 'certificate', ...modern }, [
      '/key hidden: must be RSA, or ECDSA over P-256, P-384 or P-521',
    ]],
    ['may be CAs in any order', { name: 'a', kind: 'ca', value: chain + other.chain }, []],
    ['is no CA without one', { name: 'a', kind: 'ca', value: key }, ['/value hidden: must be one CA certificate or more in PEM']],
  ];
  for (const [what, value, faults] of cases) test(what, () => assert.deepEqual(faultsOf(() => parseSecret(value)), faults));
});

describe('in a file a secret', () => {
  const fingerprint = '0123456789abcdef';
  const cases: readonly (readonly [what: string, secrets: unknown, faults: readonly string[]])[] = [
    ['has a value, or stays, or is found elsewhere', [
      { name: 'a', kind: 'password', value: 'x' },
      { name: 'b', kind: 'certificate', fingerprint, labels: { team: 'x' } },
      { name: 'c', kind: 'password', value_from: { env: 'PASSWORD' } },
      { name: 'd', kind: 'certificate', chain_from: { file: 'd.crt' }, key_from: { file: 'd.key' } },
    ], []],
    ['is in a list', 'hunter2', ['/secrets hidden: must be a list']],
    ['is an object', ['hunter2'], ['/secrets/0 hidden: must be an object']],
    ['is there once', [{ name: 'a', kind: 'ca', fingerprint }, { name: 'a', kind: 'password', value: 'x' }], [
      '/secrets/1/name "a": must be there once, "a" is at /secrets/0 too',
    ]],
    ['has one of these alone', [{ name: 'a', kind: 'password', fingerprint, value: 'hunter2' }], ['/secrets/0/value hidden: no such field']],
    ['has a fingerprint that can be one', [{ name: 'a', kind: 'password', fingerprint: 'x' }], [
      '/secrets/0/fingerprint "x": must be 16 hexadecimal digits',
    ]],
    ['is found in one place', [{ name: 'a', kind: 'certificate', chain_from: { file: 'd.crt' } }], ['/secrets/0/key_from hidden: is required']],
  ];
  for (const [what, secrets, faults] of cases) test(what, () => assert.deepEqual(faultsOf(() => parseConfig({ secrets })), faults));

  test('is in order as it stands there, and nothing is said where no list is', () => {
    const entry = (name: string) => ({ name, kind: 'ca' as const, fingerprint });
    assert.deepEqual(parseConfig({ secrets: [entry('b'), entry('a')] }).secrets, [entry('b'), entry('a')]);
    assert.deepEqual(parseConfig({ secrets: [] }).secrets, []);
    assert.equal('secrets' in parseConfig({}), false);
  });
});

describe('who names secrets', () => {
  const server = { address: '10.0.0.1', port: 6379 };
  const cases: readonly (readonly [what: string, parse: (value: unknown) => unknown, value: object, faults: readonly string[]])[] = [
    ['a password is named', parseCluster, { upstream_auth: { password: 'hunter2' } }, ['/upstream_auth/password hidden: must be an object']],
    ['a server has its own', parseCluster, { endpoints: [{ ...server, upstream_auth: { password: { secret: '' } } }] }, [
      '/endpoints/0/upstream_auth/password/secret "": must not be empty',
    ]],
    ['a field that is not there is not repeated', parseCluster, { password: 'hunter2', upstream_auth: { passwd: 'hunter2' } }, [
      '/password hidden: no such field', '/upstream_auth/passwd hidden: no such field', '/upstream_auth/password hidden: is required',
    ]],
    ['a server has its own, where it is not checked by that of the cluster', parseCluster, {
      endpoints: [{ ...server, upstream_auth: { password: { secret: 'a' } } }],
      health_check: { interval: '1s' },
    }, ['/health_check {"interval":"1s"}: must not be of redis where an endpoint has its own upstream_auth: a check knows that of the cluster alone']],
    ['a server has its own by its IP address', parseCluster, {
      endpoints: [{ ...server, address: 'redis-a.internal', upstream_auth: { password: { secret: 'a' } } }],
    }, ['/endpoints/0/upstream_auth hidden: must be left out where the address is a host name: Envoy finds the password of a server by IP address']],
    ['a server has its own by an address that does not move', parseCluster, {
      kind: 'sharded',
      resolve: 'controlplane',
      shards: [{ name: 's', endpoint: { ...server, address: 'redis-a.internal', upstream_auth: { password: { secret: 'a' } } } }],
    }, ['/shards/0/endpoint/upstream_auth hidden: must be left out where the address is a host name: each time that it leads elsewhere the cluster would change, and Envoys connect to all its servers anew']],
    ['a server has its own, and can be connected to', parseCluster, {
      endpoints: [{ ...server, upstream_auth: { password: { secret: 'a' } } }],
      health_check: { protocol: 'tcp' },
    }, []],
    ['a user alone is none', parseCluster, { upstream_auth: { username: 'x' } }, ['/upstream_auth/password hidden: is required']],
    ['a listener has passwords', parseListener, { auth: { passwords: [] } }, ['/auth/passwords hidden: must have at least 1 entry']],
    ['a listener has each password once', parseListener, { auth: { passwords: [{ secret: 'a' }, { secret: 'a' }] } }, [
      '/auth/passwords hidden: must name each secret once',
    ]],
    ['one that speaks no Redis has none', parseListener, { kind: 'http', auth: { passwords: ['hunter2'] } }, ['/auth hidden: no such field']],
  ];
  for (const [what, parse, value, faults] of cases) {
    test(what, () => assert.deepEqual(faultsOf(() => parse({ name: 'n', ...value })).sort(), [...faults].sort()));
  }
});
