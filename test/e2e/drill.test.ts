// Every drill, played with fewer Envoys and commands: what it promises is kept, and what it tells of has happened.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';

import { NotHereError } from '../../scripts/drill/scenario.ts';
import { scenarios } from '../../scripts/drill/scenarios.ts';
import type { Settings } from '../../scripts/drill/stage.ts';
import { assertInOrder } from '../support/assert-in-order.ts';
import { checkoutDir, checkoutPath } from '../support/checkout.ts';
import { startChild } from '../support/child-process.ts';
import { runCommand } from '../support/run-command.ts';
import { tempDir } from '../support/temp-dir.ts';

const settings: Settings = { perSecond: 200, lightEnvoys: 20, calmMs: 1_000 };
const program = ['--disable-warning=ExperimentalWarning', checkoutPath('scripts/drill.ts')];

/** What must have happened, in this order. */
const moments: Readonly<Record<string, readonly RegExp[]>> = {
  'many-writers': [/^killed: /, /^found down$/, /^ACKed by the last of 20 /, /^started again: /, /^found up$/],
  hang: [/^stopped: /, /^found down$/, /^ACKed by the last of 20 /, /^continued: /, /^found up$/],
  partition: [/^cut off /, /^all are found down$/, /^told: /, /^the network is there again$/, /^all are found up$/],
  sentinel: [/^killed: /, /^elected: /, /^published: /, /^ACKed by the last of 20 /],
  'sentinel-hang': [/^stopped: /, /^elected: /, /^published: /, /^ACKed by the last of 20 /, /^continued: /],
  'own-promotion': [/^killed: /, /^elected: /, /^published: /, /^ACKed by the last of 20 /],
  switchover: [/ switchover drill: /, /^elected: /, /^published: /, /^ACKed by the last of 20 /],
  roles: [/^killed: /, /^elected: /, /^published: /, /^ACKed by the last of 20 /],
  'redis-cluster': [/^killed: /, /^elected: /, /^first write through /, /^first write through /],
  'rolling-restart': [/ drain /, /^drained: /, /^restarted$/, / undrain /, / drain /, / undrain /, / drain /, / undrain /],
};

for (const { name, run } of scenarios) {
  test(`the drill ${name}`, async (t) => {
    const report = await run(t, settings).catch((error: Error) => {
      if (!(error instanceof NotHereError)) throw error;
      t.skip(error.message);
      return undefined;
    });
    if (report === undefined) return;
    const { scenario, timeline, load, promises } = report;
    assert.equal(scenario, name);
    assert.deepEqual(promises.filter(({ isKept }) => !isKept), []);
    assert.ok(promises.length > 0 && load.answered > 0);
    assertInOrder(timeline.map(({ what }) => what), moments[name] ?? assert.fail('its moments are missing here'));
  });
}

test('the command tells what there is to play, and refuses what there is not', async () => {
  const run = (...words: readonly string[]) => runCommand(process.execPath, [...program, ...words], { cwd: checkoutDir });
  const list = (await run('--list')).stdout.trim().split('\n');
  assert.deepEqual(list.map((line) => line.trim().split(/ +/)[0]), scenarios.map(({ name }) => name));
  const unknown = await run('no-such');
  assert.deepEqual([unknown.status, unknown.stderr], [1, 'drill: there is no drill no-such; --list tells what there is\n']);
  const faulty = await run('--rate', '0');
  assert.match(faulty.stderr, /^drill: --rate must be a whole number from 1 to 999999, not 0$/mu);
});

test('Ctrl-C in the middle of a drill leaves nothing behind', async (t) => {
  const dir = await tempDir(t);
  const child = startChild(t, 'drill', process.execPath, [...program, 'many-writers'], { env: { TMPDIR: dir } });
  await child.until('it has begun', async () => (await readdir(dir, { recursive: true })).some((name) => name.endsWith('bootstrap.json')));
  assert.equal(await child.end('SIGINT'), 130);
  assert.deepEqual(await readdir(dir), []);
});
