// The API against its own description: schemathesis sends what that allows and what it does not, in any order.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkoutPath } from '../support/checkout.ts';
import { startControlPlane } from '../support/controlplane.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';

const python = checkoutPath('.cache/schemathesis-4.32.5/bin/python3');

// Each of them on its own, so that each gets its time: all that is left of it is used up.
const secondsPerPhase = { coverage: 30, fuzzing: 30, stateful: 40 };

for (const [phase, seconds] of Object.entries(secondsPerPhase)) {
  test(`schemathesis finds nothing: ${phase}`, async (t) => {
    const { api } = await startControlPlane(t);
    const args = [
      ...['-m', 'schemathesis.cli', '--config-file', checkoutPath('test/api/schemathesis.toml')],
      ...['run', `http://${api}/api/v2/openapi.json`, '--checks', 'all', '--phases', phase, '--workers', '1'],
      ...['--seed', '1', '--max-examples', '20', '--max-time', String(seconds)],
      ...['--generation-database', 'none', '--continue-on-failure', '--warnings', 'off', '--no-color'],
    ];
    const { status, stdout, stderr } = await runCommand(python, args, { cwd: await tempDir(t) });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /\b(\d\d+) generated, \1 passed\b/);
  });
}
