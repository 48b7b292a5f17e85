// deploy/controlplane.service: what it promises, and systemd's own opinion where systemd is installed.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { checkoutPath } from '../support/checkout.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';

const unit = await readFile(checkoutPath('deploy/controlplane.service'), 'utf8');

const promises = [
  'ExecStart=/opt/controlplane/controlplane',
  'Environment=CONTROLPLANE_DATA_DIR=%S/controlplane',
  'StateDirectory=controlplane',
  'Restart=on-failure',
  'RestartPreventExitStatus=2',
  'StartLimitIntervalSec=0',
  'DynamicUser=yes',
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'ProtectSystem=strict',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
  'SystemCallFilter=@system-service',
];

for (const line of promises) {
  test(`the unit says ${line}`, () => assert.ok(unit.split('\n').includes(line)));
}

test('systemd, where it is installed, understands every line', async (t) => {
  const found = await runCommand('systemd-analyze', ['--version']).catch(() => ({ status: -1 }));
  if (found.status !== 0) return t.diagnostic('no systemd here: the checks above are all there is');
  const file = join(await tempDir(t), 'controlplane.service');
  await writeFile(file, unit.replace('/opt/controlplane/controlplane', '/bin/true'));
  const { status, stdout, stderr } = await runCommand('systemd-analyze', ['verify', '--man=no', file]);
  assert.equal(status, 0);
  assert.equal(stdout + stderr, '', 'it has nothing to complain about');
});
