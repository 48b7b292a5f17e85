// A certificate whose files change while it is in use, in the ways in which files are changed.

import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import { ServedCertificate } from '../../src/net/served-certificate.ts';
import type { Certificate } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeTlsFolder } from '../support/tls-folder.ts';
import type { TlsFolder } from '../support/tls-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const lookMs = 20;
// Long enough for many looks: what is refused was looked at.
const manyLooksMs = 400;

interface Served {
  readonly certificate: ServedCertificate;
  readonly lines: Record<string, unknown>[];
  changes: number;
}

async function serve(paths: { cert: string; key: string; clientCa?: string }): Promise<Served> {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const all = { clientCa: undefined, ...paths };
  const certificate = await ServedCertificate.read(all, pino({ base: null, timestamp: false }, { write }), lookMs);
  const served = { certificate, lines, changes: 0 };
  certificate.onChange(() => (served.changes += 1));
  return served;
}

function isInUse({ certificate }: Served, { chain, key }: Certificate): boolean {
  return certificate.files.cert.toString() === chain && certificate.files.key.toString() === key;
}

async function untilInUse(served: Served, wanted: Certificate): Promise<void> {
  await waitUntil(`${wanted.name} is in use`, () => isInUse(served, wanted));
}

/** As Kubernetes mounts a secret: links to files in a folder that is itself a link, which is what changes. */
async function mountSecret(t: TestContext, first: Certificate): Promise<{ paths: { cert: string; key: string }; swap: (to: Certificate) => Promise<void> }> {
  const mount = await tempDir(t);
  const path = (name: string): string => join(mount, name);
  let versions = 0;
  const swap = async ({ chain, key }: Certificate): Promise<void> => {
    versions += 1;
    const folder = `..version-${versions}`;
    await mkdir(path(folder));
    await writeFile(path(`${folder}/tls.crt`), chain);
    await writeFile(path(`${folder}/tls.key`), key);
    await symlink(folder, path('..data_tmp'));
    await rename(path('..data_tmp'), path('..data'));
    if (versions > 1) await rm(path(`..version-${versions - 1}`), { recursive: true });
  };
  await swap(first);
  for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, path(name));
  return { paths: { cert: path('tls.crt'), key: path('tls.key') }, swap };
}

describe('a new certificate is in use soon', () => {
  const ways: Readonly<Record<string, (folder: TlsFolder, next: Certificate) => Promise<void>>> = {
    'when both files are renamed': (folder, next) => folder.writeServer(next),
    'when both files are written in place': async (folder, { chain, key }) => {
      await writeFile(folder.key, key);
      await writeFile(folder.cert, chain);
    },
    'when the second file comes much later': async (folder, { chain, key }) => {
      await folder.write(folder.cert, chain);
      await sleep(manyLooksMs);
      await folder.write(folder.key, key);
    },
    'when a file was gone meanwhile': async (folder, { chain, key }) => {
      await rm(folder.key);
      await sleep(manyLooksMs);
      await folder.write(folder.cert, chain);
      await folder.write(folder.key, key);
    },
    'when a file was cut short meanwhile': async (folder, { chain, key }) => {
      await writeFile(folder.cert, chain.slice(0, chain.length / 2));
      await sleep(manyLooksMs);
      await writeFile(folder.cert, chain);
      await writeFile(folder.key, key);
    },
  };
  for (const [way, change] of Object.entries(ways)) {
    test(way, async (t) => {
      const folder = await makeTlsFolder(t);
      const served = await serve(folder);
      const next = folder.newServer('server 2');
      await change(folder, next);
      await untilInUse(served, next);
      assert.equal(served.changes, 1);
      assert.deepEqual(served.lines.at(-1)?.['msg'], 'TLS files have changed and are in use');
    });
  }

  test('when a link is set to another folder, again and again', async (t) => {
    const folder = await makeTlsFolder(t);
    const { paths, swap } = await mountSecret(t, folder.server);
    const served = await serve(paths);
    for (const name of ['server 2', 'server 3']) {
      const next = folder.newServer(name);
      await swap(next);
      await untilInUse(served, next);
    }
  });

  test('when it is that of the CAs alone', async (t) => {
    const folder = await makeTlsFolder(t);
    const served = await serve({ cert: folder.cert, key: folder.key, clientCa: folder.ca });
    const both = folder.authority.chain + folder.newServer('another').chain;
    await folder.write(folder.ca, both);
    await waitUntil('the CAs are in use', () => served.certificate.files.clientCa?.toString() === both);
    assert.ok(isInUse(served, folder.server));
  });
});

describe('what can not be used changes nothing, and is told once, with its file', () => {
  const faults: Readonly<Record<string, (folder: TlsFolder) => Promise<readonly [path: string, reason: RegExp]>>> = {
    'a key that does not fit': async (folder) => {
      await folder.write(folder.key, folder.newServer('other').key);
      return [`${folder.cert}, ${folder.key}`, /^the key is not that of the certificate$/u];
    },
    'a file that is gone': async (folder) => {
      await rm(folder.cert);
      return [folder.cert, /^ENOENT/u];
    },
    'a file that holds something else': async (folder) => {
      await folder.write(folder.key, 'no key');
      return [folder.key, /^must hold a private key in PEM/u];
    },
    'a certificate that has expired': async (folder) => {
      await folder.writeServer(folder.newServer('late', -1));
      return [folder.cert, /^has expired at \d{4}-/u];
    },
  };
  for (const [what, spoil] of Object.entries(faults)) {
    test(what, async (t) => {
      const folder = await makeTlsFolder(t);
      const served = await serve(folder);
      const [file, reason] = await spoil(folder);
      await waitUntil('it is told', () => served.lines.length > 0);
      await sleep(manyLooksMs);
      const [{ msg, ...line } = {}, ...others] = served.lines;
      assert.deepEqual(others, []);
      assert.equal(msg, 'TLS files have changed and can not be used: the ones before stay');
      assert.deepEqual([line['level'], line['file']], [40, file]);
      assert.match(String(line['reason']), reason);
      assert.ok(isInUse(served, folder.server));
      await folder.writeServer(folder.server);
      await waitUntil('they are right again', () => served.changes === 1);
    });
  }
});

describe('a certificate that ends', () => {
  for (const [daysLeft, level, msg] of [
    [40.5, undefined, undefined],
    [29.5, 40, 'TLS certificate expires soon'],
    [-1, 50, 'TLS certificate has expired'],
  ] as const) {
    test(`in ${daysLeft} days is ${msg === undefined ? 'not ' : ''}told of at the start`, async (t) => {
      const folder = await makeTlsFolder(t);
      await folder.writeServer(folder.newServer('old', daysLeft));
      const { lines, certificate } = await serve(folder);
      const [line] = lines;
      assert.deepEqual([line?.['level'], line?.['msg']], [level, msg]);
      if (line !== undefined) assert.equal(line['file'], folder.cert);
      assert.equal(Math.round((certificate.notAfterMs - Date.now()) / 43_200_000), daysLeft * 2);
    });
  }
});
