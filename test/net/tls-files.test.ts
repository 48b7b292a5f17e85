import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { TlsFileError, checkTlsFiles, readTlsFiles } from '../../src/net/tls-files.ts';
import type { Expiry, TlsPaths } from '../../src/net/tls-files.ts';
import { makeAuthority } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';

const authority = makeAuthority();
const { chain, key } = authority.issue('server', { hosts: ['127.0.0.1'], daysLeft: 90 });
const other = authority.issue('other');
const encrypted = generateKeyPairSync('ec', {
  namedCurve: 'prime256v1',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
}).privateKey;
const broken = chain.replace(/\n.{8}/u, '\nAAAAAAAA');

interface Texts {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

async function check(t: TestContext, texts: Texts): Promise<Expiry[]> {
  const folder = await tempDir(t);
  const [cert, keyPath, ca] = [join(folder, 'c'), join(folder, 'k'), join(folder, 'ca')];
  await Promise.all([writeFile(cert, texts.cert), writeFile(keyPath, texts.key), writeFile(ca, texts.clientCa ?? '')]);
  const paths: TlsPaths = { cert, key: keyPath, clientCa: texts.clientCa === undefined ? undefined : ca };
  return checkTlsFiles(paths, await readTlsFiles(paths));
}

async function faultOf(outcome: Promise<unknown>): Promise<TlsFileError> {
  const error = await outcome.then(() => 'no fault', (reason: unknown) => reason);
  return error instanceof TlsFileError ? error : assert.fail(String(error));
}

describe('what a server can be started with', () => {
  test('is good until its first certificate ends, and CAs until the last one does', async (t) => {
    const middle = authority.issue('middle', { isAuthority: true, daysLeft: 30 });
    const leaf = middle.issue('leaf', { daysLeft: 60 });
    const authorities = authority.chain + makeAuthority('old', { daysLeft: 10 }).chain;
    const expiries = await check(t, { cert: leaf.chain, key: leaf.key, clientCa: authorities });
    const days = expiries.map(({ notAfterMs }) => Math.round((notAfterMs - Date.now()) / 86_400_000));
    assert.deepEqual(days, [30, 365]);
  });

  test('may have words around its certificates', async (t) => {
    assert.equal((await check(t, { cert: `subject=server\n${chain}\n# end\n`, key })).length, 1);
  });
});

const faults: readonly (readonly [what: string, texts: Texts, paths: RegExp, rule: RegExp])[] = [
  ['a certificate that is none', { cert: 'x', key }, /\/c$/u, /^must hold a certificate in PEM$/u],
  ['a broken certificate', { cert: chain + broken, key }, /\/c$/u, /^certificate 2 of 2 can not be read: /u],
  ['a key that is none', { cert: chain, key: chain }, /\/k$/u, /^must hold a private key in PEM: /u],
  ['an encrypted key', { cert: chain, key: encrypted }, /\/k$/u, /^must not be encrypted$/u],
  ['the key of another', { cert: chain, key: other.key }, /\/c, \S+\/k$/u, /^the key is not that of the certificate$/u],
  ['CAs that are none', { cert: chain, key, clientCa: key }, /\/ca$/u, /^must hold a certificate in PEM$/u],
  ['a file too large', { cert: chain, key: `${key}${' '.repeat(1_048_576)}` }, /\/k$/u, /at most 1048576 bytes/u],
];

describe('refused is', () => {
  for (const [what, texts, path, rule] of faults) {
    test(`${what}, by file and rule, and nothing of the key is told`, async (t) => {
      const error = await faultOf(check(t, texts));
      assert.match(error.path, path);
      assert.match(error.message, rule);
      const secrets = texts.key.split('\n').filter((line) => line.length > 16 && !line.startsWith('-----'));
      assert.deepEqual(secrets.filter((line) => error.message.includes(line.slice(0, 16))), []);
    });
  }

  test('a file that is not there, a folder and a pipe, at once', async (t) => {
    const folder = await tempDir(t);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [path, rule] of [
      [join(folder, 'none'), /^ENOENT/u],
      [folder, /^must be a file/u],
      [pipe, /^must be a file/u],
    ] as const) {
      const error = await faultOf(readTlsFiles({ cert: path, key: path, clientCa: undefined }));
      assert.equal(error.path, path);
      assert.match(error.message, rule);
    }
  });
});
