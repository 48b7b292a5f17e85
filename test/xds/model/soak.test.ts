// `npm run soak` as package.json has it: flags arrive, batches are told, each with the next seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkoutPath } from '../../support/checkout.ts';
import { runCommand } from '../../support/run-command.ts';
import type { Finished } from '../../support/run-command.ts';

function soak(...flags: readonly string[]): Promise<Finished> {
  return runCommand('npm', ['run', '--silent', 'soak', '--', ...flags], { cwd: checkoutPath('.') });
}

test('the soak makes batch after batch until its time is over', async () => {
  const { status, stdout, stderr } = await soak(
    '--declarations=3', '--minutes=0.0001', '--runs=3', '--steps=10', '--seed=7',
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^3 declarations in \d+ s, seed 7$/m);
  assert.match(stdout, /^3 runs in \d+ s, seed 7, \d+ MiB$/m);
});

test('a flag that is no number ends it before it begins', async () => {
  const { status, stdout, stderr } = await soak('--minutes', 'long');
  assert.notEqual(status, 0);
  assert.match(stderr, /--minutes: "long" is no number/);
  assert.equal(stdout, '');
});

test('its help names every flag', async () => {
  const { status, stdout } = await soak('--help');
  assert.equal(status, 0);
  for (const flag of ['--declarations', '--minutes', '--runs', '--steps', '--seed']) {
    assert.match(stdout, new RegExp(`^  ${flag} N `, 'm'));
  }
});
