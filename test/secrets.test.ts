// Secrets of control planes that run: kept through kill -9, backups that only their key opens, a key that is changed, and
// a start without it.

import assert from 'node:assert/strict';
import { copyFile, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { exitCodes } from '../src/process/failure.ts';
import { runCli } from './cli/run-cli.ts';
import { checkoutDir, checkoutPath } from './support/checkout.ts';
import { startChild } from './support/child-process.ts';
import type { Scope } from './support/child-process.ts';
import { startControlPlane } from './support/controlplane.ts';
import type { ControlPlane } from './support/controlplane.ts';
import { tempDir } from './support/temp-dir.ts';
import { makePair } from './support/test-vault.ts';

const value = 'correct horse battery staple';

async function done({ api }: ControlPlane, ...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runCli([...words, '--api', api]);
  assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

async function put({ api }: ControlPlane, path: string, body: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`http://${api}/api/v2/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
  assert.ok(response.ok, await response.text());
}

/** The endpoint of polling says what Envoys are given, passwords and all. */
async function publishedTo({ api }: ControlPlane, type: 'clusters' | 'listeners'): Promise<string> {
  const response = await fetch(`http://${api}/v3/discovery:${type}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ node: { id: 'n' } }),
  });
  return response.text();
}

/** A password that is committed, in use, and one that is staged. */
async function startFilled(scope: Scope, flags: readonly string[] = []): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(scope, flags);
  await put(controlPlane, 'secrets/a', { kind: 'password', value });
  await put(controlPlane, 'secrets/c', { kind: 'certificate', ...makePair({ name: 'c.test' }) });
  const auth = { password: { secret: 'a' } };
  await put(controlPlane, 'clusters/c', { endpoints: [{ address: '10.0.0.1', port: 6379 }], upstream_auth: auth });
  await done(controlPlane, 'commit');
  await put(controlPlane, 'secrets/b', { kind: 'password', value: 'staged one' });
  return controlPlane;
}

function keyOf({ place }: ControlPlane): string {
  return join(place.dataDir, 'secret.key');
}

test('they are there after kill -9, and after each change of their key', async (t) => {
  const controlPlane = await startFilled(t);
  const before = await done(controlPlane, 'export');
  const published = await publishedTo(controlPlane, 'clusters');
  assert.ok(published.includes(value));
  const first = await readFile(keyOf(controlPlane));
  await controlPlane.kill();
  await controlPlane.comeBack();
  assert.deepEqual([await done(controlPlane, 'export'), await publishedTo(controlPlane, 'clusters')], [before, published]);
  for (let round = 0; round < 3; round += 1) {
    await done(controlPlane, 'secret', 'rotate-key');
    await controlPlane.kill();
    await controlPlane.comeBack();
  }
  assert.notDeepEqual(await readFile(keyOf(controlPlane)), first);
  assert.equal((await stat(keyOf(controlPlane))).mode & 0o777, 0o600);
  assert.deepEqual([await done(controlPlane, 'export'), await publishedTo(controlPlane, 'clusters')], [before, published]);
});

describe('a start', () => {
  /** What a start says that fails. */
  async function startAgain(scope: Scope, { place }: ControlPlane, flags: readonly string[] = []): Promise<string> {
    const args = ['--disable-warning=ExperimentalWarning', checkoutPath('src/main.ts'), `--data-dir=${place.dataDir}`];
    args.push('--xds-address', `127.0.0.1:${place.xdsPort}`, '--api-address', `127.0.0.1:${place.apiPort}`, ...flags);
    const child = startChild(scope, 'control plane', process.execPath, args, { cwd: checkoutDir });
    assert.equal(await child.ended, 1);
    return child.output;
  }

  test('without the key, or with another one, says so and changes nothing; with the key all is there', async (t) => {
    const controlPlane = await startFilled(t);
    const before = await done(controlPlane, 'export');
    await controlPlane.stop();
    const path = keyOf(controlPlane);
    const database = join(controlPlane.place.dataDir, 'controlplane.db');
    const kept = await readFile(database);
    await rename(path, `${path}.away`);
    const missing = await startAgain(t, controlPlane);
    const what = `there are secrets, and the secret key file ${path}`;
    const remedy = 'put it back, or restore both from a backup; nothing was changed';
    assert.equal(missing, `controlplane: ${what} is not there: ${remedy}\n`);
    await writeFile(path, Buffer.alloc(32).toString('base64'), { mode: 0o600 });
    assert.equal(await startAgain(t, controlPlane), `controlplane: ${what} is not the key that they were kept with: ${remedy}\n`);
    await writeFile(`${path}.open`, Buffer.alloc(32).toString('base64'), { mode: 0o644 });
    assert.match(await startAgain(t, controlPlane, ['--secret-key-file', `${path}.open`]), /has mode 0644: .* as 0600 is\n$/u);
    assert.deepEqual(await readFile(database), kept);
    await rm(path);
    await rename(`${path}.away`, path);
    await controlPlane.comeBack();
    assert.equal(await done(controlPlane, 'export'), before);
  });
});

