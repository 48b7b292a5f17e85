// Commands and a control plane with TLS: what is taken, and by which flag an operator gets further.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { makeAuthority } from '../support/certificates.ts';
import type { Certificate } from '../support/certificates.ts';
import { makeTlsFolder } from '../support/tls-folder.ts';
import type { TlsFolder } from '../support/tls-folder.ts';
import { runInProcess } from './canned-api.ts';

const answer: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"revisions":[]}');
};

async function listen(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

interface Scene {
  readonly folder: TlsFolder;
  readonly port: number;
}

async function serve(t: TestContext, choose: (folder: TlsFolder) => Certificate = ({ server }) => server): Promise<Scene> {
  const folder = await makeTlsFolder(t);
  const { chain: cert, key } = choose(folder);
  return { folder, port: await listen(t, createServer({ cert, key }, answer)) };
}

test('a command asks with TLS by flag, variable, or its address', async (t) => {
  const { folder, port } = await serve(t);
  const address = `127.0.0.1:${port}`;
  for (const [words, env] of [
    [['--api', `https://${address}`, '--api-ca', folder.ca], {}],
    [['--api', address, '--api-ca', folder.ca], {}],
    [['--api', `https://localhost:${port}`], { CONTROLPLANE_API_CA: folder.ca }],
    [[], { CONTROLPLANE_API_ADDRESS: `0.0.0.0:${port}`, CONTROLPLANE_API_CA: folder.ca }],
  ] as const) {
    const { status, stderr } = await runInProcess(['history', ...words], { env });
    assert.deepEqual([status, stderr], [0, ''], words.join(' '));
  }
});

interface Fault {
  readonly what: string;
  readonly certificate?: (folder: TlsFolder) => Certificate;
  /** Words of the command line. */
  readonly words: (folder: TlsFolder) => readonly string[];
  readonly line: RegExp;
}

const faults: readonly Fault[] = [
  {
    what: 'a CA that this system does not know',
    words: () => [],
    line: /its certificate is signed by none that this system knows: name the file of its CA by --api-ca/u,
  },
  {
    what: 'a certificate that signs itself',
    certificate: () => makeAuthority('self', { hosts: ['127.0.0.1'] }),
    words: () => [],
    line: /signed by none that this system knows: name the file of its CA by --api-ca \(DEPTH_ZERO_SELF_SIGNED_CERT\)/u,
  },
  {
    what: 'another CA than that of --api-ca',
    certificate: () => makeAuthority('another').issue('stranger', { hosts: ['127.0.0.1'] }),
    words: ({ ca }) => ['--api-ca', ca],
    line: /its certificate is signed by none that --api-ca holds: name the file of its CA by --api-ca/u,
  },
  {
    what: 'a certificate for other names',
    certificate: ({ authority }) => authority.issue('other', { hosts: ['cp.example'] }),
    words: ({ ca }) => ['--api-ca', ca],
    line: /its certificate is for DNS:cp\.example, not for 127\.0\.0\.1\n/u,
  },
  {
    what: 'a certificate that has expired',
    certificate: ({ authority }) => authority.issue('late', { hosts: ['127.0.0.1'], daysLeft: -1 }),
    words: ({ ca }) => ['--api-ca', ca],
    line: /certificate has expired/u,
  },
];

describe('one line says what to do about', () => {
  for (const { what, certificate, words, line } of faults) {
    test(what, async (t) => {
      const { folder, port } = await serve(t, certificate);
      const api = ['--api', `https://127.0.0.1:${port}`];
      const { status, stderr } = await runInProcess(['history', ...api, ...words(folder)]);
      assert.equal(status, 1);
      assert.match(stderr, /^controlplane: can't reach the control plane at https:\/\/127\.0\.0\.1:\d+: [^\n]+\n$/u);
      assert.match(stderr, line);
    });
  }

  test('a port without TLS', async (t) => {
    const port = await listen(t, createPlainServer(answer));
    const { status, stderr } = await runInProcess(['history', '--api', `https://127.0.0.1:${port}`]);
    assert.equal(status, 1);
    assert.match(stderr, /it does not speak TLS there: leave out https:\/\/ and --api-ca\n$/u);
  });

  test('a port with TLS', async (t) => {
    const { port } = await serve(t);
    const { status, stderr } = await runInProcess(['history', '--api', `127.0.0.1:${port}`]);
    assert.equal(status, 1);
    assert.match(stderr, /does it have TLS\? Then https:\/\/ goes before its address/u);
  });
});
