import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { formatApiAddress, parseApiUrl, readApiAddress } from '../../src/cli/api-address.ts';
import { UsageError } from '../../src/process/failure.ts';
import { makeAuthority } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';

const rule = 'must be HOST:PORT, [IPV6]:PORT or :PORT';

type Text = string | undefined;

const read: readonly (readonly [flag: Text, variable: Text, file: Text, host: string, port: number])[] = [
  [undefined, undefined, undefined, '127.0.0.1', 8000],
  [undefined, undefined, 'cp.example:2', 'cp.example', 2],
  [undefined, 'cp.example:1', 'what is not looked at', 'cp.example', 1],
  [undefined, '0.0.0.0:8000', undefined, '127.0.0.1', 8000],
  [undefined, ':9', undefined, '127.0.0.1', 9],
  ['10.0.0.1:2', 'what is not looked at', undefined, '10.0.0.1', 2],
  ['[::]:3', undefined, undefined, '127.0.0.1', 3],
  ['[::1]:3', undefined, undefined, '::1', 3],
];
for (const [flag, variable, file, host, port] of read) {
  test(`--api ${flag}, the variable ${variable} and the file's ${file} lead to ${host} ${port}`, async () => {
    const preferences = file === undefined ? {} : { api: file };
    const flags = { api: flag === undefined ? flag : parseApiUrl(flag) };
    const address = await readApiAddress(flags, { CONTROLPLANE_API_ADDRESS: variable }, preferences);
    assert.deepEqual(address, { host, port });
  });
}

test('what can not be read is told with where it comes from', async () => {
  await assert.rejects(
    readApiAddress({}, { CONTROLPLANE_API_ADDRESS: '' }),
    new UsageError(`CONTROLPLANE_API_ADDRESS "": ${rule}`),
  );
  await assert.rejects(
    readApiAddress({}, {}, { api: 'x' }),
    new UsageError(`api in the file of defaults "x": ${rule}`),
  );
  await assert.rejects(readApiAddress({}, { CONTROLPLANE_API_ADDRESS: 'https://cp.example' }), UsageError);
});

const { chain: authority, key } = makeAuthority();

async function writeAuthority(t: TestContext, text = authority): Promise<string> {
  const path = join(await tempDir(t), 'ca.pem');
  await writeFile(path, text);
  return path;
}

describe('it is asked with TLS', () => {
  test('when its address says https://, by the CAs of the system', async () => {
    const address = await readApiAddress({ api: parseApiUrl('https://[::]:1/') }, {});
    assert.deepEqual(address, { host: '127.0.0.1', port: 1, tls: { ca: undefined } });
    assert.equal(formatApiAddress(address), 'https://127.0.0.1:1');
  });

  for (const source of ['flag', 'variable', 'file'] as const) {
    test(`when a CA is given by the ${source}`, async (t) => {
      const path = await writeAuthority(t);
      const flags = source === 'flag' ? { apiCa: path } : {};
      const env = source === 'variable' ? { CONTROLPLANE_API_CA: path } : {};
      const preferences = source === 'file' ? { api_ca: path } : {};
      const { tls, host } = await readApiAddress(flags, env, preferences);
      assert.deepEqual([tls?.ca?.toString(), host], [authority, '127.0.0.1']);
    });
  }

  test('and not when it says http://', async (t) => {
    const path = await writeAuthority(t);
    const address = await readApiAddress({ api: parseApiUrl('http://127.0.0.1:1') }, { CONTROLPLANE_API_CA: path });
    assert.deepEqual(address, { host: '127.0.0.1', port: 1 });
    assert.equal(formatApiAddress(address), '127.0.0.1:1');
  });

  test('and not with an empty flag', async () => {
    const address = await readApiAddress({ apiCa: '' }, { CONTROLPLANE_API_CA: '/nowhere' });
    assert.equal(address.tls, undefined);
  });

  test('but with no file that holds no certificate', async (t) => {
    for (const path of [await writeAuthority(t, 'none'), await writeAuthority(t, key), '/nowhere']) {
      const rejected = readApiAddress({}, { CONTROLPLANE_API_CA: path });
      await assert.rejects(rejected, (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /^CONTROLPLANE_API_CA "\/.*": must be a certificate in PEM: /u);
        return true;
      });
    }
  });
});