test('a crash tells nothing of them in its last words, and leaves no report behind', async (t) => {
  const controlPlane = await startFilled(t);
  await controlPlane.stop();
  const { place } = controlPlane;
  const fault = "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('a fault of the test'); }))";
  const args = ['--import', `data:text/javascript,${encodeURIComponent(fault)}`, checkoutPath('src/main.ts')];
  args.push('--xds-address', `127.0.0.1:${place.xdsPort}`, '--api-address', `127.0.0.1:${place.apiPort}`);
  const folder = await tempDir(t);
  const child = startChild(t, 'control plane', process.execPath, [...args, '--data-dir', place.dataDir], { cwd: folder });
  await child.untilOutput(/Starting a server on/u);
  assert.ok((await publishedTo(controlPlane, 'clusters')).includes(value));
  child.signal('SIGUSR2');
  assert.equal(await child.ended, exitCodes.unexpected);
  assert.match(child.output, /a fault of the test.*unexpected error, exiting|unexpected error, exiting.*a fault of the test/su);
  assert.ok(!child.output.includes(value));
  assert.deepEqual(await readdir(folder), []);
  for (const name of await readdir(place.dataDir)) {
    assert.ok(!(await readFile(join(place.dataDir, name))).includes(value), name);
  }
});

test('a backup is restored where the key file opens it, and refused elsewhere', async (t) => {
  const source = await startFilled(t);
  const folder = await tempDir(t);
  const file = join(folder, 'backup.db');
  await done(source, 'backup', file);
  const published = await publishedTo(source, 'clusters');

  const keyFile = join(folder, 'secret.key');
  await copyFile(keyOf(source), keyFile);
  const target = await startControlPlane(t, ['--secret-key-file', keyFile]);
  await put(target, 'secrets/other', { kind: 'password', value: 'of another data key' });
  assert.match(await done(target, 'restore', file), /^restored revision 1 of the backup, as revision 1\nstaged: secret b\n/u);
  assert.equal(await publishedTo(target, 'clusters'), published);
  assert.match(await done(target, 'restore', file), /^nothing to publish: /u);
  await target.kill();
  await target.comeBack();
  assert.equal(await publishedTo(target, 'clusters'), published);

  const stranger = await startControlPlane(t);
  await put(stranger, 'secrets/other', { kind: 'password', value: 'x' });
  const before = await done(stranger, 'export');
  const refused = await runCli(['restore', file, '--api', stranger.api]);
  const remedy = 'start with the --secret-key-file that it was made with';
  assert.deepEqual([refused.status, refused.stderr], [
    1,
    `controlplane: the backup has secrets, and ${keyOf(stranger)} does not open them: ${remedy}\n`,
  ]);
  assert.equal(await done(stranger, 'export'), before);
});

test('a control plane that keeps nothing has them in memory', async (t) => {
  const controlPlane = await startControlPlane(t, ['--data-dir=']);
  await put(controlPlane, 'secrets/a', { kind: 'password', value });
  await put(controlPlane, 'listeners/redis_listener', { auth: { passwords: [{ secret: 'a' }] } });
  await put(controlPlane, 'clusters/c', {});
  await done(controlPlane, 'commit');
  assert.ok((await publishedTo(controlPlane, 'listeners')).includes(value));
  const { status, stderr } = await runCli(['secret', 'rotate-key', '--api', controlPlane.api]);
  assert.deepEqual([status, stderr], [1, 'controlplane: nothing is kept on disk: there is no key to be changed\n']);
});
