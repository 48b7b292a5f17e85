// A real daemon and real Envoys by mutual TLS, with the files that `bootstrap` writes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';

import { parse } from 'yaml';

import type { Bootstrap } from '../support/bootstrap.ts';
import { moveToLoopback } from '../support/bootstrap.ts';
import { checkoutPath } from '../support/checkout.ts';
import { startChild } from '../support/child-process.ts';
import type { Child } from '../support/child-process.ts';
import { startEnvoy } from '../support/envoy.ts';
import type { Envoy, EnvoyRelease } from '../support/envoy.ts';
import { readDocument } from '../support/documents.ts';
import { freePort } from '../support/free-port.ts';
import { runCommand } from '../support/run-command.ts';
import { makeTlsFolder } from '../support/tls-folder.ts';
import type { TlsFolder } from '../support/tls-folder.ts';

const node = [process.execPath, '--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts')] as const;

interface Scene {
  readonly folder: TlsFolder;
  readonly daemon: Child;
  readonly xdsPort: number;
  readonly apiPort: number;
  /** A command over TLS; gives what it prints. */
  ask(...words: readonly string[]): Promise<string>;
  /** An Envoy with what `bootstrap` prints. */
  startEnvoy(flags: readonly string[], version?: EnvoyRelease): Promise<Envoy>;
}

async function prepare(t: TestContext): Promise<Scene> {
  const folder = await makeTlsFolder(t);
  const [xdsPort, apiPort] = [await freePort(), await freePort()];
  const addresses = ['--xds-address', `127.0.0.1:${xdsPort}`, '--api-address', `127.0.0.1:${apiPort}`, '--data-dir='];
  const [program, ...args] = node;
  const listeners = ['--redis-listener', `127.0.0.1:${await freePort()}`, '--redis-empty-listener', `127.0.0.1:${await freePort()}`];
  const flags = [...addresses, ...listeners, ...folder.flags(), '--log-format', 'json'];
  const daemon = startChild(t, 'control plane', program, [...args, ...flags]);
  await daemon.untilOutput(/Starting API server on \S+, with TLS/u);
  await daemon.untilOutput(/Starting a server on \S+, with TLS/u);
  const run = async (words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await runCommand(program, [...args, ...words], { env: { CONTROLPLANE_CONFIG: '' } });
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  };
  return {
    folder,
    daemon,
    xdsPort,
    apiPort,
    ask: (...words) => run([...words, '--api', `https://127.0.0.1:${apiPort}`, '--api-ca', folder.ca]),
    startEnvoy: async (words, version) => {
      const text = await run(['bootstrap', '--node-id', 'envoy-1', '--server', 'localhost:1', '--tls-ca', folder.ca, ...words]);
      const bootstrap = parse(text) as Bootstrap;
      const listener = bootstrap.static_resources.listeners === undefined ? {} : { listener: await freePort() };
      const ports = { admin: await freePort(), xds: xdsPort, api: apiPort, ...listener };
      return startEnvoy(t, moveToLoopback(bootstrap, ports), version === undefined ? {} : { version });
    },
  };
}

function withCertificate({ clientCert, clientKey }: TlsFolder): string[] {
  return ['--tls-cert', clientCert, '--tls-key', clientKey];
}

async function declare({ ask }: Scene): Promise<void> {
  await ask('cluster', 'add', 'a', '--prefix', 'a:');
  await ask('endpoint', 'add', 'a', '127.0.0.1:6399');
  await ask('commit');
}

describe('an Envoy with a certificate gets its clusters', () => {
  for (const mode of ['ads', 'delta-ads', 'streams', 'delta-streams', 'rest']) {
    test(`by ${mode}`, async (t) => {
      const scene = await prepare(t);
      await declare(scene);
      const envoy = await scene.startEnvoy(['--mode', mode, ...withCertificate(scene.folder)]);
      await envoy.untilHosts('a', ['127.0.0.1:6399']);
      await scene.ask('endpoint', 'add', 'a', '127.0.0.1:6400');
      await scene.ask('commit');
      await envoy.untilHosts('a', ['127.0.0.1:6399', '127.0.0.1:6400']);
      assert.doesNotMatch(scene.daemon.output, /"level":"(?:warn|error)"/u);
    });
  }

  test('with the oldest release that is tried', async (t) => {
    const scene = await prepare(t);
    await declare(scene);
    const envoy = await scene.startEnvoy(withCertificate(scene.folder), '1.36.2');
    await envoy.untilHosts('a', ['127.0.0.1:6399']);
  });
});

for (const [what, pattern] of [
  ['the call by curl', /^(curl --cacert .*)$/mu],
  ['the health check', /--health-cmd '([^']+)'/u],
] as const) {
  test(`${what} that the documents name works`, async (t) => {
    const { folder, apiPort } = await prepare(t);
    const [, command = ''] = pattern.exec(readDocument('docs/operate.md')) ?? [];
    const here = command.replace('/etc/controlplane/ca.crt', folder.ca).replace(':8000', `:${apiPort}`);
    assert.notEqual(here, command);
    const { status, stderr } = await runCommand('sh', ['-c', here]);
    assert.equal(status, 0, stderr);
  });
}

describe('an Envoy gets nothing', () => {
  test('without a certificate', async (t) => {
    const scene = await prepare(t);
    await declare(scene);
    const envoy = await scene.startEnvoy([]);
    await scene.daemon.untilOutput(/"reason":"the client has no certificate"/u);
    assert.deepEqual(await envoy.clusters(), ['xds_cluster']);
  });

  test('from who has a certificate for another name', async (t) => {
    const scene = await prepare(t);
    await declare(scene);
    const envoy = await scene.startEnvoy([...withCertificate(scene.folder), '--tls-name', 'elsewhere.example']);
    await envoy.child.until('the name is refused', async () => {
      const stats = await envoy.stats('^cluster\\.xds_cluster\\.ssl\\.fail_verify_san$');
      return [...stats.values()].some((count) => count > 0);
    });
    assert.deepEqual(await envoy.clusters(), ['xds_cluster']);
  });
});

test('a certificate is replaced under an open stream, and a new Envoy sees the new one', async (t) => {
  const scene = await prepare(t);
  const { folder, daemon } = scene;
  await declare(scene);
  const envoy = await scene.startEnvoy(withCertificate(folder));
  await envoy.untilHosts('a', ['127.0.0.1:6399']);
  await folder.writeServer(folder.newServer('server 2'));
  await daemon.untilOutput(/TLS files have changed and are in use/u);
  await scene.ask('endpoint', 'add', 'a', '127.0.0.1:6400');
  await scene.ask('commit');
  await envoy.untilHosts('a', ['127.0.0.1:6399', '127.0.0.1:6400']);
  const stats = await envoy.stats('^cluster\\.xds_cluster\\.upstream_cx_total$');
  assert.deepEqual([...stats.values()], [1]);
  const other = await scene.startEnvoy([...withCertificate(folder), '--mode', 'delta-ads']);
  await other.untilHosts('a', ['127.0.0.1:6399', '127.0.0.1:6400']);
  assert.equal(await daemon.end('SIGTERM'), 0);
});
