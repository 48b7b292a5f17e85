import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Change } from '../src/inventory/change.ts';
import { StoreError } from '../src/store/log-store.ts';
import { serveApi } from './api/serve-api.ts';
import type { ServedApi } from './api/serve-api.ts';
import { makeTlsFolder } from './support/tls-folder.ts';

const script = fileURLToPath(new URL('../cli.sh', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs cli.sh to its end, with nothing in its environment but PATH and `env`. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(script, args, { env: { PATH: process.env.PATH ?? '', ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function runAgainst(api: ServedApi, ...args: string[]): Promise<Ended> {
  return run(args, { API: `127.0.0.1:${api.port}` });
}

const success = /^HTTP\/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)*Content-Length: 0\r\n(?:[^\r\n]+\r\n)*\r\n$/u;

suite('cli.sh', () => {
  test('stages with four commands and publishes with the fifth', async (t) => {
    const api = await serveApi(t);
    const endpoint = { cluster: 'bunny', address: '192.168.0.22', port: 6379 };
    const commands: [args: string[], change: Change | undefined][] = [
      [['cluster', 'add', 'bunny', 'br'], { kind: 'add-cluster', name: 'bunny', prefix: 'br' }],
      [['endpoint', 'add', 'bunny', '192.168.0.22', '6379'], { kind: 'add-endpoint', ...endpoint }],
      [['commit'], undefined],
      [['endpoint', 'remove', 'bunny', '192.168.0.22', '6379'], { kind: 'remove-endpoint', ...endpoint }],
      [['cluster', 'remove', 'bunny'], { kind: 'remove-cluster', name: 'bunny' }],
    ];
    for (const [args, change] of commands) {
      const staged = api.control.changes.length;
      const { code, stdout, stderr } = await runAgainst(api, ...args);
      assert.match(stdout, success);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(api.control.changes.slice(staged), change === undefined ? [] : [change]);
    }
    assert.equal(api.control.commits, 1);
  });

  const names = [
    '"',
    '\\',
    '\\"',
    'a","name":"b',
    'a"}{',
    '\\u0041',
    'a b  c',
    ' ',
    "'",
    '$(id) `id` $HOME *',
    '@b.yaml',
    '-X',
    '--help',
    '%s%n',
    '&|/#?',
    'r\u00e9gion-\u5154\u5b50-\u{1f430}',
  ];
  for (const locale of ['C', 'C.UTF-8']) {
    for (const name of names) {
      test(`sends ${JSON.stringify(name)} as it is, in locale ${locale}`, async (t) => {
        const api = await serveApi(t);
        const env = { API: `127.0.0.1:${api.port}`, LC_ALL: locale };
        const { code } = await run(['cluster', 'add', name, `/${name}`], env);
        assert.deepEqual(api.control.changes, [{ kind: 'add-cluster', name, prefix: `/${name}` }]);
        assert.equal(code, 0);
      });
    }
  }

  const refusals: [args: string[], message: string | RegExp][] = [
    [['cluster', 'remove', 'none'], 'cluster not found'],
    [['cluster', 'add', '', '/'], 'required parameter missing'],
    [['cluster', 'add', 'a\tb\n', '/'], /^name "a\\tb\\n": /u],
    [['cluster', 'add', 'a\u007f\u001b', '/'], /^name "a\\u007f\\u001b": /u],
    [['endpoint', 'add', 'a', 'localhost', '6379'], /^ipaddress "localhost": /u],
    [['endpoint', 'add', 'a', '10.0.0.1', '0'], 'required parameter missing'],
    [['endpoint', 'add', 'a', '10.0.0.1', '65536'], 'port 65536: must be a whole number from 1 to 65535'],
    ...['redis', '', '-1', '06379', '6379.0', '1e3', ' 6379', '6379,"x":1', '0x10'].map((port): [string[], string] => [
      ['endpoint', 'add', 'a', '10.0.0.1', port],
      `port ${JSON.stringify(port)}: must be a whole number, written in digits alone`,
    ]),
  ];
  for (const [args, message] of refusals) {
    test(`shows why ${JSON.stringify(args.join(' '))} is refused, and fails`, async (t) => {
      const api = await serveApi(t);
      const { code, stdout, stderr } = await runAgainst(api, ...args);
      assert.match(stdout, /^HTTP\/1\.1 500 Internal Server Error\r\n/u);
      const body = stdout.slice(stdout.indexOf('\r\n\r\n') + 4);
      if (typeof message === 'string') assert.equal(body, `${message}\n`);
      else assert.match(body, message);
      assert.deepEqual([code, stderr], [1, 'cli.sh: the control plane answered 500\n']);
      assert.deepEqual(api.control.changes, []);
    });
  }

  test('fails when the commit does', async (t) => {
    const api = await serveApi(t);
    api.control.failure = new StoreError('disk is full');
    const { code, stdout } = await runAgainst(api, 'commit');
    assert.match(stdout, /\r\n\r\ndisk is full\n$/u);
    assert.equal(code, 1);
  });

  test('says so in one line when nobody answers', async () => {
    const api = `127.0.0.1:${await reserveClosedPort()}`;
    const { code, stdout, stderr } = await run(['commit'], { API: api });
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(stderr, `cli.sh: no answer from the control plane at ${api} (curl: error 7)\n`);
  });

  test('goes to the control plane directly, whatever proxy is set', async (t) => {
    const api = await serveApi(t);
    const proxy = `http://127.0.0.1:${await reserveClosedPort()}`;
    const { code } = await run(['commit'], { API: `127.0.0.1:${api.port}`, http_proxy: proxy, ALL_PROXY: proxy });
    assert.deepEqual([code, api.control.commits], [0, 1]);
  });

  test('shows the answer, whatever else the user has curl do', async (t) => {
    const api = await serveApi(t);
    const home = await mkdtemp(join(tmpdir(), 'cli-test-'));
    t.after(() => rm(home, { recursive: true }));
    await writeFile(join(home, '.curlrc'), 'output = /dev/null\nfail\nverbose\n');
    const { stdout, stderr } = await run(['commit'], { API: `127.0.0.1:${api.port}`, HOME: home });
    assert.match(stdout, success);
    assert.equal(stderr, '');
  });

  test('goes to 127.0.0.1:8000 unless told otherwise, and needs curl', async (t) => {
    const bin = await mkdtemp(join(tmpdir(), 'cli-test-'));
    t.after(() => rm(bin, { recursive: true }));
    await symlink('/bin/bash', join(bin, 'bash'));
    await symlink('/bin/echo', join(bin, 'curl'));
    // echo shows the command line in curl's place, less the last three characters: the status.
    const { stdout } = await run(['commit'], { PATH: bin });
    assert.match(stdout, / -i -X POST http:\/\/127\.0\.0\.1:8000\/api\/v1\/com$/u);
    await rm(join(bin, 'curl'));
    assert.deepEqual(await run(['commit'], { PATH: bin }), {
      code: 1,
      stdout: '',
      stderr: 'cli.sh: curl is not installed\n',
    });
  });

  test('asks with TLS when told so, and trusts whom curl is told to trust', async (t) => {
    const folder = await makeTlsFolder(t);
    const server = createTlsServer({ cert: folder.server.chain, key: folder.server.key }, (_request, response) => {
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => void server.close());
    const API = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const trusting = await run(['commit'], { API, CURL_CA_BUNDLE: folder.ca });
    assert.deepEqual([trusting.code, trusting.stderr], [0, '']);
    assert.match((await run(['commit'], { API })).stderr, /^cli\.sh: no answer from the control plane at https:/u);
  });

  const misuses: string[][] = [
    [],
    ['bogus'],
    ['cluster'],
    ['cluster', 'add'],
    ['cluster', 'add', 'a'],
    ['cluster', 'add', 'a', '/', 'x'],
    ['cluster', 'remove'],
    ['cluster', 'remove', 'a', '/'],
    ['cluster', 'list', 'a'],
    ['endpoint', 'add', 'a', '10.0.0.1'],
    ['endpoint', 'add', 'a', '10.0.0.1', '1', '2'],
    ['endpoint', 'remove', 'a', '10.0.0.1'],
    ['commit', 'now'],
    ['commit', ''],
    ['Commit'],
    [''],
    ['--help', 'commit'],
  ];
  for (const args of misuses) {
    test(`prints the usage and fails, given ${JSON.stringify(args)}`, async (t) => {
      const api = await serveApi(t, { level: 'debug' });
      const { code, stdout, stderr } = await runAgainst(api, ...args);
      assert.match(stdout, /^Usage:\n(?: {2}cli\.sh [^\n]+\n){5}\n/u);
      assert.deepEqual([code, stderr, api.logged], [1, '', []]);
    });
  }

  for (const flag of ['--help', '-h']) {
    test(`prints the usage, asked by ${flag}`, async () => {
      const { code, stdout } = await run([flag]);
      assert.match(stdout, /^Usage:\n/u);
      assert.equal(code, 0);
    });
  }
});

/** A port of this machine that nothing listens on: one that was free and was let go. */
async function reserveClosedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
